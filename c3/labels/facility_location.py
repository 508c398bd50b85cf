"""Which few of many candidates together speak best for everything: facility location."""

from __future__ import annotations

import heapq

import numpy as np


def choose(worth: np.ndarray, k: int) -> list[int]:
    """``k`` rows of ``worth`` whose columnwise maximum has the greatest sum, up to the exchange of one row.

    worth: (candidates, clients), at least zero: what a candidate is worth to a client. A client counts the best of
    the rows chosen: Σ_j max_{i chosen} worth[i, j].

    A greedy choice comes within 1 - 1/e of the optimum (Cornuejols, Fisher, Nemhauser, "Location of bank accounts to
    optimize float", Management Science, 1977); then rows are exchanged until no exchange of one gains. Time grows
    with the size of ``worth``, hardly with ``k``. The same ``worth``, the same rows.

    >>> choose(np.array([[2.0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 1, 2]]), 2)
    [0, 2]
    """
    if not 1 <= k <= len(worth):
        raise ValueError(f"k is {k}; allowed is 1 to the {len(worth)} candidates.")
    return _exchange(worth, _greedy(worth, k))


def _greedy(worth: np.ndarray, k: int) -> list[int]:
    """Ever again the row that adds most; a gain computed before is a bound for the gain now, so few are computed."""
    bounds = [(-gain, row) for row, gain in enumerate(worth.sum(axis=1).tolist())]
    heapq.heapify(bounds)
    best = np.zeros(worth.shape[1], worth.dtype)
    chosen = []
    while len(chosen) < k:
        _, row = heapq.heappop(bounds)
        gain = float(np.maximum(worth[row] - best, 0).sum())
        if bounds and (-gain, row) > bounds[0]:
            heapq.heappush(bounds, (-gain, row))
        else:
            chosen.append(row)
            best = np.maximum(best, worth[row])
    return chosen


def _exchange(worth: np.ndarray, chosen: list[int]) -> list[int]:
    """Take each row in turn, and put it in the place of the chosen one for which that gains most, if it gains.

    With the best and the second best chosen row of each client, all k exchanges for one row cost as much as one.
    (Schubert, Rousseeuw, "Fast and eager k-medoids clustering", Information Systems, 2021.)
    """
    chosen = list(chosen)
    place, best, second = _best_two(worth[chosen])
    row, since = 0, 0
    while since < len(worth):  # until as many rows in turn as there are gained nothing
        new, since = worth[row], since + 1
        loss = np.maximum(second, new) - np.maximum(best, new)  # what a client loses with its best row
        gains = np.maximum(new - best, 0).sum() + np.bincount(place, loss, len(chosen))
        slot = gains.argmax()
        if gains[slot] > 1e-6 * best.sum():  # not what rounding pretends to gain
            old, chosen[slot] = worth[chosen[slot]], row
            moved = np.flatnonzero((old >= second) | (new > second))
            place[moved], best[moved], second[moved] = _best_two(worth[np.ix_(chosen, moved)])
            since = 0
        row = (row + 1) % len(worth)
    return chosen


def _best_two(served: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each column: the place of its greatest value, that value, and the next one (0 with one row). Changes it."""
    columns = np.arange(served.shape[1])
    place = served.argmax(axis=0)
    best = served[place, columns]
    served[place, columns] = 0
    return place, best, served.max(axis=0)
