"""Labels given on along a graph, against dense equations in float64 and on cases that can be seen by eye."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from c3 import sphere
from c3.labels.propagation import NEIGHBOURS, graph, laplace, propagate


def blobs(seed, sizes, dimensions=8, width=0.05):
    """Unit vectors around as many directions at right angles, and which direction each is of."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(len(sizes)), sizes)
    return sphere.unit(np.eye(dimensions)[of] + width * rng.standard_normal((len(of), dimensions))), of


def dense(weights, known, values):
    """The same by dense solvers: the Poisson equation by the pseudo-inverse, the harmonic function by elimination."""
    n = len(weights)
    source = np.zeros(n)
    source[known] = 1 / len(known)
    height = np.linalg.pinv(np.diag(weights.sum(1)) - weights) @ (source - source.mean())
    height -= height.min()
    gamma = 1 + height / np.median(height)
    weights = weights * gamma * gamma[:, None]
    laplacian = np.diag(weights.sum(1)) - weights
    rest = np.setdiff1d(np.arange(n), known)
    result = np.zeros((n, values.shape[1]))
    result[known] = values
    result[rest] = np.linalg.solve(laplacian[np.ix_(rest, rest)], -laplacian[np.ix_(rest, known)] @ values)
    return result


def test_the_graph_links_each_to_its_nearest_and_both_ways():
    unit, _ = blobs(0, [40])
    weights = graph(unit).toarray()
    np.testing.assert_array_equal(weights, weights.T)
    distances = np.linalg.norm(unit[:, None] - unit, axis=2)
    for place, line in enumerate(weights):
        nearest = np.argsort(distances[place])[1 : NEIGHBOURS + 1]
        assert (line[nearest] > 0).all() and line[place] == 0
        scale = distances[place, nearest[-1]]
        assert line[nearest[0]] >= np.exp(-4 * (distances[place, nearest[0]] / scale) ** 2) - 1e-12
        assert line.min() >= 0 and line.max() <= 1


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_it_is_the_solution_of_the_dense_equations(seed, count):
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.random((15, 15)), 1)
    weights += weights.T
    known = rng.choice(15, count, replace=False)
    values = np.eye(3)[rng.integers(3, size=count)]
    np.testing.assert_allclose(
        laplace(sparse.csr_matrix(weights), known, values), dense(weights, known, values), atol=1e-4
    )


@given(st.integers(0, 10_000))
def test_no_value_lies_beyond_those_that_are_known(seed):
    unit, _ = blobs(seed, [20, 30, 5], width=0.3)
    known = np.array([0, 20, 50])
    like = laplace(graph(unit), known, np.eye(3))
    np.testing.assert_array_equal(like[known], np.eye(3))
    assert like.min() > -1e-6 and like.max() < 1 + 1e-6
    assert (like.sum(axis=1) < 1 + 1e-5).all()


def test_where_no_path_leads_to_a_label_nothing_follows():
    unit, of = blobs(1, [30, 30], width=0.01)
    like = laplace(graph(unit), [0, 1], np.eye(2))
    assert of[(like > 0.01).any(axis=1)].max() == 0


def table(segments, windows=2):
    ids = [f"s{number}" for number in range(segments) for _ in range(windows)]
    return pd.DataFrame({"segment_id": ids, "split": "train", "window": list(range(windows)) * segments})


def labelled(windows, answers):
    rows = windows[windows["segment_id"].isin(answers)][["segment_id", "window"]].reset_index(drop=True)
    return rows.assign(labels=[list(answers[each]) for each in rows["segment_id"]])


def test_segments_take_the_labels_of_those_they_are_like():
    unit, of = blobs(2, [25, 40, 15], width=0.1)
    windows, vectors = table(80), np.repeat(unit, 2, axis=0)
    answers = {"s3": ("dog", "rain"), "s30": ("owl",), "s70": (), "s75": ()}
    labels = labelled(windows, answers)
    all_of_them = propagate(labels, windows, vectors)
    paid, follows = all_of_them[: len(labels)], all_of_them[len(labels) :]
    pd.testing.assert_frame_equal(paid.drop(columns="weight"), labels)
    assert (paid["weight"] == 1).all()
    assert follows["weight"].sum() == pytest.approx(len(labels))
    assert not set(follows["segment_id"]) & set(answers)
    truth = [["dog", "rain"], ["owl"], []]
    right = [
        labels == truth[of[int(segment[1:])]]
        for segment, labels in zip(follows.segment_id, follows.labels, strict=True)
    ]
    assert np.average(right, weights=follows["weight"]) > 0.99
    assert len(follows) > 100  # of 152


def test_segments_of_other_splits_are_left_alone_unless_they_have_labels():
    unit, of = blobs(4, [20, 20])
    windows = table(40, windows=1)
    windows.loc[windows["segment_id"].isin(["s1", "s2", "s21", "s22"]), "split"] = "validation"
    labels = labelled(windows, {"s1": ("dog",), "s25": ("owl",)})
    follows = propagate(labels, windows, unit)[2:]
    assert set(follows["segment_id"]) == {f"s{number}" for number in range(40)} - {"s1", "s2", "s21", "s22", "s25"}
    assert [label for (label,) in follows["labels"]] == [
        ("dog", "owl")[of[int(each[1:])]] for each in follows["segment_id"]
    ]


def test_what_lies_between_two_labels_weighs_least():
    angle = np.linspace(0, np.pi / 2, 41)
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    windows = table(41, windows=1)
    labels = labelled(windows, {"s0": ("dog",), "s40": ("owl",)})
    weight = propagate(labels, windows, vectors).set_index("segment_id")["weight"]
    assert weight.get("s20", 0) < weight["s10"] < weight["s2"]
    assert weight.get("s20", 0) < weight["s30"] < weight["s38"]


def test_of_one_kind_of_label_and_of_all_labels_nothing_follows():
    unit, of = blobs(3, [10, 10])
    windows = table(20, windows=1)
    one = labelled(windows, {"s1": ("dog",), "s15": ("dog",)})
    pd.testing.assert_frame_equal(propagate(one, windows, unit), one.assign(weight=1.0))
    everything = labelled(windows, {f"s{number}": (("dog", "owl")[of[number]],) for number in range(20)})
    pd.testing.assert_frame_equal(propagate(everything, windows, unit), everything.assign(weight=1.0))


def test_a_few_segments_and_equal_ones_have_a_graph_too():
    windows = table(3, windows=1)
    labels = labelled(windows, {"s0": ("dog",), "s2": ("owl",)})
    for vectors in (np.eye(3), np.ones((3, 4)), np.zeros((3, 4))):
        weights = propagate(labels, windows, vectors.astype(np.float32))["weight"]
        assert np.isfinite(weights).all() and weights.sum() <= 4 + 1e-6
