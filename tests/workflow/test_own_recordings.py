"""Own recordings from end to end: a folder of real sounds → a sheet → what is heard where."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from project import copy_project, jobs, snakemake

OVERLAY = {
    "data": {"validation_share": 0.2, "seed": 1},
    "features": {"frame_pixels": 32},
    "storage": {"shards": 2},
    "network": {"clusters": 32, "coincidence_units": 32, "classifier_units": 16},
    "training": {"delta_t": 3, "steps": 10, "batch": 8, "evaluate_every": 5, "seeds": [0]},
}


def run(folder, *arguments, target="all", labels=None, **section):
    short = {"steps": 10, "batch": 8}
    rows = {"clusters_plus": short, "classes_plus": {**short, "labels": labels or {"budget": 4}}}
    settings = [f"{key}={json.dumps(value)}" for key, value in {**OVERLAY, "rows": rows, "folder": section}.items()]
    return snakemake(folder, "--config", *settings, *arguments, "--", target, config="config/folder.yaml")


@pytest.fixture(scope="module")
def recordings(real, tmp_path_factory):
    """Ten real recordings of two classes, each played twice, and a long one of a third class."""
    folder = tmp_path_factory.mktemp("recordings")
    for kind in ("001 - Dog bark", "002 - Rain", "009 - Rooster"):
        sounds = {path: soundfile.read(path) for path in sorted((real / "esc10" / kind).glob("*.ogg"))[:5]}
        recordings = {path.stem: [samples, samples] for path, (samples, _) in sounds.items()}
        if kind == "009 - Rooster":
            recordings = {"all night": [samples for both in recordings.values() for samples in both]}
        for name, samples in recordings.items():
            soundfile.write(folder / f"{kind[6:]} {name}.flac", np.concatenate(samples), 44_100)
    return folder


def tables(folder):
    """The tables of single recordings below a folder of what is recognised."""
    places = [
        path.relative_to(folder) for part in ("raven", "audacity", "birdnet") for path in (folder / part).glob("[!.]*")
    ]
    return {str(place) for place in places} - {"raven/all.selections.txt"}


def tables_of(recordings):
    """What these tables are called."""
    names = [path.stem for path in recordings.iterdir()]
    forms = ("raven/{}.selections.txt", "audacity/{}.txt", "birdnet/{}.BirdNET.results.csv")
    return {form.format(name) for name in names for form in forms}


def test_from_a_folder_to_what_is_heard_where(recordings, tmp_path):
    folder = copy_project(tmp_path)
    own = {"root": str(recordings), "segment_seconds": 4, "recording_seconds": 12}
    done = run(folder, **own)
    assert done.returncode == 0, done.stdout[-5000:]
    results = folder / "results/folder"
    sheet = pd.read_csv(results / "sheets/classes_plus.csv", keep_default_na=False)
    assert len(sheet) == 4 and (sheet["labels"] == "").all()
    for row in sheet.itertuples():
        sound, rate = soundfile.read(results / "sheets/classes_plus" / row.sound)
        assert len(sound) / rate == pytest.approx(row.end - row.start, abs=0.01)
        whole, rate_of_whole = soundfile.read(row.file)
        part = whole[round(row.start * rate_of_whole) : round(row.end * rate_of_whole)]
        assert np.std(sound) == pytest.approx(np.std(part), rel=0.1)
    page = (results / "sheets/classes_plus/index.html").read_text()
    assert all(segment in page for segment in sheet["segment_id"]) and '"sound": "0004.clip.wav"' in page
    beside = {path.name for path in (results / "sheets/classes_plus").iterdir()}
    assert set(re.findall(r'"(?:sound|spectrogram)": "(.*?)"', page)) <= beside

    refused = run(folder, **own, target="train_classes_plus")
    assert refused.returncode != 0 and "labels/classes_plus/0.parquet has no label; allowed is" in refused.stdout

    sheet["labels"] = [path.rsplit("/", 1)[1].split()[0] for path in sheet["file"]]
    sheet.to_csv(results / "sheets/classes_plus.csv", index=False)
    refused = run(folder, "--forcerun", "sheet", **own)
    assert refused.returncode != 0 and "sheets/classes_plus.csv has labels" in refused.stdout
    kept = pd.read_csv(results / "sheets/classes_plus.csv")
    assert kept["labels"].tolist() == sheet["labels"].tolist()
    refused = run(folder, **own, sheets=["results/folder/sheets/classes_plus.csv"])
    assert "folder.sheets holds results/folder/sheets/classes_plus.csv, which a run makes" in refused.stdout

    (results / "sheets/classes_plus.csv").rename(folder / "filled in.csv")
    done = run(folder, **own, sheets=["filled in.csv"])
    assert done.returncode == 0, done.stdout[-5000:]
    expected_jobs = {"label", "train", "recognised", "tables", "review", "expectations", "sheet"}
    assert jobs(done.stdout) == expected_jobs
    (copy,) = (results / "labels/answers").iterdir()
    assert copy.read_bytes() == (folder / "filled in.csv").read_bytes()
    expected = (results / "recognised/classes_plus/expected.md").read_text()
    assert "from its 4 labels" in expected and all(f"| {label} | " in expected for label in sheet["labels"])
    assert not len(pd.read_csv(results / "sheets/classes_plus.csv"))
    recognised = results / "recognised/classes_plus"
    heard = pd.read_csv(recognised / "segments.csv")
    assert "There is nothing to label." in (results / "sheets/classes_plus/index.html").read_text()
    review = (results / "recognised/classes_plus/index.html").read_text()
    proposed = set(re.findall(r'"segment_id": "(.*?)"', review))
    assert proposed and not proposed & set(sheet["segment_id"])
    index = pd.read_parquet(results / "features/index.parquet")
    assert set(heard["segment_id"]) == set(index["segment_id"])
    assert set(index["split"]) == {"train", "validation", "apart"}
    assert list(heard)[:4] == ["segment_id", "file", "start", "end"]
    assert set(list(heard)[4:]) == set(sheet["labels"])
    assert heard.iloc[:, 4:].to_numpy().min() >= 0 and heard.iloc[:, 4:].to_numpy().max() <= 1
    assert tables(recognised) == tables_of(recordings)
    assert len(json.loads((recognised / "label_studio.json").read_text())) == len(list(recordings.iterdir()))
    again = run(folder, "--dry-run", **own, sheets=["filled in.csv"])
    assert "Nothing to be done" in again.stdout
    (folder / "more.csv").write_text("segment_id,labels\n#NAME?,wren\n")
    refused = run(folder, "--dry-run", **own, sheets=["filled in.csv", "more.csv"])
    assert "more.csv, row 2 has the segment_id '#NAME?', which a spreadsheet has made of another" in refused.stdout
    (folder / "no such recording.txt").write_text("1.0\t2.0\twren\n")
    refused = run(folder, "--dry-run", **own, sheets=["filled in.csv", "no such recording.txt"])
    assert "no such recording.txt, line 1 is about no such recording, which is none of them" in refused.stdout
    renewed = run(folder, "--dry-run", "--forcerun", "manifest", **own, sheets=["no such recording.txt"])
    assert renewed.returncode == 0, renewed.stdout[-5000:]

    # what the networks hear in the same recordings when they come as new ones: no row is trained for them
    new = f"recognise={json.dumps({'root': str(recordings)})}"
    done = run(folder, new, **own, sheets=["filled in.csv"])
    assert done.returncode == 0, done.stdout[-5000:]
    assert jobs(done.stdout) == {"recognise", "new_recordings", "tables"}
    in_order = heard.sort_values(["file", "start"], ignore_index=True)
    new_table = pd.read_csv(results / "new/classes_plus/segments.csv")
    pd.testing.assert_frame_equal(new_table.iloc[:, :4], in_order.iloc[:, :4])
    np.testing.assert_allclose(new_table[list(heard)[4:]], in_order[list(heard)[4:]], atol=1.5e-4)

    assert tables(results / "new/classes_plus") == tables_of(recordings)
    assert (results / "new/classes_plus/label_studio.json").exists() and (
        results / "new/classes_plus/segments"
    ).is_dir()
    again = run(folder, new, "--dry-run", **own, sheets=["filled in.csv"])
    assert "Nothing to be done" in again.stdout

    # A second training of each row leaves the first as it is, and its classes go into the mean.
    two = f"training={json.dumps({**OVERLAY['training'], 'seeds': [0, 1]})}"
    target = "results/folder/recognised/classes_plus/segments.csv"
    planned = run(folder, two, "--dry-run", target=target, **own, sheets=["filled in.csv"]).stdout
    assert jobs(planned) == {"label", "train", "recognised"}
    assert re.search(r"^train +3$", planned, re.MULTILINE)  # of three rows
    assert "predictions/classes_plus/0.parquet, results/folder/predictions/classes_plus/1.parquet" in planned

    # More labels than there are clusters, three at a time; a row about which nobody is sure is not asked again.
    unsure = next(segment for segment in index["segment_id"] if segment not in set(sheet["segment_id"]))
    (folder / "unsure.csv").write_text(f"segment_id,labels\n{unsure},Unsure\n")
    labels = {"strategy": "cluster_merged", "budget": 40, "batch": 3}
    done = run(folder, target="sheets", labels=labels, **own, sheets=["filled in.csv", "unsure.csv"])
    assert done.returncode == 0, done.stdout[-5000:]
    assert jobs(done.stdout) == {"check", "label", "sheet", "sheets"}
    more = pd.read_csv(results / "sheets/classes_plus.csv")
    assert len(more) == 3 and not set(more["segment_id"]) & {*sheet["segment_id"], unsure}
    assert {path.name for path in (results / "sheets/classes_plus").glob("????.wav")} == set(more["sound"])


def test_no_row_may_ask_for_all_labels(tmp_path):
    folder = copy_project(tmp_path)
    done = snakemake(folder, "--config", "data={source: folder}", "--dry-run", "--", "all", config=None)
    assert done.returncode != 0
    assert "rows.topline_plus.labels.strategy is all, but data.source is folder" in " ".join(done.stdout.split())
