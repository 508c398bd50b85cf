"""Scores of a multi-label classifier: scikit-learn's numbers, averaged over classes without weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from c3.errors import C3Error


def check_classes(truth: np.ndarray, names: Sequence[str], source: str, least: int = 1) -> None:
    """C3Error naming ``source`` and the first class with fewer than ``least`` positives, or no negative.

    truth: bool (segments, classes).
    """
    positives = truth.sum(axis=0)
    for name, count in zip(names, positives, strict=True):
        if count < least:
            raise C3Error(
                f"{source}: class {name} has {count} positive segments among the {len(truth)} that are "
                f"scored; allowed is at least {least}."
            )
        if count == len(truth):
            raise C3Error(
                f"{source}: class {name} has no negative segment among the {len(truth)} that are scored; "
                "allowed is at least 1."
            )


def classification(truth: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """All scores of a classifier, by metric name; truth bool and scores (segments, classes)."""
    return {
        "mAP": mean_average_precision(truth, scores),
        "d_prime": d_prime(truth, scores),
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
