"""Query by example against a loop over pairs, and its chance level against random vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from c3.errors import C3Error
from c3.evaluation import query_by_example


def by_loop(vectors, n):
    same, similarity = [], []
    for i in range(n):
        for j in range(len(vectors)):
            if j >= n or j > i:
                a, b = vectors[i].astype(float), vectors[j].astype(float)
                same.append(j < n)
                similarity.append(a @ b / np.sqrt((a @ a) * (b @ b)))
    return average_precision_score(same, similarity)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_pair_precision_is_a_loop_over_pairs(seed, n):
    vectors = np.random.default_rng(seed).normal(size=(2 * n, 5)).astype(np.float32)
    expected = by_loop(vectors, n)
    assert query_by_example.pair_precision(vectors.astype(float), n) == pytest.approx(expected, rel=1e-5)


def test_evaluation_is_the_loop_where_nothing_is_left_to_chance():
    """As many positives as negatives, one window each: every draw takes all of them."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12, 6)).astype(np.float32)
    truth = np.zeros((12, 2), bool)
    truth[:6, 0] = truth[::2, 1] = True
    windows_of = [np.array([segment]) for segment in range(12)]
    scores = query_by_example.evaluate(vectors, windows_of, truth, 100, seed=3)
    expected = np.mean([by_loop(np.concatenate([vectors[t], vectors[~t]]), 6) for t in truth.T])
    assert scores["mAP"] == pytest.approx(expected, rel=1e-9)
    assert scores["chance"] == pytest.approx(query_by_example.chance(6))


def test_same_seed_same_score_and_other_seed_other_windows():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(90, 6)).astype(np.float32)
    truth = rng.random((30, 3)) < 0.4
    windows_of = np.arange(90).reshape(30, 3)
    first, again, other = (query_by_example.evaluate(vectors, windows_of, truth, 5, seed) for seed in (0, 0, 1))
    assert first == again and first["mAP"] != other["mAP"]


def test_windows_come_from_their_own_segments():
    """Only the windows of segment 0 and 1 point the same way; a stray window would spoil the score."""
    vectors = np.eye(8, dtype=np.float32)
    vectors[:4] = vectors[0]
    windows_of = np.arange(8).reshape(4, 2)
    truth = np.array([[True], [True], [False], [False]])
    assert query_by_example.evaluate(vectors, windows_of, truth, 100, seed=0)["mAP"] == 1


@pytest.mark.parametrize("n", [3, 8, 30])
def test_random_vectors_score_chance(n):
    rng = np.random.default_rng(n)
    draws = 2000 if n < 30 else 300
    scores = [query_by_example.pair_precision(rng.normal(size=(2 * n, 64)), n) for _ in range(draws)]
    error = np.std(scores) / np.sqrt(draws)
    assert abs(np.mean(scores) - query_by_example.chance(n)) < 4 * error


def test_chance_of_100_examples_is_the_design_s():
    assert query_by_example.chance(100) == pytest.approx(0.331, abs=1e-3)


def test_chance_of_two_examples_by_hand():
    # one pair within, four across: the mean of 1/1 ... 1/5
    assert query_by_example.chance(2) == pytest.approx(np.mean(1 / np.arange(1, 6)))


def test_a_class_needs_two_positives():
    truth = np.array([[True], [False], [False]])
    with pytest.raises(C3Error, match=r"class Bee has 1 positive .* allowed is at least 2\."):
        query_by_example.check(truth, ["Bee"], "manifest.parquet")


def test_a_vector_of_zeros_is_far_from_everything():
    vectors = np.concatenate([np.ones((2, 3)), np.zeros((2, 3))])
    assert query_by_example.pair_precision(vectors, 2) == 1
