"""Shards and index give back what was written; the gather is exact and fast."""

from time import perf_counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from c3 import config
from c3.data import store
from c3.data.store import Extract
from c3.errors import C3Error

SPEC = config.Features(frame_pixels=8)


def extracts(names, seed):
    rng = np.random.default_rng(seed)
    for name in names:
        n, k = int(rng.integers(96, 400)), int(rng.integers(0, 4))
        row = SimpleNamespace(segment_id=name, recording_id=name[0], split="train")
        frames = rng.integers(0, 256, (k, 8, 8, 3), np.uint8)
        yield row, Extract(rng.standard_normal((n, 64), np.float32), frames, np.arange(k, dtype=np.float32), n / 100)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """An index of two shards, and what was put into it by segment."""
    folder = tmp_path_factory.mktemp("store")
    truth = {}
    for shard, names in enumerate((["b", "d", "a"], ["e", "c"])):
        pairs = list(extracts(names, shard))
        truth |= {segment.segment_id: extract for segment, extract in pairs}
        stem = folder / f"shard-{shard:03d}"
        index = store.write_shard(pairs, SPEC, shard, f"{stem}.npy", f"{stem}.frames.npy")
        store.write_index(index, SPEC, f"{stem}.parquet")
    index, spec = store.concatenate(sorted(folder.glob("*.parquet")))
    store.write_index(index, spec, folder / "index.parquet")
    return folder, truth


def test_index(stored):
    features = store.Features(stored[0] / "index.parquet")
    assert features.spec == SPEC
    assert list(features.index.segment_id) == list("abcde")
    assert list(features.index.columns) == store.SCHEMA.names
    assert "labels" not in features.index
    for row in features.index.itertuples():
        extract = stored[1][row.segment_id]
        assert row.rows == len(extract.rows)
        np.testing.assert_array_equal(row.frame_times, extract.times)
    assert list(features.frame_counts) == [len(stored[1][name].frames) for name in "abcde"]


def test_windows_and_frames(stored):
    features = store.Features(stored[0] / "index.parquet")
    rng = np.random.default_rng(0)
    segments = rng.integers(0, 5, 50)
    first = rng.integers(0, features.index["rows"].to_numpy()[segments] - 95)
    got = features.windows(segments, first)
    assert got.shape == (50, 96, 64) and got.dtype == np.float32
    for window, segment, row in zip(got, segments, first, strict=True):
        expected = stored[1]["abcde"[segment]].rows[row : row + 96].astype(np.float16)
        np.testing.assert_array_equal(window, expected)
    for segment in np.flatnonzero(features.frame_counts):
        numbers = np.arange(features.frame_counts[segment])
        frames = features.frames(np.full(len(numbers), segment), numbers)
        np.testing.assert_array_equal(frames, stored[1]["abcde"[segment]].frames)


def test_grid(stored):
    features = store.Features(stored[0] / "index.parquet")
    table, grid = features.window_table(), features.grid_windows()
    assert len(table) == len(grid) == (features.index["rows"] // 96).sum()
    pd.testing.assert_frame_equal(table, store.window_table(features.index))
    for row, window in zip(table.itertuples(), grid, strict=True):
        rows = stored[1][row.segment_id].rows[96 * row.window : 96 * row.window + 96]
        np.testing.assert_array_equal(window, rows.astype(np.float16))
    mask = (table.segment_id == "c").to_numpy()
    np.testing.assert_array_equal(features.grid_windows(mask), grid[mask])
    np.testing.assert_array_equal(features.grid_windows(np.array([3, 1])), grid[[3, 1]])


def test_shards_are_plain_numpy(stored):
    rows = np.load(stored[0] / "shard-000.npy", allow_pickle=False)
    assert rows.dtype == np.float16
    assert rows.shape == (sum(len(stored[1][name].rows) for name in "bda"), 64)
    assert np.load(stored[0] / "shard-001.frames.npy", allow_pickle=False).dtype == np.uint8


def test_empty_shard(tmp_path):
    index = store.write_shard([], SPEC, 0, tmp_path / "rows.npy", tmp_path / "frames.npy")
    store.write_index(index, SPEC, tmp_path / "index.parquet")
    assert np.load(tmp_path / "rows.npy").shape == (0, 64)
    features = store.Features(tmp_path / "index.parquet")
    assert len(features.window_table()) == 0


def test_other_specification_is_refused(stored, tmp_path):
    index, _ = store.read_index(stored[0] / "shard-000.parquet")
    other = tmp_path / "other.parquet"
    store.write_index(index, config.Features(mel_bands=32), other)
    with pytest.raises(C3Error, match=r"other\.parquet was made with other features"):
        store.concatenate([stored[0] / "shard-000.parquet", other])


def test_foreign_index_and_lost_shard(stored, tmp_path):
    table = pq.read_table(stored[0] / "index.parquet")
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "foreign.parquet")
    with pytest.raises(C3Error, match="carries no feature specification"):
        store.Features(tmp_path / "foreign.parquet")
    pq.write_table(table, tmp_path / "index.parquet")
    with pytest.raises(C3Error, match=r"shard-000\.npy is missing"):
        store.Features(tmp_path / "index.parquet").windows(np.array([0]), np.array([0]))


def test_vectors_are_those_of_the_windows(stored, tmp_path):
    features = store.Features(stored[0] / "index.parquet")
    vectors = np.random.default_rng(0).standard_normal((len(features.window_table()), 3), np.float32)
    np.save(tmp_path / "whole.npy", vectors)
    np.testing.assert_array_equal(features.vectors(tmp_path / "whole.npy"), vectors)
    for wrong in (vectors[1:], vectors[:, 0]):
        np.save(tmp_path / "wrong.npy", wrong)
        shape = rf"has shape \({', '.join(map(str, wrong.shape))},?\)"
        with pytest.raises(
            C3Error, match=rf"wrong\.npy {shape}; allowed is one row for each of the {len(vectors)} win"
        ):
            features.vectors(tmp_path / "wrong.npy")


def test_quarantine_limit():
    quarantine = pd.DataFrame(
        [("a_0", "a.wav", "broken"), ("b_0", "", "missing"), ("c_0", "", "missing"), ("", "x.wav", "wrongly named")],
        columns=store.QUARANTINE_COLUMNS,
    )
    store.check_quarantined(7, quarantine, 0.3, ["missing.csv"])
    with pytest.raises(C3Error) as caught:
        store.check_quarantined(7, quarantine, 0.29, ["missing.csv"])
    assert "3 of 10 segments" in str(caught.value)
    assert "missing 2, broken 1; listed in missing.csv" in str(caught.value)
    with pytest.raises(C3Error, match="at least one usable"):
        store.check_quarantined(0, quarantine, 1.0, ["missing.csv"])


def test_a_batch_is_gathered_in_two_milliseconds(stored):
    features = store.Features(stored[0] / "index.parquet")
    rng = np.random.default_rng(0)
    times = []
    for _ in range(30):
        segments = rng.integers(0, 5, 64)
        begin = perf_counter()
        features.windows(segments, np.zeros(64, int))
        times.append(perf_counter() - begin)
    assert min(times) < 0.002
