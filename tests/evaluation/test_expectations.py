"""What to expect of a classifier: rarefaction against all subsets, cross-validation on cases that are plain."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from c3.evaluation import expectations


@given(st.lists(st.sets(st.integers(0, 4), max_size=3), min_size=1, max_size=7))
def test_rarefaction_is_the_mean_over_all_subsets(labels):
    classes = sorted(set().union(*labels))
    counts = [sum(label in each for each in labels) for label in classes]
    found = [
        np.mean([len(set().union(*subset)) for subset in combinations(labels, m)]) for m in range(1, len(labels) + 1)
    ]
    assert expectations.rarefaction(counts, len(labels)) == pytest.approx(found)


def test_a_new_class_is_as_likely_as_labels_were_the_first_and_only_of_their_class():
    assert expectations.chance_of_a_new_class([1, 1, 5, 3], 10) == 0.2
    assert expectations.chance_of_a_new_class([2, 8], 10) == 0


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 5))
def test_resamples_have_the_average_precision_of_scikit_learn(seed, n, kinds):
    rng = np.random.default_rng(seed)
    present, scores = rng.random(n) < 0.5, rng.integers(kinds, size=n) / kinds
    present[0] = True
    times = rng.multinomial(n, np.full(n, 1 / n), 20)
    times[:, 0] += 1
    found = expectations.resampled_average_precision(present, scores, times)
    expected = [average_precision_score(np.repeat(present, each), np.repeat(scores, each)) for each in times]
    np.testing.assert_allclose(found, expected)


def test_classes_that_lie_apart_classes_that_do_not_and_classes_with_one_example():
    rng = np.random.default_rng(0)
    dogs = np.arange(60) < 20
    vectors = rng.standard_normal((60, 8))
    vectors[dogs, 0] += 12
    labels = [
        ["dog"] * int(dog) + ["noise"] * int(rng.random() < 0.5) + ["owl"] * (n == 3) for n, dog in enumerate(dogs)
    ]
    table = expectations.table(vectors, labels).set_index("class")
    assert table.loc["dog", ["segments", "average_precision", "low", "high", "note"]].tolist() == [
        20,
        *[pytest.approx(1)] * 3,
        "",
    ]
    assert table.loc["dog", "share"] == pytest.approx(1 / 3)
    noise = table.loc["noise"]
    assert noise["low"] < noise["share"] < noise["high"] and noise["high"] - noise["low"] > 0.15
    assert table.loc["owl", "segments"] == 1 and np.isnan(table.loc["owl", "average_precision"])
    assert table.loc["owl", "note"] == "few examples: label 5 or more"
