"""The shallow classifier: how well does a frozen embedding support a small supervised classifier?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from c3.config import Classifier
from c3.errors import C3Error
from c3.evaluation import metrics

CHUNK = 4096  # windows taken from the embedding at a time: 100 MB of log-mel


def label_sets(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Label sets as numbers: codes (n) into ``hot``, bool (different sets, classes).

    C3Error for a label that is not among ``classes``.
    """
    codes, different = pd.factorize(np.array([",".join(each) for each in labels], object))
    column = {label: number for number, label in enumerate(classes)}
    hot = np.zeros((len(different), len(classes)), bool)
    for row, joined in enumerate(different):
        for label in joined.split(",") if joined else ():
            if label not in column:
                raise C3Error(f"Label {label} is not in classes.csv; allowed are {', '.join(list(classes)[:5])}, …")
            hot[row, column[label]] = True
    return codes, hot


class Bench:
    """One frozen embedding, ready to train classifiers on and to score them.

    vectors: array-like (windows, d) that takes an integer array, aligned with ``windows`` (the window table);
    scored: segment_ids that are scored; truth: bool (scored, classes).
    Inputs are standardised by the mean and deviation of all training windows, which takes no labels.
    """

    def __init__(
        self, vectors, windows: pd.DataFrame, scored: Sequence[str], truth: np.ndarray, classes: Sequence[str]
    ):
        from sklearn.preprocessing import StandardScaler

        self.vectors, self.windows, self.truth, self.classes = vectors, windows, truth, list(classes)
        self.segment = pd.Index(scored).get_indexer(windows["segment_id"])  # -1: not scored
        self.scaler = StandardScaler()
        for rows in _chunks(np.flatnonzero(windows["split"] == "train")):
            self.scaler.partial_fit(vectors[rows])

    def score(self, weak: pd.DataFrame, settings: Classifier, seed: int) -> dict[str, float]:
        """mAP, d_prime and accuracy over the scored segments of a classifier trained on ``weak`` labels.

        weak: segment_id, window, labels.
        """
        rows = self.windows[["segment_id", "window"]].assign(row=np.arange(len(self.windows)))
        weak = weak.merge(rows, on=["segment_id", "window"], validate="one_to_one")
        codes, hot = label_sets(weak["labels"], self.classes)
        network = self._fit(weak["row"].to_numpy(), codes, hot, settings, seed)
        return metrics.classification(self.truth, self._segment_scores(network))

    def _fit(self, rows: np.ndarray, codes: np.ndarray, hot: np.ndarray, settings: Classifier, seed: int):
        """One hidden layer, a sigmoid per class, ``settings.steps`` Adam steps on random batches of the rows.

        The number of steps is the same whatever the embedding and the number of labels.
        """
        from sklearn.neural_network import MLPClassifier

        network = MLPClassifier(
            (settings.units,),
            batch_size=settings.batch,
            learning_rate_init=settings.learning_rate,
            shuffle=False,
            random_state=seed,
        )
        rng = np.random.default_rng(seed)
        targets = hot.astype(np.int64) if hot.shape[1] > 1 else hot[:, 0].astype(np.int64)
        at_once = max(1, CHUNK // settings.batch)
        for first in range(0, settings.steps, at_once):
            steps = min(at_once, settings.steps - first)
            drawn = rng.integers(len(rows), size=steps * settings.batch)
            # without shuffling, one call makes one step for each batch of what it is given
            network.partial_fit(
                self._inputs(rows[drawn]),
                targets[codes[drawn]],
                classes=np.arange(max(2, hot.shape[1])),
            )
        return network

    def _segment_scores(self, network) -> np.ndarray:
        """Mean of the window probabilities of each scored segment, (scored, classes)."""
        total, count = np.zeros(self.truth.shape), np.zeros((len(self.truth), 1))
        for rows in _chunks(np.flatnonzero(self.segment >= 0)):
            probabilities = network.predict_proba(self._inputs(rows))[:, -total.shape[1] :]
            np.add.at(total, self.segment[rows], probabilities)
            np.add.at(count, self.segment[rows], 1)
        return total / count

    def _inputs(self, rows: np.ndarray) -> np.ndarray:
        return self.scaler.transform(np.asarray(self.vectors[rows], np.float32))


def _chunks(rows: np.ndarray):
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
