"""What is recognised as tables of other programs, read as these programs read them, and read back."""

import csv
import importlib.util
import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from c3 import config
from c3.data import manifest as manifests
from c3.data.sources import folder as own
from c3.errors import C3Error
from c3.labels import sheets
from c3.report import exporters

SCRIPTS = Path(__file__).parents[2] / "scripts"
SEGMENTS = pd.DataFrame(
    {
        "segment_id": ["a.wav_0", "a.wav_5", "b, c.wav_0"],
        "file": ["r/a.wav", "r/a.wav", "r/b, c.wav"],
        "start": [0.0, 5.0, 0.0],
        "end": [5.0, 10.0, 4.25],
        "dög, big": [0.5, 0.1, 0.75],
        "wren": [0.9, 0.4999, 0.2],
    }
)
A, B = (
    exporters.Recording("/home/r/a.wav", "a.wav", 12.5, 48_000),
    exporters.Recording("/home/r/b, c.wav", "b, c.wav", 4.25, 22_050),
)
FOUND = exporters.detections(SEGMENTS)
IN_A, IN_B = FOUND[:2], FOUND[2:]


def test_what_is_likely_enough_is_heard():
    assert FOUND.to_dict("split")["data"] == [
        ["r/a.wav", 0.0, 5.0, "dög, big", 0.5],
        ["r/a.wav", 0.0, 5.0, "wren", 0.9],
        ["r/b, c.wav", 0.0, 4.25, "dög, big", 0.75],
    ]


def as_crowsetta_reads_raven(text):
    """What crowsetta 5 does with a selection table, and what its schema asks for: decimal numbers and a text."""
    table = pd.read_csv(io.StringIO(text), sep="\t")
    for name in ("Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"):
        assert table[name].dtype == float
    assert table["Annotation"].notna().all()
    return table


def test_raven():
    both = exporters.tabbed(exporters.raven(IN_A, A))
    both += exporters.tabbed(exporters.raven(IN_B, B, 3, 12.5), header=False)
    table = as_crowsetta_reads_raven(both)
    standard = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"]
    assert list(table)[:7] == standard
    assert table["Selection"].tolist() == [1, 2, 3]
    assert table["Begin Time (s)"].tolist() == [0, 0, 12.5]  # the second recording begins where the first ends
    assert table["End Time (s)"].tolist() == [5, 5, 16.75]
    assert table["File Offset (s)"].tolist() == [0, 0, 0]
    assert table["High Freq (Hz)"].tolist() == [24_000, 24_000, 11_025]
    assert table["Begin Path"].tolist() == ["/home/r/a.wav", "/home/r/a.wav", "/home/r/b, c.wav"]
    assert table["Annotation"].tolist() == ["dög, big", "wren", "dög, big"]
    alone = exporters.raven(IN_B, B)
    assert alone["Begin Time (s)"].tolist() == ["0.000000"] and alone["Selection"].tolist() == ["1"]
    nothing = exporters.tabbed(exporters.raven(FOUND[:0], A))
    assert nothing == "\t".join(table) + "\n"


def test_audacity():
    """Three columns and no header, two of them decimal numbers: the schema of crowsetta's aud-seq."""
    text = exporters.tabbed(exporters.audacity(IN_A), header=False)
    assert text == "0.000000\t5.000000\tdög, big\n0.000000\t5.000000\twren\n"
    assert [str(kind) for kind in pd.read_csv(io.StringIO(text), sep="\t", header=None).dtypes[:2]] == ["float64"] * 2
    assert exporters.tabbed(exporters.audacity(FOUND[:0]), header=False) == ""


def test_tabs_and_lines_in_a_name_do_not_break_a_table():
    recording = A._replace(path=A.path + '\t"x"\n  y')
    lines = exporters.tabbed(exporters.raven(IN_A, recording)).splitlines()
    assert {line.count("\t") for line in lines} == {10}
    assert '/home/r/a.wav "x"   y' in lines[1]


