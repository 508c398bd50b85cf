"""What is recognised as tables of other programs, read as these programs read them, and read back."""

import csv
import io
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from c3 import config
from c3.data import manifest as manifests
from c3.data.sources import folder as own
from c3.labels import sheets
from c3.report import exporters

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
RECORDINGS = pd.DataFrame(
    {
        "path": ["/home/r/a.wav", "/home/r/b, c.wav", "/home/r/silent.wav"],
        "name": ["a.wav", "b, c.wav", "silent.wav"],
        "seconds": [12.5, 4.25, 60.0],
        "sample_rate": [48_000, 22_050, 8_000],
    },
    index=["r/a.wav", "r/b, c.wav", "r/silent.wav"],
)
FOUND = exporters.detections(SEGMENTS)


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
    table = as_crowsetta_reads_raven(exporters.tabbed(exporters.raven(FOUND, RECORDINGS)))
    standard = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"]
    assert list(table)[:7] == standard
    assert table["Selection"].tolist() == [1, 2, 3]
    assert table["Begin Time (s)"].tolist() == [0, 0, 12.5]  # the second recording begins where the first ends
    assert table["End Time (s)"].tolist() == [5, 5, 16.75]
    assert table["File Offset (s)"].tolist() == [0, 0, 0]
    assert table["High Freq (Hz)"].tolist() == [24_000, 24_000, 11_025]
    assert table["Begin Path"].tolist() == ["/home/r/a.wav", "/home/r/a.wav", "/home/r/b, c.wav"]
    assert table["Annotation"].tolist() == ["dög, big", "wren", "dög, big"]
    second = exporters.raven(FOUND.iloc[2:], RECORDINGS.iloc[1:2])
    assert second["Begin Time (s)"].tolist() == ["0.000000"] and second["Selection"].tolist() == ["1"]
    nothing = exporters.tabbed(exporters.raven(FOUND[:0], RECORDINGS.iloc[2:]))
    assert nothing == "\t".join(table) + "\n"


def test_audacity():
    """Three columns and no header, two of them decimal numbers: the schema of crowsetta's aud-seq."""
    text = exporters.tabbed(exporters.audacity(FOUND[:2]), header=False)
    assert text == "0.000000\t5.000000\tdög, big\n0.000000\t5.000000\twren\n"
    assert [str(kind) for kind in pd.read_csv(io.StringIO(text), sep="\t", header=None).dtypes[:2]] == ["float64"] * 2
    assert exporters.tabbed(exporters.audacity(FOUND[:0]), header=False) == ""


def test_tabs_and_lines_in_a_name_do_not_break_a_table():
    recordings = RECORDINGS.assign(path=RECORDINGS["path"] + '\t"x"\n  y')
    lines = exporters.tabbed(exporters.raven(FOUND, recordings)).splitlines()
    assert {line.count("\t") for line in lines} == {10}
    assert '/home/r/a.wav "x"   y' in lines[1]


def test_birdnet_analyzer():
    text = exporters.birdnet(FOUND, RECORDINGS).to_csv(index=False)
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
    tasks = exporters.label_studio(FOUND, RECORDINGS)
    assert [task["data"]["audio"].split("?")[1] for task in tasks] == ["d=a.wav", "d=b%2C%20c.wav", "d=silent.wav"]
    assert [len(task["predictions"][0]["result"]) for task in tasks] == [2, 1, 0]
    assert tasks[1]["predictions"][0]["result"] == [
        {
            "original_length": 4.25,
            "value": {"start": 0.0, "end": 4.25, "channel": 0, "labels": ["dög, big"]},
            "score": 0.75,
            "from_name": "labels",
            "to_name": "audio",
            "type": "labels",
        }
    ]


def test_clips_are_the_surest():
    found = pd.DataFrame({"file": ["r/x/b.wav", "r/a.wav", "r/a.wav", "r/a.wav"], "start": [0.0, 10, 5, 0]}).assign(
        end=lambda table: table["start"] + 5, label=["a/b", "a/b", "a/b", "A_b"], confidence=[0.8, 0.9, 0.5, 0.7]
    )
    clips = exporters.clips(found, most=2)
    assert clips["clip"].tolist() == [
        "A_b_2/0.700_1_a_0.00s_5.00s.wav",
        "a_b/0.900_1_a_10.00s_15.00s.wav",
        "a_b/0.800_2_b_0.00s_5.00s.wav",
    ]
    assert clips["file"].tolist() == ["r/a.wav", "r/a.wav", "r/x/b.wav"]


