"""Query by example: do windows of one class lie closer together than windows of different classes?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from c3.evaluation import metrics


def evaluate(
    vectors,
    windows_of: Sequence[np.ndarray],
    truth: np.ndarray,
    examples: int,
    seed: int,
) -> dict[str, float]:
    """Mean average precision of same-class pairs, and what a ranking that knows nothing would get.

    vectors: array-like (windows, d) that takes an integer array; windows_of[s]: rows of segment s in it;
    truth: bool (segments, classes), each class with at least two positives and one negative.

    Per class, n = min(``examples``, positives, negatives) segments with it and n without are drawn, and one
    random window of each: equally many, so that chance depends on n alone. All pairs within the class are
    ranked against all pairs across (one with, one without) by cosine; average precision; mean over classes.
    Where n is below ``examples`` the draw is repeated ceil(examples / n) times and averaged, since a single
    small draw is noisy. (Talk, evaluation 1.)
    """
    precisions, chances = [], []
    for number in range(truth.shape[1]):
        rng = np.random.default_rng([seed, number])
        positives, negatives = np.flatnonzero(truth[:, number]), np.flatnonzero(~truth[:, number])
        n = min(examples, len(positives), len(negatives))
        draws = []
        for _ in range(math.ceil(examples / n)):
            chosen = np.concatenate([rng.choice(positives, n, replace=False), rng.choice(negatives, n, replace=False)])
            rows = np.array([rng.choice(windows_of[segment]) for segment in chosen])
            draws.append(pair_precision(np.asarray(vectors[rows], np.float64), n))
        precisions.append(np.mean(draws))
        chances.append(chance(n))
    return {"mAP": float(np.mean(precisions)), "chance": float(np.mean(chances))}


def pair_precision(vectors: np.ndarray, n: int) -> float:
    """Average precision of pairs within the first n vectors against pairs of one of them and one other.

    vectors (2n, d). A vector of zeros has cosine 0 with everything.
    """
    from sklearn.metrics import average_precision_score

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    within = (unit[:n] @ unit[:n].T)[np.triu_indices(n, 1)]
    across = (unit[:n] @ unit[n:].T).ravel()
    same = np.repeat([True, False], [len(within), len(across)])
    return average_precision_score(same, np.concatenate([within, across]))


def chance(n: int) -> float:
    """Expected average precision of a random ranking of n(n−1)/2 pairs within and n² across.

    Close to the share of pairs within, (n−1)/(3n−1), for large n: 0.331 at n = 100; well above it for small
    n: 0.343 instead of 0.304 at n = 8.
    """
    within, pairs = n * (n - 1) // 2, n * (n - 1) // 2 + n * n
    slope = (within - 1) / (pairs - 1)
    return slope + (1 - slope) * float((1 / np.arange(1, pairs + 1)).sum()) / pairs


def check(truth: np.ndarray, names: Sequence[str], source: str) -> None:
    """C3Error if a class has no pair within it, or none across."""
    metrics.check_classes(truth, names, source, least=2)
