"""Every file ends in exactly one account, and the seconds add up, whatever lies in a folder."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import zoo
from hypothesis import given, settings
from hypothesis import strategies as st

from c3 import config
from c3.data import accounts, features
from c3.data.features import Quarantined
from c3.data.sources import folder

SPEC = config.Features(frame_pixels=8)
SECTION = {"segment_seconds": 2, "recording_seconds": 4}


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """What a file may hold: a sound that is as its header says or not, too short, silent, or something else."""
    made = tmp_path_factory.mktemp("made")
    animals = [content for content, _ in zoo.make(made).values()]
    short = zoo.wave(samples=zoo.pitches(1)[:8000])
    silent = zoo.wave(samples=np.zeros(3 * zoo.RATE))
    noise = np.random.default_rng(0).bytes(3000)
    return [*animals, short, silent, noise, b"", b"text", zoo.jpeg(), zoo.wave()[:44], zoo.wave(samples=zoo.pitches(1))]


def balanced(root: Path) -> pd.DataFrame:
    """The accounts of a folder, as the scripts make them."""
    table, _, missing, files = folder.manifest(config.Folder(root=str(root), **SECTION), 0.0, 0)
    index, quarantine = [], list(missing[["segment_id", "reason"]].itertuples(index=False))
    known = accounts.versions(files)
    for segment in table.itertuples():
        try:
            accounts.check_version(segment.audio_path, known)
            index.append((segment.segment_id, features.extract(segment, SPEC).seconds))
        except Quarantined as error:
            quarantine.append((segment.segment_id, error.reason))
    index = pd.DataFrame(index, columns=["segment_id", "seconds"])
    return accounts.balance(files, table, index, pd.DataFrame(quarantine, columns=["segment_id", "reason"]))


NAMES = [
    "a.wav",
    "b.mp3",
    "c.bin",
    "d",
    "e.txt",
    ".hidden.wav",
    "f'\"\n é.ogg",
    "g.mp4",
    ".folder/h.wav",
    "i/j.flac",
    "i/K.WAV",
]


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**6), min_size=1))
def test_no_file_is_lost_between_the_accounts(contents, chosen):
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "as it should be.wav").write_bytes(zoo.wave())
        for name, number in chosen.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(contents[number % len(contents)])
        table = balanced(root)
        there = sorted(str(path) for path in root.rglob("*") if path.is_file())
        assert sorted(table["path"]) == there
        assert set(table["account"]) <= set(accounts.ACCOUNTS)
        in_use = table["account"] == accounts.MANIFEST
        assert ((table["used"] > 0) == in_use).all()
        assert (table["used"] <= table["seconds"].fillna(0) + 0.01).all()
        assert (table["reason"] != "")[~in_use].all()
        hidden = table["path"].str.contains(r"/\.hidden|/\.folder")
        assert ((table["reason"] == "hidden") == hidden).all()
        lines = accounts.summary(table)
        assert sum(int(line.split()[1]) for line in lines[1:5]) == len(there)


def test_the_accounts_of_a_folder_worked_by_hand(tmp_path):
    sound = zoo.pitches()
    soundfile.write(tmp_path / "used.wav", np.concatenate([sound, np.zeros(4 * zoo.RATE)]), zoo.RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros(4 * zoo.RATE), zoo.RATE)
    (tmp_path / "cut.wav").write_bytes(zoo.wave()[: 44 + 4 * zoo.RATE])
    (tmp_path / "lost.wav").write_bytes(zoo.wave()[:44])
    (tmp_path / "notes.txt").write_text("none")
    table = balanced(tmp_path).set_index("path")
    table.index = [path.rsplit("/", 1)[1] for path in table.index]
    assert table.loc[:, ["account", "reason", "seconds", "used"]].to_dict("index") == {
        "cut.wav": {"account": "manifest", "reason": "", "seconds": 2, "used": 2},
        "lost.wav": {"account": "missing", "reason": "empty", "seconds": pytest.approx(np.nan, nan_ok=True), "used": 0},
        "notes.txt": {
            "account": "ignored",
            "reason": "no media .txt",
            "seconds": pytest.approx(np.nan, nan_ok=True),
            "used": 0,
        },
        "silent.wav": {"account": "quarantined", "reason": "silent 2", "seconds": 4, "used": 0},
        "used.wav": {"account": "manifest", "reason": "silent 2", "seconds": 10, "used": 6},
    }
    assert accounts.summary(table.reset_index()) == [
        "What became of the 5 files:",
        "manifest          2 files, 0:00:08 of 0:00:12 used (silent 1)",
        "missing           1 files (empty 1)",
        "quarantined       1 files, 0:00:04 (silent 1)",
        "ignored           1 files (no media .txt 1)",
        "1 files are not as their header says; accounts.csv says how.",
    ]


def test_a_recording_that_changes_is_told_and_not_mixed(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(zoo.wave())
    _, _, _, files = folder.manifest(config.Folder(root=str(tmp_path), **SECTION), 0.0, 0)
    files.to_csv(tmp_path / "files.csv", index=False)
    known = accounts.versions(accounts.read_files(tmp_path / "files.csv"))
    accounts.check_version(str(path), known)
    path.write_bytes(zoo.wave() + b"more")
    with pytest.raises(Quarantined, match="changed"):
        accounts.check_version(str(path), known)
    path.unlink()
    with pytest.raises(Quarantined, match="missing"):
        accounts.check_version(str(path), known)


def test_a_name_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.wav").write_bytes(zoo.wave())
    with open(bytes(tmp_path) + b"/caf\xe9.wav", "wb") as file:
        file.write(zoo.wave())
    table = balanced(tmp_path)
    table.to_csv(tmp_path / "accounts.csv", index=False)
    assert table["path"].tolist() == [str(tmp_path / "a.wav"), str(tmp_path / "caf\\xe9.wav")]
    assert table["account"].tolist() == ["manifest", "ignored"] and table["reason"].tolist() == ["", "name not UTF-8"]


def test_files_that_are_only_named(tmp_path):
    """Of lists of segments nobody has opened the files yet; each stands in one account all the same."""
    files = pd.DataFrame(
        {"path": ["x.mp4", "x.wav", "other.wav", "list.csv"], "ignored": ["", "", "", "no media .csv"]}
    )
    manifest = pd.DataFrame({"segment_id": ["x_0", "x_10"], "audio_path": ["x.mp4", "x.mp4"]})
    missing = pd.DataFrame(
        {"segment_id": ["", "y_0"], "path": ["other.wav", ""], "reason": ["wrongly named", "missing"]}
    )
    table = accounts.of_segments(files, manifest, missing)
    assert table["account"].tolist() == ["manifest", "missing", "missing", "ignored"]
    assert table["reason"].tolist() == ["", "another file is taken", "wrongly named", "no media .csv"]
    table.to_csv(tmp_path / "files.csv", index=False)
    pd.testing.assert_frame_equal(
        accounts.read_files(tmp_path / "files.csv")[["path", "account", "reason", "remark"]],
        table[["path", "account", "reason", "remark"]],
        check_dtype=False,
    )