LABEL = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='|"'), min_size=1)


@given(
    labels=st.lists(LABEL, min_size=1, max_size=3, unique_by=str.casefold),
    seconds=st.lists(st.floats(1, 60), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=20)
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
    files = [f"r/{file}.wav" for file in range(len(seconds))]
    recordings = pd.DataFrame({"path": files, "name": files, "seconds": seconds, "sample_rate": 8000}, index=files)
    found = exporters.detections(table[[*exporters.SEGMENT_COLUMNS, *labels]])
    path = tmp_path_factory.mktemp("raven") / "all.selections.txt"
    path.write_text(exporters.tabbed(exporters.raven(found, recordings)))
    answers = sheets.read_sheet(path, manifest).labels
    assert keys(answers) == keys({segment: said for segment, said in heard.items() if said})


def keys(answers):
    """Labels without what counts as the same."""
    return {
        segment: {unicodedata.normalize("NFC", label).casefold() for label in labels}
        for segment, labels in answers.items()
    }


def test_the_script_writes_all_tables(tmp_path):
    """Recordings with the same name in different folders, one that is gone, and one that nothing is heard in."""
    root = tmp_path / "recordings"
    rng = np.random.default_rng(0)
    for name, rate in {"a.wav": 8000, "site B, north/Ä #2.flac": 16_000, "site B, north/a.ogg": 22_050}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, rng.uniform(-0.1, 0.1, 10 * rate), rate)
    manifest, _, _, files = own.manifest(config.Folder(root=str(root), segment_seconds=5), 0, 0)
    files.to_csv(tmp_path / "files.csv", index=False)
    manifests.write(manifest, tmp_path / "manifest.parquet")
    likely = [0.9 if name.startswith("site") else 0.1 for name in manifest["segment_id"]]
    for seed, shift in enumerate((0.05, -0.05)):
        table = pd.DataFrame({"segment_id": manifest["segment_id"], "wren": np.add(likely, shift), "owl": 0.0})
        table.to_parquet(tmp_path / f"{seed}.parquet")
    (root / "site B, north/a.ogg").unlink()
    outputs = {name: tmp_path / "out" / name for name in ("raven", "audacity", "birdnet", "clips")}
    outputs |= {"segments": tmp_path / "out/segments.csv", "label_studio": tmp_path / "out/label_studio.json"}
    (outputs["raven"]).mkdir(parents=True)
    (outputs["raven"] / "of an earlier run").touch()
    command = [sys.executable, str(Path(__file__).parents[2] / "scripts/recognised.py"), "--root", str(root)]
    command += ["--manifest", str(tmp_path / "manifest.parquet"), "--files", str(tmp_path / "files.csv")]
    command += ["--predictions", *(str(tmp_path / f"{seed}.parquet") for seed in range(2))]
    for name, path in outputs.items():
        command += [f"--{name.replace('_', '-')}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith("a.ogg is missing: no clips are cut from it.")
    assert {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()} == {
        "segments.csv",
        "label_studio.json",
        "raven/all.selections.txt",
        *(f"raven/{name}.selections.txt" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"audacity/{name}.txt" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"birdnet/{name}.BirdNET.results.csv" for name in ("a", "site B, north/a", "site B, north/Ä #2")),
        *(f"clips/wren/0.900_{n}_Ä #2_{start}.00s_{start + 5}.00s.wav" for n, start in ((3, 0), (4, 5))),
    }
    table = pd.read_csv(outputs["segments"])
    assert list(table) == ["segment_id", "file", "start", "end", "wren", "owl"] and len(table) == len(manifest)
    clip, rate = soundfile.read(outputs["clips"] / "wren/0.900_4_Ä #2_5.00s_10.00s.wav")
    whole, _ = soundfile.read(root / "site B, north/Ä #2.flac")
    np.testing.assert_allclose(clip, whole[5 * rate :], atol=1e-4)
    heard = dict.fromkeys([name for name in manifest["segment_id"] if name.startswith("site")], ("wren",))
    for tables in ([outputs["raven"] / "all.selections.txt"], sorted(outputs["audacity"].rglob("*.txt"))):
        assert sheets.read_sheets(tables, manifest).labels == heard
    soundfile.write(root / "site B, north/Ä #2.flac", rng.uniform(-0.1, 0.1, 20 * 16_000), 16_000)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Ä #2.flac is changed: no clips are cut from it." in done.stdout
    assert not list(outputs["clips"].rglob("*.wav")) and outputs["segments"].exists()
