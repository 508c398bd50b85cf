"""What to expect of a classifier, from the labels alone that were paid for: own recordings have no others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import gammaln

FEW = 5
"""a class with fewer labelled segments is told: its numbers say little"""
FOLDS, RESAMPLES = 5, 500


def rarefaction(counts: Sequence[int], labels: int) -> np.ndarray:
    """Classes expected among m of the labels, for m = 1 … ``labels``: float (labels,).

    counts: labelled segments with each class. Σ_c 1 - C(n - n_c, m) / C(n, m): Hurlbert, "The nonconcept of species
    diversity", Ecology, 1971.
    """
    n, m = labels, np.arange(1, labels + 1)[:, None]
    without = n - np.asarray(counts)[None, :]
    few_enough = m <= without
    log_share = _log_choose(without, np.minimum(m, without)) - _log_choose(n, m)
    return (1 - np.where(few_enough, np.exp(log_share), 0)).sum(axis=1)


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def chance_of_a_new_class(counts: Sequence[int], labels: int) -> float:
    """How likely the next label, drawn as those before, shows a class not seen so far: classes seen once, by labels.

    Good, "The population frequencies of species and the estimation of population parameters", Biometrika, 1953.
    """
    return float((np.asarray(counts) == 1).sum() / labels)


def average_precision(vectors: np.ndarray, present: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Cross-validated average precision of one class, and its 95 % interval; NaN with fewer than two on either side.

    vectors (n, d), present bool (n,): the labelled segments. Logistic regression on standardised vectors, in at most
    ``FOLDS`` folds, each with the class's share of positives; the interval is of ``RESAMPLES`` bootstrap resamples of
    the segments with their out-of-fold scores, those without the class left out.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, int(present.sum()), int((~present).sum()))
    if folds < 2:
        return np.nan, np.nan, np.nan
    scores = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        vectors,
        present,
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        method="predict_proba",
    )[:, 1]
    n = len(present)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    resampled = resampled_average_precision(present, scores, times[times[:, present].any(axis=1)])
    return average_precision_score(present, scores), *np.quantile(resampled, [0.025, 0.975])


def resampled_average_precision(present: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Average precision of resamples, float (resamples,), of all at once: one by one they take seconds.

    present: bool (n,). scores: (n,). times: int (resamples, n), how often each is drawn; a resample has a positive.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are one threshold
    drawn = np.cumsum(times[:, order], axis=1)[:, last]
    found = np.cumsum(times[:, order] * present[order], axis=1)[:, last]
    precision = found / np.maximum(drawn, 1)
    return (np.diff(found, axis=1, prepend=0) * precision).sum(axis=1) / found[:, -1]


def table(vectors: np.ndarray, labels: Sequence[Sequence[str]]) -> pd.DataFrame:
    """A row for each class: class, segments with it, average precision, its interval (low, high), share, and a note.

    vectors (n, d) and labels, of the n labelled segments. ``share`` of them has the class: what guessing would reach.
    """
    classes = sorted({label for each in labels for label in each})
    rows = []
    for label in classes:
        present = np.array([label in each for each in labels])
        ap, low, high = average_precision(vectors, present)
        note = f"few examples: label {FEW} or more" if present.sum() < FEW else ""
        rows.append((label, int(present.sum()), ap, low, high, present.mean(), note))
    return pd.DataFrame(rows, columns=["class", "segments", "average_precision", "low", "high", "share", "note"])
