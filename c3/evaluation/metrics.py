"""Scores of a multi-label classifier: scikit-learn's numbers, averaged over classes without weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c3.errors import C3Error
from c3.evaluation import LEFT_OUT

PAIR = 2
"""positives that query by example needs of a class"""


def judged(truth: np.ndarray, least: int = 1) -> np.ndarray:
    """Which classes can be judged, bool (classes): those with ``least`` positives or more and a negative.

    truth: bool (segments, classes). Where a part of the data is all there is, rare classes have none: they are learnt
    from, and left out of all averages.
    """
    positives = truth.sum(axis=0)
    return (positives >= least) & (positives < len(truth))


def check_classes(truth: np.ndarray, source: str, least: int = 1) -> None:
    """C3Error naming ``source`` if no class can be judged (:func:`judged`)."""
    if not judged(truth, least).any():
        raise C3Error(
            f"{source}: none of the {truth.shape[1]} classes has {least} or more positive segments and a negative one"
            f" among the {len(truth)} that are scored; allowed is at least one such class."
        )


def left_out(truth: np.ndarray, names: Sequence[str], least: int = 1) -> list[dict]:
    """Numbers that say which classes are left out of the averages: a row each, by name, with its positive segments."""
    positives = truth.sum(axis=0)
    return [
        {"metric": LEFT_OUT, "strategy": names[number], "value": float(positives[number])}
        for number in np.flatnonzero(~judged(truth, least))
    ]


def classification(truth: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """All scores of a classifier, by metric name, over the classes that can be judged (:func:`judged`).

    truth bool and scores (segments, classes).
    """
    kept = judged(truth)
    return {
        "mAP": mean_average_precision(truth[:, kept], scores[:, kept]),
        "d_prime": d_prime(truth[:, kept], scores[:, kept]),
        "accuracy": accuracy(truth, scores),
    }


def mean_average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Unweighted mean over classes of average precision; truth bool and scores (segments, classes)."""
    from sklearn.metrics import average_precision_score

    return float(np.mean([average_precision_score(t, s) for t, s in zip(truth.T, scores.T, strict=True)]))


def accuracy(truth: np.ndarray, scores: np.ndarray) -> float:
    """Share of segments whose highest-scored class is among their labels (hit at 1); (segments, classes) each."""
    return float(truth[np.arange(len(truth)), scores.argmax(axis=1)].mean())


def d_prime(truth: np.ndarray, scores: np.ndarray) -> float:
    """d′ = √2 Φ⁻¹(AUC), AUC being the unweighted mean over classes.

    truth bool and scores (segments, classes). The mean is taken over AUCs, as in the AudioSet papers,
    because one perfectly ranked class has an infinite d′. If all are perfect, AUC counts as half a
    misordered pair short of 1.
    """
    from scipy.special import ndtri
    from sklearn.metrics import roc_auc_score

    auc = np.mean([roc_auc_score(t, s) for t, s in zip(truth.T, scores.T, strict=True)])
    positives = truth.sum(axis=0)
    half_a_pair = 0.5 / (positives * (len(truth) - positives)).sum()
    return float(np.sqrt(2) * ndtri(np.clip(auc, half_a_pair, 1 - half_a_pair)))
