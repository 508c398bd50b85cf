"""Own recordings: every file below a folder is cut into segments without labels."""

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from c3 import config
from c3.data import manifest
from c3.data.sources import folder
from c3.errors import C3Error


@pytest.mark.parametrize(
    ("seconds", "segments"),
    [
        (20, [(0, 10), (10, 20)]),
        (24.9, [(0, 10), (10, 20)]),
        (25, [(0, 10), (10, 20), (20, 25)]),
        (3, [(0, 3)]),
        (0, []),
    ],
)
def test_recordings_are_cut_into_segments(seconds, segments):
    assert folder.cut(seconds, 10) == segments


@given(st.floats(0.01, 2000), st.floats(0.96, 600))
def test_segments_follow_each_other_and_leave_less_than_half_of_one(seconds, length):
    segments = folder.cut(seconds, length)
    assert segments[0][0] == 0
    assert all(abs(start - end) < 1e-9 * seconds for (_, end), (start, _) in itertools.pairwise(segments))
    assert all(0 < end - start <= length * (1 + 1e-9) for start, end in segments)
    assert -1e-6 * length <= seconds - segments[-1][1] < length / 2 or segments == [(0, seconds)]


@given(st.integers(0, 200), st.integers(1, 20))
def test_long_files_are_several_recordings_with_a_segment_between_them(segments, length):
    parts = folder.parts(segments, length)
    assert len(parts) == segments
    runs = [(key, len(list(group))) for key, group in itertools.groupby(parts)]
    assert len({name for (name, _), _ in runs}) == len(runs)  # no name stands in two places, or in two splits
    assert [split for (_, split), _ in runs] == ["train", "apart"] * (len(runs) // 2) + ["train"] * (len(runs) % 2)
    assert all(count == 1 if split == "apart" else count <= length for (_, split), count in runs)
    assert segments > length or {name for name, _ in parts} <= {""}


def test_pairs_of_one_long_recording_are_never_negative_within_delta_t(real, tmp_path):
    """All items of a batch that lie in one file are further apart than ΔT, the length of a segment."""
    pieces = [soundfile.read(path)[0] for path in sorted(real.glob("esc10/*/*.ogg"))[::16]]
    soundfile.write(tmp_path / "long.flac", np.concatenate(pieces), 44_100)
    section = config.Folder(root=str(tmp_path), segment_seconds=3, recording_seconds=9)
    table, *_ = folder.manifest(section, 0.2, 0)
    manifest.validate(table)
    seconds = sum(map(len, pieces)) / 44_100
    assert table["end"].max() - table["start"].min() == pytest.approx(seconds, abs=1.5)
    assert set(table["split"]) == {"train", "validation", "apart"}
    learnt = table[table["split"] != "apart"].sort_values("start")
    ends, starts = (learnt.groupby("recording_id")[name] for name in ("end", "start"))
    recordings = pd.DataFrame({"first": starts.min(), "last": ends.max()}).sort_values("first")
    assert (recordings["first"].to_numpy()[1:] - recordings["last"].to_numpy()[:-1] >= 3 - 1e-9).all()
    assert (recordings["last"] - recordings["first"] <= 9 + 1e-9).all()


def test_real_recordings_in_folders(real, tmp_path):
    sounds = sorted(real.glob("esc10/*/*.ogg"))[::20]
    for number, path in enumerate(sounds):
        target = tmp_path / f"site {number % 2}" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    (tmp_path / "empty.flac").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no recording")
    table, classes, missing, files = folder.manifest(config.Folder(root=str(tmp_path), segment_seconds=2), 0.3, 0)
    manifest.validate(table)
    assert set(table["recording_id"]) == {f"site {number % 2}/{path.name}" for number, path in enumerate(sounds)}
    assert not len(classes) and not table["labels"].map(len).any() and table["video_path"].isna().all()
    assert set(table["split"]) == {"train", "validation"}
    assert table["segment_id"].is_monotonic_increasing
    assert missing.to_dict("list") == {
        "segment_id": ["broken.wav_0", "empty.flac_0"],
        "path": [str(tmp_path / "broken.wav"), str(tmp_path / "empty.flac")],
        "reason": ["broken", "empty"],
    }
    accounts = files.groupby(["account", "reason"]).size().to_dict()
    assert accounts == {
        ("manifest", ""): len(sounds),
        ("missing", "broken"): 1,
        ("missing", "empty"): 1,
        ("ignored", "no media .txt"): 1,
    }
    assert files.loc[files["account"] == "manifest", "seconds"].sum() == pytest.approx(5 * len(sounds), abs=0.1)
    manifest.write(table, tmp_path / "manifest.parquet")
    assert manifest.read(tmp_path / "manifest.parquet")[["segment_id", "start", "end"]].equals(
        table[["segment_id", "start", "end"]]
    )


def test_film_has_pictures(encoded, tmp_path):
    shutil.copy(encoded["mp4"], tmp_path)
    table, *_ = folder.manifest(config.Folder(root=str(tmp_path)), 0.0, 0)
    assert table["video_path"].tolist() == table["audio_path"].tolist() == [str(tmp_path / "sound.mp4")]


def test_a_folder_without_recordings(tmp_path):
    with pytest.raises(C3Error, match=r"No media found in [^(]*; allowed are files with sound that FFmpeg can decode"):
        folder.manifest(config.Folder(root=str(tmp_path)), 0.0, 0)
    (tmp_path / "notes.txt").write_text("no recording")
    (tmp_path / ".hidden.wav").write_bytes(b"")
    with pytest.raises(C3Error, match=r"among 2 files \(1 hidden, 1 no media .txt\)"):
        folder.manifest(config.Folder(root=str(tmp_path)), 0.0, 0)
    with pytest.raises(C3Error, match="nowhere cannot be read; allowed is a folder with media files"):
        folder.manifest(config.Folder(root=str(tmp_path / "nowhere")), 0.0, 0)
