"""Query by example: do windows of one class lie closer together than windows of different classes?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from c3.evaluation import metrics

SCORES = 2**21  # in a block, at least: 8 MiB
PAIRS = 2**24  # scores within a class that are held at a time: at most 1 GiB with what is counted of them
CACHED = 2**18  # a table of as many buckets, 1 MiB, lies in the processor's second cache

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
    """:func:`pair_precision` of vectors of length 1 (n, d) for each class of ``truth``, bool (n, classes)."""
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda positive: pair_precision(units, positive), truth.T))


def unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors (n, d) at length 1, in their own precision; zeros stay zeros, at cosine 0 with everything."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def pair_precision(units: np.ndarray, positive: np.ndarray, pairs: int = PAIRS) -> float:
    """Average precision of the pairs of two positives against the pairs of a positive and another.

    units (n, d) of length 1, positive bool (n) with at least two True. Exact, equal scores taken together as
    scikit-learn does: the mean over the pairs within of (pairs within scored no lower) / (all pairs scored no
    lower). All it takes is how many scores of either kind lie between neighbours among the scores within, so
    scores are made in blocks, counted and forgotten. About ``pairs`` of the scores within are held at a time,
    the highest first; where there are more, all scores are made anew for each such part.
    """
    inside = units[positive]
    number = len(inside) * (len(inside) - 1) // 2
    # a large table is walked through once a block: the larger it is, the larger the blocks
    rows = max(1, max(SCORES, min(number, pairs)) // len(units))
    blocks = [slice(start, start + rows) for start in range(0, len(inside), rows)]
    total, higher = 0.0, 0
    for high, low in itertools.pairwise(_edges(inside, -(-number // pairs))):
        part = np.concatenate([_above_diagonal(inside, block, low, high) for block in blocks])
        if not len(part):
            continue
        scores, times = np.unique(part, return_counts=True)
        table = _table(scores, 1 << min(max(16, (8 * len(scores)).bit_length()), 24))
        counts = np.zeros(len(scores) + 1, np.int64)
        for block in blocks:
            _count(units @ inside[block].T, positive, scores, table, counts)
        within, across = higher + times[::-1].cumsum()[::-1], counts[:0:-1].cumsum()[::-1]
        total += float((times * (within / (within + across))).sum())
        higher += len(part)
    return total / number


def _edges(inside: np.ndarray, parts: int) -> np.ndarray:
    """Falling scores, from ∞ to −∞, between which lie about equally many of the pairs within."""
    sample = inside[:: max(1, len(inside) // 64)] @ inside.T
    between = np.quantile(sample, np.arange(parts - 1, 0, -1) / parts).astype(inside.dtype)
    return np.concatenate([[np.inf], between, [-np.inf]]).astype(inside.dtype)


def _above_diagonal(inside: np.ndarray, block: slice, low: float, high: float) -> np.ndarray:
    """Scores from ``low`` to below ``high`` of vectors in a block with later ones: each pair within in one block."""
    scores = inside[block] @ inside.T
    place = np.arange(len(inside))
    return scores[(place > place[block, None]) & (scores >= low) & (scores < high)]


def _count(found: np.ndarray, skipped: np.ndarray, scores: np.ndarray, table: np.ndarray, counts: np.ndarray) -> None:
    """Add to ``counts[k]``, k > 0, how many of ``found`` are no lower than exactly k of the rising ``scores``.

    found (n, columns), of which rows that are ``skipped`` (n) do not count; ``table``: of :func:`_table`.
    """
    if len(table) > CACHED:
        # near ones together: of a table, scores and counts this large, only a little is touched at a time
        found, higher = _sorted_roughly(found, skipped, scores, len(table) - 1)
        counts[-1] += higher
        found, skipped = found[None], np.zeros(1, bool)
    _count_each(found, skipped, scores, table, counts)


@compiled
def _scale(scores, buckets):
    """What takes a score less the lowest to its bucket."""
    width = scores[-1] - scores[0]
    return scores.dtype.type((buckets - 1) / width if width > 0 else 0)


@compiled
def _bucket(score, lowest, scale, buckets):
    """Which of evenly wide buckets between the lowest and the highest score; never falls as the score rises."""
    return min(max(np.int64((score - lowest) * scale), 0), buckets - 1)


@compiled
def _table(scores, buckets):
    """How many of the rising ``scores`` lie in buckets below each; the last value is their number."""
    table = np.zeros(buckets + 1, np.int32)
    scale = _scale(scores, buckets)
    for score in scores:
        table[_bucket(score, scores[0], scale, buckets) + 1] += 1
    for bucket in range(buckets):
        table[bucket + 1] += table[bucket]
    return table


@compiled
def _count_each(found, skipped, scores, table, counts):
    """As :func:`_count`: the bucket says nearly where a score lies, bisection does the rest."""
    buckets = len(table) - 1
    lowest, scale = scores[0], _scale(scores, buckets)
    for row in range(found.shape[0]):
        if not skipped[row]:
            for score in found[row]:
                bucket = _bucket(score, lowest, scale, buckets)
                first, last = table[bucket], table[bucket + 1]
                while first < last:
                    middle = (first + last) // 2
                    if scores[middle] <= score:
                        first = middle + 1
                    else:
                        last = middle
                counts[first] += 1


@compiled
def _sorted_roughly(found, skipped, scores, buckets):
    """What is not skipped and lies within ``scores``, in the order of 1,024 wide buckets; how many lie above."""
    lowest, highest, scale = scores[0], scores[-1], _scale(scores, buckets)
    shift = np.int64(np.log2(buckets)) - 10
    ends = np.zeros(1025, np.int64)
    higher = 0
    for row in range(found.shape[0]):
        if not skipped[row]:
            for score in found[row]:
                if score > highest:
                    higher += 1
                elif score >= lowest:
                    ends[(_bucket(score, lowest, scale, buckets) >> shift) + 1] += 1
    ends = ends.cumsum()
    ordered = np.empty(ends[-1], found.dtype)
    for row in range(found.shape[0]):
        if not skipped[row]:
            for score in found[row]:
                if lowest <= score <= highest:
                    wide = _bucket(score, lowest, scale, buckets) >> shift
                    ordered[ends[wide]] = score
                    ends[wide] += 1
    return ordered, higher


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


def check(truth: np.ndarray, names: Sequence[str], source: str) -> None:
    """C3Error if a class has no pair within it, or none across."""
    metrics.check_classes(truth, names, source, least=2)