def test_birdnet_analyzer():
    text = exporters.birdnet(FOUND, B).to_csv(index=False)
    header, *lines = text.splitlines()
    assert header == "Start (s),End (s),Scientific name,Common name,Confidence,File"
    # its `segments` splits at each comma and takes the first five
    assert [line.split(",")[:5] for line in lines] == [
        ["0.0", "5.0", "dög; big", "dög; big", "0.5000"],
        ["0.0", "5.0", "wren", "wren", "0.9000"],
        ["0.0", "4.25", "dög; big", "dög; big", "0.7500"],
    ]
    assert [row["File"] for row in csv.DictReader(io.StringIO(text))][2] == "/home/r/b, c.wav"


def test_label_studio():
    task = exporters.label_studio(IN_B, B)
    assert task["data"]["audio"].split("?")[1] == "d=b%2C%20c.wav"
    assert task["predictions"][0]["result"] == [
        {
            "original_length": 4.25,
            "value": {"start": 0.0, "end": 4.25, "channel": 0, "labels": ["dög, big"]},
            "score": 0.75,
            "from_name": "labels",
            "to_name": "audio",
            "type": "labels",
        }
    ]
    assert len(exporters.label_studio(IN_A, A)["predictions"][0]["result"]) == 2
    assert exporters.label_studio(FOUND[:0], A)["predictions"][0]["result"] == []


def test_clips_are_the_surest():
    found = pd.DataFrame({"file": ["r/x/b.wav", "r/a.wav", "r/a.wav", "r/a.wav"], "start": [0.0, 10, 5, 0]}).assign(
        end=lambda table: table["start"] + 5, label=["a/b", "a/b", "a/b", "A_b"], confidence=[0.8, 0.9, 0.5, 0.7]
    )
    clips = exporters.clips(exporters.surest(found, most=2))
    assert clips["clip"].tolist() == [
        "A_b_2/0.700_1_a_0.00s_5.00s.wav",
        "a_b/0.900_1_a_10.00s_15.00s.wav",
        "a_b/0.800_2_b_0.00s_5.00s.wav",
    ]
    assert clips["file"].tolist() == ["r/a.wav", "r/a.wav", "r/x/b.wav"]


@given(
    table=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0.5, 0.7, 0.9])), min_size=2, max_size=20),
    cut=st.integers(1, 19),
    most=st.integers(1, 4),
)
def test_the_surest_of_the_surest_are_those_of_all(table, cut, most):
    """So they may be kept while table after table comes; equally sure ones stay in their order."""
    found = pd.DataFrame(table, columns=["label", "confidence"])
    parts = [exporters.surest(found[:cut], most), found[cut:]]
    pd.testing.assert_frame_equal(exporters.surest(pd.concat(parts), most), exporters.surest(found, most))


LABEL = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='|"'), min_size=1).filter(
    lambda label: label.casefold() != sheets.UNSURE  # which is no label
)


