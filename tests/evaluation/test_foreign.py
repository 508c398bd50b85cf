"""Embeddings made elsewhere end up at the right windows, or are refused."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.errors import C3Error
from c3.evaluation import foreign

WINDOWS = pd.DataFrame({"segment_id": ["a", "a", "a", "b"], "window": [0, 1, 2, 0]})


def table(**changes):
    columns = {
        "segment_id": ["b", "a", "a"],
        "time": [9.0, 0.2, 2.0],
        "vector": [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]],
    }
    return pd.DataFrame(columns | changes)


def test_each_window_gets_the_nearest_vector_of_its_segment():
    """Middles of the windows: 0.48, 1.44, 2.4 s; the vectors of segment a stand at 0.2 and 2.0 s."""
    vectors = foreign.align(table(), WINDOWS, 0.96, "mine.parquet")
    assert vectors[:, 0].tolist() == [2, 3, 3, 1]


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_alignment_is_the_brute_force_one(seed):
    rng = np.random.default_rng(seed)
    windows = pd.DataFrame({"segment_id": rng.choice(["x", "y", "z"], 12), "window": rng.integers(0, 9, 12)})
    segments = [*rng.choice(["x", "y", "z"], 20), "x", "y", "z"]
    offered = table(segment_id=segments, time=rng.random(23) * 9, vector=list(rng.normal(size=(23, 3))))
    vectors = foreign.align(offered, windows, 0.96, "mine.parquet")
    for window, vector in zip(windows.itertuples(), vectors, strict=True):
        own = offered[offered["segment_id"] == window.segment_id]
        best = (own["time"] - (window.window + 0.5) * 0.96).abs().idxmin()
        np.testing.assert_array_equal(vector, offered["vector"][best])


def test_an_array_is_taken_as_it_is(tmp_path):
    array = np.random.default_rng(0).normal(size=(4, 5))
    np.save(tmp_path / "mine.npy", array)
    np.testing.assert_allclose(foreign.read(tmp_path / "mine.npy", WINDOWS, 0.96), array.astype(np.float32))


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"segment_id": ["a", "a", "a"]}, r"no vector for 1 of 2 segments, among them b"),
        ({"vector": [[1.0], [2.0, 0.0], [3.0, 0.0]]}, r"vectors of 1 to 2 numbers"),
        ({"vector": [[np.nan, 0.0]] * 3}, r"not finite"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, change, sentence):
    table(**change).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(C3Error, match=rf"mine\.parquet .*{sentence}"):
        foreign.read(tmp_path / "mine.parquet", WINDOWS, 0.96)


def test_wrong_files_are_refused(tmp_path):
    np.save(tmp_path / "short.npy", np.zeros((3, 5)))
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    table().drop(columns="time").to_parquet(tmp_path / "lacking.parquet")
    for name, sentence in {
        "short.npy": r"shape \(3, 5\); allowed is one row for each of the 4 windows",
        "broken.parquet": r"cannot be read",
        "lacking.parquet": r"has no column time",
        "mine.csv": r"ends in '\.csv'",
    }.items():
        with pytest.raises(C3Error, match=sentence):
            foreign.read(tmp_path / name, WINDOWS, 0.96)


def test_what_is_written_for_others_is_read_back(tmp_path, monkeypatch):
    """In parts of two rows; other tools see plain lists of float32."""
    monkeypatch.setattr(foreign, "CHUNK", 2)
    vectors = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    foreign.write(tmp_path / "ours.parquet", vectors, WINDOWS, 0.96)
    np.testing.assert_array_equal(foreign.read(tmp_path / "ours.parquet", WINDOWS, 0.96), vectors)
    seen = pq.read_table(tmp_path / "ours.parquet")
    assert str(seen.schema.field("vector").type) == "list<element: float>"
    assert seen["segment_id"].to_pylist() == ["a", "a", "a", "b"]
    np.testing.assert_allclose(seen["time"], [0.48, 1.44, 2.4, 0.48])
