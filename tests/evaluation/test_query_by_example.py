"""Query by example against a loop over pairs, and its chance level against random vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from c3.evaluation import query_by_example
from c3.sphere import unit


def by_loop(vectors, n):
    same, similarity = [], []
    for i in range(n):
        for j in range(len(vectors)):
            if j >= n or j > i:
                a, b = vectors[i].astype(float), vectors[j].astype(float)
                same.append(j < n)
                similarity.append(a @ b / np.sqrt((a @ a) * (b @ b)))
    return average_precision_score(same, similarity)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_pair_precision_is_a_loop_over_pairs(seed, n):
    vectors = np.random.default_rng(seed).normal(size=(2 * n, 5)).astype(np.float32)
    expected = by_loop(vectors, n)
    units = unit(vectors.astype(float))
    assert query_by_example.pair_precision(units, np.arange(2 * n) < n) == pytest.approx(expected, rel=1e-5)


def by_scikit_learn(units, positive):
    """The same scores as :func:`query_by_example.pair_precision` makes of vectors whose products are exact."""
    inside = units[positive]
    within = (inside @ inside.T)[np.triu_indices(len(inside), 1)]
    across = (inside @ units[~positive].T).ravel()
    return average_precision_score(np.repeat([1, 0], [len(within), len(across)]), np.concatenate([within, across]))


@settings(max_examples=60)
@given(
    st.integers(0, 10_000),
    st.integers(3, 60),
    st.sampled_from([1, 4, 16, 64]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(1, 2000),
)
def test_ties_and_parts_are_scikit_learn_s(seed, segments, d, dtype, pairs):
    """Vectors of ±1/√d, and some of zeros: cosines are exact and full of ties, in whatever order they are added up."""
    rng = np.random.default_rng(seed)
    units = (rng.choice([-1, 1], (segments, d)) / np.sqrt(d)).astype(dtype)
    units[rng.random(segments) < 0.1] = 0
    positive = rng.random(segments) < rng.random()
    positive[:2], positive[2] = True, False
    expected = by_scikit_learn(units, positive)
    assert query_by_example.pair_precision(units, positive, pairs) == pytest.approx(expected, rel=1e-12)
    truth = np.stack([positive, positive[::-1], np.arange(segments) % 2 == 0], axis=1)
    expected = [by_scikit_learn(units, each) for each in truth.T]
    for threads in (1, 3):
        assert query_by_example.all_pairs(units, truth, threads) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_large_class_is_scikit_learn_s(dtype, monkeypatch):
    """Scores in several blocks, tables beyond the cache, one or several parts: nothing but the order of adding up."""
    rng = np.random.default_rng(0)
    units = unit((rng.normal(size=(1500, 16)) + rng.normal(size=16)).astype(dtype))
    positive = rng.random(1500) < 0.3
    expected = by_scikit_learn(units, positive)
    monkeypatch.setattr(query_by_example, "SCORES", 2**16)
    precisions = [query_by_example.pair_precision(units, positive, pairs) for pairs in (2**24, 2**16, 2**14)]
    assert precisions == pytest.approx([expected] * 3, rel=1e-6 if dtype is np.float32 else 1e-12)


def test_classes_large_and_small_are_taken_each_by_itself():
    """Their order stays, though the small ones are taken together and in groups."""
    rng = np.random.default_rng(0)
    units = unit(rng.normal(size=(700, 8)))
    truth = rng.random((700, 5)) < [0.02, 0.6, 0.3, 0.5, 0.01]
    truth[:2] = True
    expected = [by_scikit_learn(units, each) for each in truth.T]
    assert query_by_example.all_pairs(units, truth, 2) == pytest.approx(expected, rel=1e-9)
    alone = [query_by_example.pair_precision(units, each) for each in truth.T]
    assert query_by_example.all_pairs(units, truth) == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("n", [40, 1500])
def test_an_embedding_that_has_collapsed_is_a_tie(n):
    """All cosines are one: precision is the share of pairs within; no bucket is walked through score by score."""
    positive = np.arange(3 * n) < n
    within = n * (n - 1) // 2
    units = np.eye(1, 4, dtype=np.float32).repeat(3 * n, axis=0)
    expected = within / (within + 2 * n * n)
    assert query_by_example.all_pairs(units, positive[:, None]) == pytest.approx([expected], rel=1e-12)


def test_all_pairs_need_no_draw():
    """One window each: every class by scikit-learn on all its pairs, whatever the seed."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 6))
    truth = rng.random((50, 3)) < [0.1, 0.4, 0.9]
    truth[:2] = True
    windows_of = [np.array([segment]) for segment in range(50)]
    scores = query_by_example.evaluate(vectors, windows_of, truth, None, seed=1)
    assert query_by_example.evaluate(vectors, windows_of, truth, None, seed=2, threads=2) == scores
    units = unit(vectors)
    assert scores["mAP"] == pytest.approx(np.mean([by_scikit_learn(units, t) for t in truth.T]), rel=1e-6)
    chances = [query_by_example.chance(n, 50 - n) for n in truth.sum(axis=0)]
    assert scores["chance"] == pytest.approx(np.mean(chances))


def test_all_pairs_draw_a_window_of_each_segment():
    vectors = np.random.default_rng(0).normal(size=(90, 6)).astype(np.float32)
    truth = np.arange(30)[:, None] % 3 == np.arange(3)
    windows_of = np.arange(90).reshape(30, 3)
    first, again, other = (query_by_example.evaluate(vectors, windows_of, truth, None, seed) for seed in (0, 0, 1))
    assert first == again and first["mAP"] != other["mAP"]


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
    assert scores["chance"] == pytest.approx(query_by_example.chance(6, 6))


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
    scores = [
        query_by_example.pair_precision(unit(rng.normal(size=(2 * n, 64))), np.arange(2 * n) < n) for _ in range(draws)
    ]
    error = np.std(scores) / np.sqrt(draws)
    assert abs(np.mean(scores) - query_by_example.chance(n, n)) < 4 * error


def test_chance_of_100_examples_is_the_design_s():
    assert query_by_example.chance(100, 100) == pytest.approx(0.331, abs=1e-3)


def test_chance_of_two_examples_by_hand():
    # one pair within, four across: the mean of 1/1 ... 1/5
    assert query_by_example.chance(2, 2) == pytest.approx(np.mean(1 / np.arange(1, 6)))


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 20), (12, 5)])
def test_chance_is_the_mean_over_random_rankings(n, m):
    rng = np.random.default_rng(n)
    same = np.repeat([1, 0], [n * (n - 1) // 2, n * m])
    scores = [average_precision_score(same, rng.random(len(same))) for _ in range(2000)]
    error = np.std(scores) / np.sqrt(len(scores))
    assert abs(np.mean(scores) - query_by_example.chance(n, m)) < 4 * error


def test_a_vector_of_zeros_is_far_from_everything():
    units = unit(np.concatenate([np.ones((2, 3)), np.zeros((2, 3))]))
    assert query_by_example.pair_precision(units, np.arange(4) < 2) == 1
