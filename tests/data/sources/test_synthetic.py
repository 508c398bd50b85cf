"""The simulated AudioSet: its prior, its media, and that workers do not matter."""

import numpy as np
import pandas as pd
import pytest

from c3 import config
from c3.data import features, media
from c3.data.sources import audioset
from c3.data.sources.synthetic import scenes as synthetic
from c3.data.sources.synthetic.classes import CLASSES
from c3.errors import C3Error

SMALL = config.Synthetic(train_segments=12, evaluation_segments=6, classes=4, imbalance=4, seconds=2)


def simulate(folder, threads, section=SMALL, seed=3):
    paths = [folder / f"{name}.csv" for name in ("train", "evaluation", "class_labels")]
    synthetic.write(section, seed, threads, *paths)
    return paths


def test_default_prior():
    section = config.Synthetic()
    counts = synthetic.counts(section)
    assert len(counts) == 32
    assert counts[0] == 200 * counts[-1]
    assert (np.diff(counts) <= 0).all()
    for split, size in (("train", 1500), ("evaluation", 400)):
        planned = synthetic.plan(section, split, 0)
        assert len(planned) == size
        assert {len(classes) for classes in planned} == {1, 2, 3}
        assert all(len(set(classes)) == len(classes) for classes in planned)
        tally = np.bincount(np.concatenate(planned), minlength=32)
        if split == "train":
            np.testing.assert_array_equal(tally, counts)
        else:
            assert tally.min() >= 2
            assert tally.max() < 6 * tally.min()


def test_classes_are_of_the_ontology(real):
    known = audioset.read_class_labels(real / "audioset" / "class_labels_indices.csv")
    names = dict(zip(known["label"], known["name"], strict=True))
    assert len({c.label for c in CLASSES}) == 32
    for c in CLASSES:
        assert names[c.label] == c.name


@pytest.mark.parametrize("number", range(32))
def test_every_class_sounds_and_varies(number, spec):
    first, second = (synthetic.sound((number,), 4.0, np.random.default_rng(seed)) for seed in (0, 1))
    assert first.dtype == np.float32 and first.shape == (64_000,)
    assert 0.05 < np.abs(first).max() <= 0.9
    assert np.isfinite(first).all()
    assert np.abs(features.log_mel(first, spec) - features.log_mel(second, spec)).mean() > 0.1


def test_workers_do_not_matter(tmp_path):
    for threads in (1, 2):
        (tmp_path / str(threads)).mkdir()
        (tmp_path / str(threads) / "stale.mp4").write_bytes(b"of an earlier run")
        simulate(tmp_path / str(threads), threads)
    one, two = (sorted((tmp_path / name).iterdir()) for name in "12")
    assert [path.name for path in one] == [path.name for path in two]
    assert len(one) == 18 + 3
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))


def test_the_reader_reads_it(tmp_path, spec):
    train, evaluation, class_labels = simulate(tmp_path, 1)
    table, classes, missing, *_ = audioset.manifest([train], [evaluation], class_labels, tmp_path, 0.2, 0)
    assert len(table) == 18 and not len(missing)
    assert list(classes["name"]) == [c.name for c in CLASSES[:4]]
    tally = table[table["split"] != "evaluation"]["labels"].explode().value_counts()
    assert tally.max() == 4 * tally.min()
    for segment in table.head(3).itertuples():
        got = features.extract(segment, spec)
        assert got.seconds == 2.0 and len(got.frames) == 2


def test_a_segment_holds_what_was_mixed(tmp_path):
    simulate(tmp_path, 1)
    planned = synthetic.plan(SMALL, "train", 3)
    mixed = synthetic.sound(planned[5], 2.0, np.random.default_rng((3, 0, 5)))
    path = tmp_path / f"{audioset.make_ytid(3, 'train', 5)}.mp4"
    decoded = media.decode_audio(str(path), 0, 2.0, 16_000)
    assert np.corrcoef(mixed, decoded)[0, 1] > 0.95


def test_pictures_come_and_go():
    section = config.Synthetic()
    shown = []
    for seed in range(60):
        frames = synthetic.pictures((0,), section, np.random.default_rng(seed)).astype(float)
        assert frames.shape == (40, 72, 96, 3)
        steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
        shown.append(steps.max() / np.median(steps))
    assert 0.2 < np.mean(np.array(shown) > 1.3) < 0.95


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (config.Synthetic(train_segments=60), "synthetic.imbalance is 200, which 60 training segments"),
        (config.Synthetic(evaluation_segments=20), "synthetic.evaluation_segments is 20; allowed is at least"),
    ],
)
def test_mistakes(tmp_path, section, sentence):
    with pytest.raises(C3Error, match=sentence):
        simulate(tmp_path, 1, section)
    assert not list(tmp_path.iterdir())


def test_tables_list_all_segments(tmp_path):
    train, evaluation, _ = simulate(tmp_path, 1)
    segments = pd.concat([audioset.read_segments(train), audioset.read_segments(evaluation)])
    assert segments["ytid"].is_unique
    assert {f"{ytid}.mp4" for ytid in segments["ytid"]} == {path.name for path in tmp_path.glob("*.mp4")}
