"""The manifest: splits never share a recording, and what is written reads back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c3.data import manifest
from c3.errors import C3Error


def table(rows):
    """A manifest of (recording, label, split)."""
    return pd.DataFrame(
        [(f"{r}_0", r, f"{r}.wav", None, 0.0, 10.0, 0.0, [label], split) for r, label, split in rows],
        columns=manifest.COLUMNS,
    )


@given(st.sets(st.text(min_size=1), min_size=1, max_size=40), st.floats(0, 0.99), st.integers(0, 5))
def test_validation_depends_on_name_and_seed_alone(names, share, seed):
    names = sorted(names)
    held_out = manifest.is_validation(names, share, seed)
    alone = np.array([manifest.is_validation([name], share, seed)[0] for name in names])
    assert (held_out >= alone).all()
    if alone.sum() >= 2 or share == 0 or len(names) <= 2:
        assert (held_out == alone).all()
    else:  # of few recordings, two
        assert held_out.sum() == 2
    assert not manifest.is_validation(names, 0.0, seed).any()
    more = manifest.is_validation(names, min(share + 0.2, 1), seed)
    assert not (held_out & ~more).any()


def test_validation_share():
    names = [f"recording{i}" for i in range(5000)]
    first, second = (manifest.is_validation(names, 0.1, seed) for seed in (0, 1))
    assert first.mean() == pytest.approx(0.1, abs=0.015)
    assert (first & second).mean() == pytest.approx(0.01, abs=0.006)


segments = st.tuples(st.sampled_from("abcdef"), st.integers(0, 9), st.booleans())
recordings = st.lists(segments, min_size=1, max_size=30, unique_by=lambda row: row[:2])


@given(recordings, st.floats(0, 0.9))
def test_splits_are_disjoint(rows, share):
    """Whatever the tables say: either no recording is in two splits, or the input is refused."""
    frame = pd.DataFrame(rows, columns=["recording_id", "start", "evaluation"])
    frame["segment_id"] = frame["recording_id"] + "_" + frame["start"].astype(str)
    frame["end"] = frame["start"] + 1
    frame["split"] = np.where(frame["evaluation"], "evaluation", "train")
    mixed = frame.groupby("recording_id")["split"].nunique().gt(1).any()
    if mixed:
        with pytest.raises(C3Error, match="stands in two splits"):
            manifest.validate(frame)
        return
    manifest.validate(frame)
    trained = frame.loc[frame["split"] == "train", "recording_id"].unique()
    held_out = set(trained[manifest.is_validation(trained, share, 0)])
    frame.loc[frame["recording_id"].isin(held_out), "split"] = "validation"
    manifest.validate(frame)


def test_round_trip(tmp_path):
    written = table([("a", "/m/1", "train"), ("b", "/m/2", "evaluation")])
    written.loc[0, "video_path"] = "a.mp4"
    manifest.write(written, tmp_path / "manifest.parquet")
    read = manifest.read(tmp_path / "manifest.parquet")
    assert list(read.columns) == manifest.COLUMNS
    assert read["labels"].tolist() == [["/m/1"], ["/m/2"]]
    assert read["video_path"].tolist() == ["a.mp4", None]


def test_classes_without_a_positive_in_evaluation():
    classes = pd.DataFrame({"label": ["/m/1", "/m/2"], "name": ["One", "Two"]})
    good = table([("a", "/m/1", "train"), ("b", "/m/1", "evaluation"), ("c", "/m/2", "evaluation")])
    assert manifest.unevaluated(good, classes).empty
    bad = table([("a", "/m/1", "validation"), ("b", "/m/2", "evaluation")])
    assert manifest.unevaluated(bad, classes)["name"].tolist() == ["One"]
