"""The data scripts from end to end: media → manifest → features → index, and what they refuse."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from c3.data import manifest, store

ROOT = Path(__file__).parents[2]
SMALL = dict(train_segments=12, evaluation_segments=6, classes=4, imbalance=4, seconds=2)


def script(name, **options):
    command = [sys.executable, str(ROOT / "scripts" / f"{name}.py")]
    for option, value in options.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{option.replace('_', '-')}", *map(str, values)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def tables(folder):
    return dict(train=folder / "train.csv", evaluation=folder / "evaluation.csv", class_labels=folder / "labels.csv")


def make_manifest(media, out):
    options = tables(media) | dict(media=media, validation_share=0.2, seed=0)
    return script(
        "manifest",
        **options,
        manifest=out / "manifest.parquet",
        classes=out / "classes.csv",
        missing=out / "missing.csv",
        files=out / "files.csv",
    )


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    names = tables(folder)
    done = script(
        "media",
        source="synthetic",
        settings=json.dumps(SMALL),
        seed=0,
        threads=2,
        train_csv=names["train"],
        evaluation_csv=names["evaluation"],
        class_labels=names["class_labels"],
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_from_media_to_index(media, tmp_path):
    done = make_manifest(media, tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "features").mkdir()
    stems = [tmp_path / "features" / f"shard-{shard:03d}" for shard in range(2)]
    for shard, stem in enumerate(stems):
        outputs = dict(rows=f"{stem}.npy", frames=f"{stem}.frames.npy", index=f"{stem}.parquet")
        done = script(
            "features",
            manifest=tmp_path / "manifest.parquet",
            files=tmp_path / "files.csv",
            features=json.dumps({"frame_pixels": 32}),
            shard=shard,
            shards=2,
            quarantine=f"{stem}.quarantine.csv",
            **outputs,
        )
        assert done.returncode == 0, done.stderr
    options = dict(
        shards=[f"{stem}.parquet" for stem in stems],
        quarantines=[f"{stem}.quarantine.csv" for stem in stems],
        missing=tmp_path / "missing.csv",
        manifest=tmp_path / "manifest.parquet",
        files=tmp_path / "files.csv",
        index=tmp_path / "features" / "index.parquet",
        quarantine=tmp_path / "features" / "quarantine.csv",
        accounts=tmp_path / "accounts.csv",
        summary=tmp_path / "accounts.txt",
    )
    done = script("index", max_quarantined=0.05, **options)
    assert done.returncode == 0, done.stderr
    accounts = pd.read_csv(options["accounts"], keep_default_na=False)
    assert accounts["account"].value_counts().to_dict() == {"manifest": 18, "ignored": 3}
    assert accounts["used"].sum() == pytest.approx(36)
    assert done.stdout == options["summary"].read_text()
    assert "manifest         18 files, 0:00:36 used\n" in done.stdout
    assert "ignored           3 files (no media .csv 3)\n" in done.stdout
    features = store.Features(options["index"])
    assert features.grid_windows().shape == (36, 96, 64)
    assert len(pd.read_csv(options["quarantine"])) == 0
    assert features.spec.frame_pixels == 32


def test_too_much_missing_stops_with_one_sentence(media, tmp_path):
    stem = tmp_path / "shard-000"
    spec = store.config.Features(frame_pixels=8)
    store.write_index(store.write_shard([], spec, 0, f"{stem}.npy", f"{stem}.frames.npy"), spec, f"{stem}.parquet")
    quarantine = pd.DataFrame([("a_0", "a.wav", "broken")], columns=store.QUARANTINE_COLUMNS)
    quarantine.to_csv(f"{stem}.quarantine.csv", index=False)
    quarantine.iloc[:0].to_csv(tmp_path / "missing.csv", index=False)
    done = script(
        "index",
        shards=f"{stem}.parquet",
        quarantines=f"{stem}.quarantine.csv",
        missing=tmp_path / "missing.csv",
        manifest=tmp_path / "manifest.parquet",
        files=tmp_path / "files.csv",
        max_quarantined=0.05,
        accounts=tmp_path / "accounts.csv",
        summary=tmp_path / "accounts.txt",
        index=tmp_path / "index.parquet",
        quarantine=tmp_path / "quarantine.csv",
    )
    assert done.returncode == 1
    assert "1 of 1 segments cannot be used (broken 1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "index.parquet").exists() and not (tmp_path / "quarantine.csv").exists()


def doctored(media, folder, **change):
    """Copies of the tables, each as ``change`` makes its text."""
    folder.mkdir()
    copies = tables(folder)
    for key, path in tables(media).items():
        copies[key].write_text(change.get(key, str)(path.read_text()))
    return copies


def test_a_mistake_leaves_nothing_behind(media, tmp_path):
    """A list with a label that is none."""
    copies = doctored(media, tmp_path / "tables", train=lambda text: text.replace("/m/09x0r", "Dodo"))
    out = tmp_path / "out"
    done = script(
        "manifest",
        **copies,
        media=media,
        validation_share=0,
        seed=0,
        manifest=out / "manifest.parquet",
        classes=out / "classes.csv",
        missing=out / "missing.csv",
        files=out / "files.csv",
    )
    assert done.returncode == 1
    assert "has the unknown label 'Dodo'; allowed are the MIDs, names and indices" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_a_part_of_the_data_is_told_and_does(media, tmp_path):
    """Of the class Speech there is no evaluation segment, and of one training segment no media."""

    def without_speech(text):
        return "\n".join(line for line in text.splitlines() if "/m/09x0r" not in line) + "\n"

    def with_another(text):
        return text + '-PJHxphWEs_, 30.000, 40.000, "/m/09x0r"\n'

    copies = doctored(media, tmp_path / "tables", evaluation=without_speech, train=with_another)
    done = script(
        "manifest",
        **copies,
        media=media,
        validation_share=0,
        seed=0,
        selection=json.dumps({"ontology": None, "classes": ["Speech"], "sample": None}),
        manifest=tmp_path / "manifest.parquet",
        classes=tmp_path / "classes.csv",
        missing=tmp_path / "missing.csv",
        files=tmp_path / "files.csv",
    )
    assert done.returncode == 0, done.stderr
    table = manifest.read(tmp_path / "manifest.parquet")
    assert len(table) and set(table["labels"].explode()) == {"/m/09x0r"}
    assert f"{len(table)} with media, 1 missing, 0 out of range" in done.stdout
    assert "classes without a segment in evaluation, left out of its averages (1): Speech" in done.stdout
    spec, stem = store.config.Features(frame_pixels=8), tmp_path / "shard-000"
    frames = np.zeros((0, 8, 8, 3), np.uint8)
    extract = store.Extract(np.zeros((200, 64), np.float32), frames, np.zeros(0, np.float32), 2.0)
    index = store.write_shard([(next(table.itertuples()), extract)], spec, 0, f"{stem}.npy", f"{stem}.frames.npy")
    store.write_index(index, spec, f"{stem}.parquet")
    pd.DataFrame(columns=store.QUARANTINE_COLUMNS).to_csv(f"{stem}.quarantine.csv", index=False)
    done = script(
        "index",
        shards=f"{stem}.parquet",
        quarantines=f"{stem}.quarantine.csv",
        missing=tmp_path / "missing.csv",
        max_quarantined=0,
        index=tmp_path / "index.parquet",
        quarantine=tmp_path / "quarantine.csv",
        manifest=tmp_path / "manifest.parquet",
        files=tmp_path / "files.csv",
        accounts=tmp_path / "accounts.csv",
        summary=tmp_path / "accounts.txt",
    )
    assert done.returncode == 0, done.stderr  # what has no media was told; it is listed, and stops nothing
    assert "missing" in set(pd.read_csv(tmp_path / "quarantine.csv")["reason"])
