"""Batches: B different recordings, pairs within ΔT, the same batch for the same step."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.errors import C3Error
from c3.training.sampling import LabelledRows, Sampler, coincident_windows, windows_near_frames

WINDOW = 96


@settings(max_examples=200)
@given(st.integers(0, 1500), st.integers(0, 2000), st.integers(0, 1500), st.integers(0, 2**31))
def test_second_window_is_within_reach_inside_and_apart_if_it_can(last, first, reach, seed):
    first = np.array([min(first, last)])
    second = coincident_windows(np.random.default_rng(seed), first, np.array([last]), WINDOW, reach)
    assert 0 <= second[0] <= last
    assert abs(second[0] - first[0]) <= reach
    room = min(last, first[0] + reach) >= first[0] + WINDOW or max(0, first[0] - reach) <= first[0] - WINDOW
    assert (abs(second[0] - first[0]) >= WINDOW) == room


def test_second_window_reaches_every_place():
    draws = coincident_windows(
        np.random.default_rng(0), np.full(5000, 200), np.full(5000, 400), window_rows=96, reach=150
    )
    assert set(draws) == {*range(50, 105), *range(296, 351)}


@settings(max_examples=200)
@given(st.floats(0, 15), st.integers(0, 1500), st.sampled_from([0, 100, 500]), st.integers(0, 2**31))
def test_window_lies_near_its_frame(seconds, last, reach, seed):
    """ΔT = 0 is correspondence: the window holds the time of the frame (to a row)."""
    time = min(seconds * 100, last + WINDOW)
    first = windows_near_frames(np.random.default_rng(seed), np.array([time]), np.array([last]), WINDOW, reach)[0]
    assert 0 <= first <= last
    distance = max(first - time, time - (first + WINDOW), 0)
    assert distance <= reach + 1


def test_batch_is_from_different_recordings_and_depends_on_the_step_alone(features):
    make = lambda: Sampler(features, "train", ("audio_visual", "audio_audio"), 5.0, 16, seed=3)  # noqa: E731
    one, again, other = make().draw(7), make().draw(7), make().draw(8)
    assert one["audio"].shape == one["pair"].shape == (16, 96, 64)
    assert one["frame"].shape == (16, 16, 16, 3) and one["frame"].dtype == np.uint8
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
    assert not np.array_equal(one["audio"], other["audio"])


def test_no_two_items_of_a_recording_are_a_negative_pair(features, monkeypatch):
    seen = {}
    original = type(features).windows

    def spy(self, positions, first_rows):
        seen.setdefault("positions", []).append(np.asarray(positions))
        return original(self, positions, first_rows)

    monkeypatch.setattr(type(features), "windows", spy)
    sampler = Sampler(features, "train", ("audio_audio",), 5.0, 20, seed=0)
    for step in range(20):
        sampler.draw(step)
    for positions in seen["positions"]:
        recordings = features.index["recording_id"].iloc[positions]
        assert recordings.is_unique
        assert (features.index["split"].iloc[positions] == "train").all()


def test_labelled_windows_carry_their_labels(features):
    train = features.index[features.index["split"] == "train"]["segment_id"].to_list()
    labels = pd.DataFrame({"segment_id": train[:2], "window": [0, 3], "labels": [["/m/a"], ["/m/a", "/m/b"]]})
    batch = Sampler(features, "train", ("classification",), 5.0, 8, 0, False, labels).draw(0)
    position = {segment: number for number, segment in enumerate(features.index["segment_id"])}
    windows = {
        (1.0, 0.0): features.windows([position[train[0]]], [0])[0],
        (1.0, 1.0): features.windows([position[train[1]]], [3 * 96])[0],
    }
    for window, target in zip(batch["labelled"], batch["targets"], strict=True):
        np.testing.assert_array_equal(window, windows[tuple(target)])


def test_reach_beyond_every_recording_is_an_error(features):
    with pytest.raises(C3Error, match=r"delta_t is 60 s.*allowed is up to 6\.00 s"):
        Sampler(features, "train", ("audio_audio",), 60.0, 4, seed=0)


def test_batch_beyond_the_recordings_is_an_error(features):
    with pytest.raises(C3Error, match=r"training.batch is 64.*24 recordings"):
        Sampler(features, "train", ("audio_audio",), 5.0, 64, seed=0)


def test_a_positive_shares_a_label_with_its_anchor_and_rare_labels_are_as_frequent(features):
    train = features.index.loc[features.index["split"] == "train", "segment_id"].to_numpy()
    kinds = [["/m/rare", "/m/b"], ["/m/b"], *[["/m/a"]] * 18]
    labels = pd.DataFrame({"segment_id": train[:20], "window": 0, "labels": kinds})
    unused = 1e6  # ΔT says nothing about labels
    sampler = Sampler(features, "train", ("triplet_labels",), unused, 8, 0, False, labels)
    batches = [sampler.draw(step) for step in range(60)]
    assert set(batches[0]) == {"anchor", "positive", "anchor_targets", "positive_targets"}
    anchors, positives = (np.concatenate([b[f"{name}_targets"] for b in batches]) for name in ("anchor", "positive"))
    assert ((anchors * positives).sum(axis=1) > 0).all()
    assert anchors[:, 0].mean() == pytest.approx(1 / 3, abs=0.08)  # /m/a, 18 of the 20 windows


def test_proximity_draws_pairs_of_windows_and_no_frames(features):
    batch = Sampler(features, "train", ("triplet_proximity",), 5.0, 8, 0).draw(0)
    assert set(batch) == {"audio", "pair"}


def test_labels_are_drawn_as_often_as_they_weigh():
    labels = pd.DataFrame({"window": range(4), "weight": [1.0, 0.0, 0.25, 0.75]})
    drawn = np.bincount(LabelledRows(labels).draw(np.random.default_rng(0), 100_000), minlength=4)
    np.testing.assert_allclose(drawn / 100_000, [0.5, 0, 0.125, 0.375], atol=0.01)
    alike = np.bincount(LabelledRows(labels[["window"]]).draw(np.random.default_rng(0), 100_000), minlength=4)
    np.testing.assert_allclose(alike / 100_000, 0.25, atol=0.01)
