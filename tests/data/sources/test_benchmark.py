"""Benchmarks in the form in which they are published; any part of their clips may be there."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from c3 import config
from c3.data.sources import benchmark
from c3.errors import C3Error


def write(folder, names, seconds=2.0):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(round(seconds * 8_000), 0.1), 8_000, subtype="PCM_24", format="WAVEX")


@pytest.fixture
def urban(tmp_path):
    """UrbanSound8K: folds in folders, WAVE_FORMAT_EXTENSIBLE with 24 bits, slices of one recording in one fold."""
    rows = [
        (f"{fsid}-{target}-0-{piece}.wav", fsid, 0.0, 2.0, 1, fold, target, kind)
        for fold, fsid, target, kind in (
            (1, 101, 3, "dog_bark"),
            (1, 102, 8, "siren"),
            (2, 103, 3, "dog_bark"),
            (3, 104, 8, "siren"),
        )
        for piece in (0, 1)
    ]
    columns = ["slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(tmp_path / "UrbanSound8K.csv", index=False)
    write(tmp_path / "audio", [f"fold{row.fold}/{row.slice_file_name}" for row in table.itertuples() if row.fold < 3])
    return tmp_path


def found(folder, table, media="audio", evaluation=(), folds=(), validation_share=0.0):
    section = config.Benchmark(
        train=[str(folder / table)],
        evaluation=[str(folder / each) for each in evaluation],
        media=str(folder / media),
        folds=list(folds),
    )
    return benchmark.manifest(section, validation_share, 0)


def test_a_part_of_the_folds(urban):
    it = found(urban, "UrbanSound8K.csv", folds=[2, 1])
    table = it.table.set_index("segment_id")
    assert len(table) == 6 and set(table["recording_id"]) == {"101", "102", "103"}
    assert (table["split"] == "evaluation").sum() == 2 and table.loc["103-3-0-1", "split"] == "evaluation"
    assert table.loc["101-3-0-0", "labels"] == ["dog_bark"] and table["end"].eq(2.0).all()
    assert list(it.classes["name"]) == ["dog bark", "siren"]
    assert list(it.missing["segment_id"]) == ["104-8-0-0", "104-8-0-1"]
    assert "fold 3               2           0" in it.counts and "a part of the data: 6 of 8 clips" in it.counts
    assert it.counts.splitlines()[2].endswith("2           2  held out")


def test_a_fold_without_media_is_refused(urban):
    with pytest.raises(C3Error, match=r"holds out fold 3, but .* has clips of folds 1, 2; allowed"):
        found(urban, "UrbanSound8K.csv", folds=[3])


def test_a_recording_on_both_sides_is_left_out_of_training(urban):
    table = pd.read_csv(urban / "UrbanSound8K.csv")
    table.loc[table["slice_file_name"] == "103-3-0-1.wav", "fold"] = 1
    table.to_csv(urban / "UrbanSound8K.csv", index=False)
    it = found(urban, "UrbanSound8K.csv", folds=[2])
    assert "103-3-0-1" not in set(it.table["segment_id"])
    assert "1 clips of recordings that are held out too" in it.counts
    assert it.files.loc[it.files["path"].str.contains("103-3-0-1"), "ignored"].item() == "its recording is held out"


def test_the_official_split_of_fsd50k(tmp_path):
    """Names without ending, several labels, `val` among the clips of dev.csv."""
    dev = [(1, "Bark,Dog,Animal", "/m/a", "train"), (2, "Rain", "/m/b", "train"), (3, "Rain", "/m/b", "val")]
    pd.DataFrame(dev, columns=["fname", "labels", "mids", "split"]).to_csv(tmp_path / "dev.csv", index=False)
    pd.DataFrame([(4, "Dog,Animal", "/m/c")], columns=["fname", "labels", "mids"]).to_csv(
        tmp_path / "eval.csv", index=False
    )
    write(tmp_path, [f"FSD50K.dev_audio/{name}.wav" for name in (1, 2, 3)] + ["FSD50K.eval_audio/4.wav"])
    it = found(tmp_path, "dev.csv", media=".", evaluation=["eval.csv"], validation_share=0.5)
    assert list(it.table["split"]) == ["train", "train", "validation", "evaluation"]  # its own, not half of all
    assert it.table["labels"][0] == ["Bark", "Dog", "Animal"]
    with pytest.raises(C3Error, match="no clip of the evaluation part"):
        found(tmp_path, "dev.csv", media="FSD50K.dev_audio", evaluation=["eval.csv"])


def test_a_pack_of_a_data_hub_is_table_and_media_at_once(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    names = [f"{fold}-{number}-A-0.wav" for fold in (1, 2) for number in (1, 2)]
    write(tmp_path, names)
    sounds = [{"bytes": (tmp_path / name).read_bytes(), "path": name} for name in names]
    table = {
        "filename": names,
        "fold": [int(name[0]) for name in names],
        "target": [0] * 4,
        "category": ["dog"] * 4,
        "esc10": [True] * 4,
        "src_file": [int(name[0] + name[2]) for name in names],
        "take": ["A"] * 4,
        "audio": sounds,
    }
    (tmp_path / "hub").mkdir()
    pq.write_table(pa.table(table), tmp_path / "hub/train.parquet")
    it = found(tmp_path, "hub/train.parquet", media="hub", folds=[1])
    assert len(it.table) == 4 and it.table["audio_path"].str.contains("train.parquet#").all()


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("name,kind\na,b\n", "has the columns name, kind; allowed are filename, src_file, category, fold"),
        ("filename,fold,category,src_file\na.wav,x,dog,1\n", "clip a has the labels .* and the fold 0; allowed"),
        ("filename,fold,category,src_file\na.wav,1,,1\n", r"clip a has the labels \[\] and the fold 1; allowed"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, sentence):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(C3Error, match=sentence):
        benchmark.read(tmp_path / "table.csv")


def test_real_clips_of_esc50(real, tmp_path):
    """The clips that ESC-10 shares with ESC-50, under their official names: ten classes of all five folds."""
    rows = []
    (tmp_path / "audio").mkdir()
    for target, kind in enumerate(sorted(path for path in (real / "esc10").iterdir() if path.is_dir())):
        for path in sorted(kind.glob("*.ogg")):
            fold, source, take = path.stem.split("-")
            name = f"{path.stem}-{target}.wav"
            rows.append((name, int(fold), target, kind.name[6:].lower(), True, source, take))
            if fold in "124":
                (tmp_path / "audio" / name).symlink_to(path)
    columns = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "esc50.csv", index=False)
    it = found(tmp_path, "esc50.csv", folds=[1], validation_share=0.1)
    assert len(it.table) == 240 and len(it.missing) == 160 and len(it.classes) == 10
    assert it.table["split"].value_counts()["evaluation"] == 80 and "left out of training" not in it.counts
    assert (it.table.loc[it.table["split"] == "evaluation", "segment_id"].str[0] == "1").all()
    assert it.table["end"].between(3, 8).all()
