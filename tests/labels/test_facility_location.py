"""Choices against all others, one exchange away or any."""

import doctest
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.labels import facility_location

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 12))


def total(worth, rows):
    return worth[list(rows)].max(axis=0).sum()


@settings(max_examples=200)
@given(st.integers(0, 10_000), SHAPES, st.data())
def test_no_exchange_of_one_row_gains(seed, shape, data):
    worth = np.random.default_rng(seed).exponential(size=shape).astype(np.float32)
    k = data.draw(st.integers(1, len(worth)))
    chosen = facility_location.choose(worth, k)
    assert len(set(chosen)) == k
    found = total(worth, chosen)
    for place, row in itertools.product(range(k), range(len(worth))):
        assert total(worth, [*chosen[:place], row, *chosen[place + 1 :]]) <= found * (1 + 1e-5)
    best = max(total(worth, rows) for rows in itertools.combinations(range(len(worth)), k))
    assert found >= (1 - 1 / np.e) * best


@settings(max_examples=100)
@given(st.integers(0, 10_000), SHAPES, st.data())
def test_greedy_adds_what_gains_most(seed, shape, data):
    worth = np.random.default_rng(seed).exponential(size=shape)
    rows = []
    for _ in range(data.draw(st.integers(1, len(worth)))):
        left = [row for row in range(len(worth)) if row not in rows]
        rows.append(max(left, key=lambda row: total(worth, [*rows, row])))
    assert facility_location._greedy(worth, len(rows)) == rows


def test_greedy_alone_would_take_the_row_that_is_second_best_for_all():
    worth = np.array([[2.0, 2, 2, 2], [3, 3, 0, 0], [0, 0, 3, 3]])
    assert facility_location._greedy(worth, 2) == [0, 1]
    assert sorted(facility_location.choose(worth, 2)) == [1, 2]


def test_rows_that_are_all_alike_or_worth_nothing_are_chosen_once_each():
    for worth in (np.ones((5, 3), np.float32), np.zeros((5, 3), np.float32), np.ones((5, 0), np.float32)):
        assert sorted(facility_location.choose(worth, 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("k", [0, 4])
def test_more_rows_than_there_are_is_an_error(k):
    with pytest.raises(ValueError, match="allowed is 1 to the 3 candidates"):
        facility_location.choose(np.ones((3, 2)), k)


def test_the_example_in_the_docstring():
    assert doctest.testmod(facility_location) == (0, 1)