@given(
    labels=st.lists(LABEL, min_size=1, max_size=3, unique_by=str.casefold),
    seconds=st.lists(st.floats(1, 60), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
@settings(max_examples=20)
def test_what_goes_out_to_raven_comes_in_again(tmp_path_factory, labels, seconds, seed):
    """Whatever the names and however long the recordings: the same segments have the same labels."""
    rows = [
        (f"{file}.wav_{start:.12g}", f"r/{file}.wav", start, end, [], "train")
        for file, length in enumerate(seconds)
        for start, end in own.cut(length, 5.0)
    ]
    manifest = pd.DataFrame(rows, columns=["segment_id", "audio_path", "start", "end", "labels", "split"])
    manifest["media_start"] = manifest["start"]
    rng = np.random.default_rng(seed)
    heard = {segment: [label for label in labels if rng.random() < 0.5] for segment in manifest["segment_id"]}
    table = manifests.places(manifest).assign(segment_id=manifest["segment_id"])
    for label in labels:
        table[label] = [float(label in heard[segment]) for segment in table["segment_id"]]
    found = exporters.detections(table[[*exporters.SEGMENT_COLUMNS, *labels]])
    path = tmp_path_factory.mktemp("raven") / "all.selections.txt"
    text, first, before = "", 1, 0.0
    for file, length in enumerate(seconds):
        recording = exporters.Recording(f"r/{file}.wav", f"{file}.wav", length, 8000)
        of_file = found[found["file"] == recording.path]
        text += exporters.tabbed(exporters.raven(of_file, recording, first, before), header=not text)
        first, before = first + len(of_file), before + length
    path.write_text(text)
    answers = sheets.read_sheet(path, manifest).labels
    assert keys(answers) == keys({segment: said for segment, said in heard.items() if said})


def keys(answers):
    """Labels without what counts as the same."""
    return {
        segment: {unicodedata.normalize("NFC", label).casefold() for label in labels}
        for segment, labels in answers.items()
    }


def script(name, *arguments):
    return subprocess.run([sys.executable, SCRIPTS / f"{name}.py", *arguments], capture_output=True, text=True)


@pytest.fixture
def heard(tmp_path):
    """What is recognised in recordings of the same name in different folders, one that is gone, and one that nothing
    is heard in: the manifest, and the folder with the table that the script has made of the predictions."""
    root, out = tmp_path / "recordings", tmp_path / "out"
    rng = np.random.default_rng(0)
    for name, rate in {"a.wav": 8000, "site B, north/Ä #2.flac": 16_000, "site B, north/a.ogg": 22_050}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, rng.uniform(-0.1, 0.1, 10 * rate), rate)
    manifest, _, _, files = own.manifest(config.Folder(root=str(root), segment_seconds=5), 0, 0)
    files.to_csv(tmp_path / "files.csv", index=False)
    manifests.write(manifest, tmp_path / "manifest.parquet")
    likely = [0.9 if name.startswith("site") else 0.1 for name in manifest["segment_id"]]
    seeds = [tmp_path / f"{seed}.parquet" for seed in range(2)]
    for path, shift in zip(seeds, (0.05, -0.05), strict=True):
        table = pd.DataFrame({"segment_id": manifest["segment_id"], "wren": np.add(likely, shift), "owl": 0.0})
        table.to_parquet(path)
    where = ["--manifest", tmp_path / "manifest.parquet", "--segments", out / "segments.csv"]
    done = script("recognised", "--predictions", *seeds, *where)
    assert done.returncode == 0, done.stderr
    (root / "site B, north/a.ogg").unlink()
    return manifest, root, out


def test_the_scripts_write_all_tables(heard):
    manifest, root, out = heard
    done = script("tables", out / "segments.csv", root, out)
    assert done.returncode == 0, done.stderr
    assert set(written(out)) == {
        "segments.csv",
        "label_studio.json",
        "raven/all.selections.txt",
        *(f"raven/{name}.selections.txt" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"audacity/{name}.txt" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"birdnet/{name}.BirdNET.results.csv" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"segments/wren/0.900_{n}_Ä #2_{start}.00s_{start + 5}.00s.wav" for n, start in ((3, 0), (4, 5))),
    }
    table = pd.read_csv(out / "segments.csv")
    assert list(table) == ["segment_id", "file", "start", "end", "wren", "owl"] and len(table) == len(manifest)
    clip, rate = soundfile.read(out / "segments/wren/0.900_4_Ä #2_5.00s_10.00s.wav")
    whole, _ = soundfile.read(root / "site B, north/Ä #2.flac")
    np.testing.assert_allclose(clip, whole[5 * rate :], atol=1e-4)
    tasks = json.loads((out / "label_studio.json").read_text())
    assert [len(task["predictions"][0]["result"]) for task in tasks] == [0, 2, 2]
    selections = as_crowsetta_reads_raven((out / "raven/all.selections.txt").read_text())
    assert selections["Selection"].tolist() == [1, 2, 3, 4]
    assert selections["Begin Time (s)"].tolist() == [10, 15, 20, 25]  # the one that is gone ends with its segments
    said = dict.fromkeys([name for name in manifest["segment_id"] if name.startswith("site")], ("wren",))
    for tables in ([out / "raven/all.selections.txt"], sorted((out / "audacity").rglob("*.txt"))):
        assert sheets.read_sheets(tables, manifest).labels == said


def test_no_clips_are_cut_from_another_recording_of_the_same_name(heard, tmp_path):
    _, root, out = heard
    soundfile.write(root / "site B, north/Ä #2.flac", np.zeros(20 * 16_000), 16_000)
    done = script("tables", "--files", tmp_path / "files.csv", out / "segments.csv", root, out)
    assert done.returncode == 0, done.stderr
    assert "a.ogg is missing: no clips are cut from it." in done.stdout
    assert "Ä #2.flac is changed: no clips are cut from it." in done.stdout
    assert not [name for name in written(out) if name.endswith(".wav")] and "label_studio.json" in written(out)


def written(folder):
    """Name → content of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def tables():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("tables_script", SCRIPTS / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_how_much_is_in_memory_makes_no_difference(heard, tables, tmp_path, monkeypatch, rows):
    _, root, out = heard
    tables.main(SimpleNamespace(files=None, segments=out / "segments.csv", root=root, out=tmp_path / "at once"))
    monkeypatch.setattr(tables, "ROWS", rows)
    monkeypatch.setattr(tables, "MANY", 2)
    tables.main(SimpleNamespace(files=None, segments=out / "segments.csv", root=root, out=tmp_path / "by and by"))
    assert written(tmp_path / "by and by") == written(tmp_path / "at once")


def test_of_no_segments_the_tables_are_empty(tables, tmp_path):
    (tmp_path / "segments.csv").write_text("segment_id,file,start,end,wren\n")
    tables.main(SimpleNamespace(files=None, segments=tmp_path / "segments.csv", root=tmp_path, out=tmp_path / "out"))
    assert json.loads((tmp_path / "out/label_studio.json").read_text()) == []
    assert (tmp_path / "out/raven").is_dir() and len(written(tmp_path / "out")) == 1


@pytest.mark.parametrize("name", ["raven/a.selections.txt", "label_studio.json"])
def test_what_a_person_has_made_stays(heard, tables, name):
    _, root, out = heard
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("by hand")
    with pytest.raises(
        C3Error, match=r"out/(raven|label_studio\.json) is there already; allowed is a folder without the"
    ):
        tables.main(SimpleNamespace(files=None, segments=out / "segments.csv", root=root, out=out))
    assert set(written(out)) == {"segments.csv", name}


@pytest.mark.parametrize(
    "text, sentence",
    [
        (None, r"segments\.csv cannot be read \(.*No such file"),
        ("segment_id,start,end,wren\n", r"segments\.csv cannot be read \(.*file"),
        ("segment_id,file,start,end,wren\na,a,0,1,loud\n", r"segments\.csv cannot be read \(.*loud"),
        ("segment_id,file,start,end,wren\n" + "a,a,0,1,1\nb,b,0,1,1\n" * 2, r"rows of a in several places"),
    ],
)
def test_a_table_that_is_none_is_told(tables, tmp_path, monkeypatch, text, sentence):
    monkeypatch.setattr(tables, "ROWS", 2)
    if text:
        (tmp_path / "segments.csv").write_text(text)
    with pytest.raises(C3Error, match=f"{sentence}.*allowed is a segments"):
        tables.main(
            SimpleNamespace(files=None, segments=tmp_path / "segments.csv", root=tmp_path, out=tmp_path / "out")
        )
    assert not written(tmp_path / "out")
