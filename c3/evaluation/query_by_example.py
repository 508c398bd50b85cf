"""Query by example: do windows of one class lie closer together than windows of different classes?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from c3.sphere import unit

SCORES = 2**21  # made at a time, at least: 8 MiB
PAIRS = 2**24  # scores within a class that are held at a time: at most 1 GiB with what is counted of them
BUCKETS = 8  # in a table, at least, for each score within
FINEST = 2**24  # buckets in a table, at most: float32 tells no more apart
CACHED = 2**18  # a table of as many buckets, 1 MiB, lies in the processor's second cache
CHUNK = 2048  # scores whose buckets are found at a time
WIDE = 1024  # groups of buckets that a large table is taken in

compiled = numba.njit(cache=True, nogil=True)


def evaluate(
    vectors,
    windows_of: Sequence[np.ndarray],
    truth: np.ndarray,
    examples: int | None,
    seed: int,
    threads: int = 1,
) -> dict[str, float]:
    """Mean average precision of same-class pairs, and what a ranking that knows nothing would get.

    vectors: array-like (windows, d) that takes an integer array; windows_of[s]: rows of segment s in it;
    truth: bool (segments, classes), each class with at least two positives and one negative.

    Per class, n = min(``examples``, positives, negatives) segments with it and n without are drawn, and one
    random window of each: equally many, so that chance depends on n alone. All pairs within the class are
    ranked against all pairs across (one with, one without) by cosine; average precision; mean over classes.
    Where n is below ``examples`` the draw is repeated ceil(examples / n) times and averaged, since a single
    small draw is noisy. (Talk, evaluation 1.)

    ``examples`` None: no draw of segments. All with the class are ranked against all without it, by one random
    window of each segment, the same for all classes; cosines in float32; memory grows with the segments only,
    and with ``threads``, each of which has a class at a time.
    """
    if examples is None:
        rng = np.random.default_rng(seed)
        rows = np.array([rng.choice(windows) for windows in windows_of])
        precisions = all_pairs(unit(np.asarray(vectors[rows], np.float32)), truth, threads)
        chances = [chance(n, len(truth) - n) for n in truth.sum(axis=0).tolist()]
        return {"mAP": float(np.mean(precisions)), "chance": float(np.mean(chances))}
    precisions, chances = [], []
    for number in range(truth.shape[1]):
        rng = np.random.default_rng([seed, number])
        positives, negatives = np.flatnonzero(truth[:, number]), np.flatnonzero(~truth[:, number])
        n = min(examples, len(positives), len(negatives))
        first = np.arange(2 * n) < n
        draws = []
        for _ in range(math.ceil(examples / n)):
            chosen = np.concatenate([rng.choice(positives, n, replace=False), rng.choice(negatives, n, replace=False)])
            rows = np.array([rng.choice(windows_of[segment]) for segment in chosen])
            draws.append(pair_precision(unit(np.asarray(vectors[rows], np.float64)), first))
        precisions.append(np.mean(draws))
        chances.append(chance(n, n))
    return {"mAP": float(np.mean(precisions)), "chance": float(np.mean(chances))}


def all_pairs(units: np.ndarray, truth: np.ndarray, threads: int = 1) -> list[float]:
    """:func:`pair_precision` of vectors of length 1 (n, d) for each class of ``truth``, bool (n, classes).

    Most classes are small: they are taken together, a vector's scores with all others being made once for all its
    classes. Large ones are taken one by one, beside each other where there are ``threads``.
    """
    number = truth.sum(axis=0)
    pairs = number * (number - 1) // 2
    few = np.flatnonzero(BUCKETS * pairs < CACHED)
    many = np.setdiff1d(np.arange(len(pairs)), few)
    precisions = np.zeros(len(pairs))
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        precisions[many] = list(pool.map(lambda positive: pair_precision(units, positive), truth.T[many]))
        for group in np.split(few, np.flatnonzero(np.diff(pairs[few].cumsum() // SCORES)) + 1):
            precisions[group] = _side_by_side(units, truth[:, group], pool, threads)
    return precisions.tolist()


def _side_by_side(units: np.ndarray, truth: np.ndarray, pool: Executor, threads: int) -> list[float]:
    """As :func:`all_pairs` for classes of few pairs: a score is made once for all classes of a vector."""
    within = [_sorted(units[positive]) for positive in truth.T]
    tables = [_table(scores) for scores in within]
    members = [np.flatnonzero(positive) for positive in truth.T]

    def count(rows: np.ndarray) -> list[np.ndarray]:
        counts = [np.zeros(len(scores), np.int64) for scores in within]
        for block in np.array_split(rows, max(1, len(rows) * len(units) // SCORES)):
            for row, found in zip(block, units[block] @ units.T, strict=True):
                for k in np.flatnonzero(truth[row]):
                    _count_others(found, members[k], within[k], tables[k], counts[k])
        return counts

    parts = pool.map(count, np.array_split(np.flatnonzero(truth.any(axis=1)), threads))
    counts = [sum(each) for each in zip(*parts, strict=True)]
    return [_sum(scores, each, 0) / (len(scores) - 1) for scores, each in zip(within, counts, strict=True)]


def pair_precision(units: np.ndarray, positive: np.ndarray, pairs: int = PAIRS) -> float:
    """Average precision of the pairs of two positives against the pairs of a positive and another.

    units (n, d) of length 1, positive bool (n) with at least two True. Exact, equal scores taken together as
    scikit-learn does: the mean over the pairs within of (pairs within scored no lower) / (all pairs scored no
    lower). All it takes is how many scores of either kind lie between neighbours among the scores within, so
    scores are made in blocks, counted and forgotten. About ``pairs`` of the scores within are held at a time,
    the highest first; where there are more, all scores are made anew for each such part.
    """
    inside, others = units[positive], units[~positive]
    number = len(inside) * (len(inside) - 1) // 2
    # a large table is walked through once a block: the larger it is, the larger the blocks
    rows = max(1, max(SCORES, min(number, pairs)) // len(units))
    total, higher = 0.0, 0
    for high, low in itertools.pairwise(_edges(inside, -(-number // pairs))):
        scores = _sorted(inside, low, high, rows)
        if len(scores) > 1:
            table, counts = _table(scores), np.zeros(len(scores), np.int64)
            for start in range(0, len(inside), rows):
                found = (inside[start : start + rows] @ others.T).ravel()
                (_count if len(table) <= CACHED else _count_roughly_sorted)(found, scores, table, counts)
            total += _sum(scores, counts, higher)
            higher += len(scores) - 1
    return total / number


def _edges(inside: np.ndarray, parts: int) -> np.ndarray:
    """Falling scores, from ∞ to −∞, between which lie about equally many of the pairs within."""
    sample = inside[:: max(1, len(inside) // 64)] @ inside.T
    between = np.quantile(sample, np.arange(parts - 1, 0, -1) / parts).astype(inside.dtype)
    return np.concatenate([[np.inf], between, [-np.inf]]).astype(inside.dtype)


def _sorted(inside: np.ndarray, low: float = -np.inf, high: float = np.inf, rows: int = SCORES) -> np.ndarray:
    """The scores of all pairs of vectors from ``low`` to below ``high``, rising, and ∞ after them."""
    place = np.arange(len(inside))
    parts = []
    for start in range(0, len(inside), rows):
        scores = inside[start : start + rows] @ inside.T
        later = place > place[start : start + rows, None]
        parts.append(scores[later & (scores >= low) & (scores < high)])
    scores, ends = np.concatenate(parts), [0, None]
    if len(scores) > CACHED:
        lowest, highest = scores.min(), scores.max()
        scores, ends = _roughly_sorted(scores, lowest, _scale(lowest, highest, CACHED), CACHED)
    for first, last in itertools.pairwise(ends):
        scores[first:last].sort()
    return np.append(scores, scores.dtype.type(np.inf))


@compiled
def _scale(lowest, highest, buckets):
    """What takes a score less the lowest to its bucket."""
    return np.float32((buckets - 1) / (highest - lowest) if highest > lowest else 1)


@compiled
def _bucket(score, lowest, scale, last):
    """Which of evenly wide buckets between the lowest and the highest score; never falls as the score rises.

    Without a sign, since for places that may be negative numba looks each time whether they are.
    """
    return np.uint32(min(max(np.float32(score - lowest) * scale, np.float32(0)), np.float32(last)))


@compiled
def _table(scores):
    """How many of the rising ``scores``, without the ∞ at their end, lie in buckets below each."""
    buckets = 64
    while buckets < min(BUCKETS * len(scores), FINEST):
        buckets *= 2
    table = np.zeros(buckets + 1, np.uint32)
    scale = _scale(scores[0], scores[-2], buckets)
    for score in scores[:-1]:
        table[_bucket(score, scores[0], scale, buckets - 1) + 1] += 1
    for bucket in range(buckets):
        table[bucket + 1] += table[bucket]
    return table


@compiled
def _count(found, scores, table, counts):
    """Add to ``counts[k]`` how many of ``found`` (n) are no lower than exactly k of the rising ``scores``.

    The bucket says nearly where a score lies; one more look, without a branch, is mostly enough; bisection is
    for what is left.
    """
    last = len(table) - 2
    lowest, scale = scores[0], _scale(scores[0], scores[-2], last + 1)
    buckets = np.empty(CHUNK, np.uint32)
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        for place in range(len(chunk)):
            buckets[place] = _bucket(chunk[place], lowest, scale, last)
        for place in range(len(chunk)):
            score = chunk[place]
            k = table[buckets[place]]
            k = np.uint32(k + (scores[k] <= score))
            if scores[k] <= score:
                end = table[buckets[place] + 1]
                while k < end:
                    middle = np.uint32((k + end) // 2)
                    if scores[middle] <= score:
                        k = np.uint32(middle + 1)
                    else:
                        end = middle
            counts[k] += 1


@compiled
def _fetch(table, scores, counts):
    """Read one number of each cache line, which memory delivers faster in turn than in random order.

    The sum is asked for by nobody; without it the reads would be left out.
    """
    total = 0.0
    for bucket in range(0, len(table), 16):
        total += table[bucket]
    for k in range(0, len(scores), 8):
        total += scores[k] + counts[k]
    return total


@compiled
def _count_others(found, members, scores, table, counts):
    """As :func:`_count` without those of ``found`` at the places ``members``, of which counts[0] tells instead."""
    _fetch(table, scores, counts)
    held = found[members]
    found[members] = -np.inf
    _count(found, scores, table, counts)
    found[members] = held


@compiled
def _count_roughly_sorted(found, scores, table, counts):
    """As :func:`_count` for a table beyond the cache: near scores together, so that little is touched at a time."""
    buckets = len(table) - 1
    ordered, ends = _roughly_sorted(found, scores[0], _scale(scores[0], scores[-2], buckets), buckets)
    for group in range(WIDE):
        first, last = group * buckets // WIDE, (group + 1) * buckets // WIDE
        near = slice(table[first], table[last])
        _fetch(table[first:last], scores[near], counts[near])
        _count(ordered[ends[group] : ends[group + 1]], scores, table, counts)


@compiled
def _roughly_sorted(found, lowest, scale, buckets):
    """``found`` in the order of groups of ``buckets``, WIDE in all; where each group begins, and the last one ends."""
    shift = np.uint32(np.log2(buckets // WIDE))
    groups = np.empty(len(found), np.uint16)
    for place in range(len(found)):
        groups[place] = _bucket(found[place], lowest, scale, buckets - 1) >> shift
    ends = np.zeros(WIDE + 1, np.int64)
    for group in groups:
        ends[group + 1] += 1
    ends = ends.cumsum()
    ordered = np.empty_like(found)
    free = ends.copy()
    for place in range(len(found)):
        group = groups[place]
        ordered[free[group]] = found[place]
        free[group] += 1
    return ordered, ends


@compiled
def _sum(scores, counts, higher):
    """Sum of the precisions at each of the ``scores``, of which there are ``higher`` ones not among them."""
    total, within, across = 0.0, higher, counts[-1]
    end = len(scores) - 1
    while end > 0:
        first = end - 1
        while first > 0 and scores[first - 1] == scores[first]:
            first -= 1
        within += end - first
        total += (end - first) * within / (within + across)
        for k in range(first, end):
            across += counts[k]
        end = first
    return total


def chance(n: int, m: int) -> float:
    """Expected average precision of a random ranking of n(n−1)/2 pairs within and n·m across.

    Close to the share of pairs within for many pairs, which is (n−1)/(3n−1) where m = n: 0.331 at n = 100; well
    above it for few: 0.343 instead of 0.304 at n = m = 8.
    """
    from scipy.special import digamma

    within = n * (n - 1) // 2
    pairs = within + n * m
    slope = (within - 1) / (pairs - 1)
    harmonic = digamma(pairs + 1) + np.euler_gamma  # 1 + 1/2 + … + 1/pairs
    return float(slope + (1 - slope) * harmonic / pairs)
