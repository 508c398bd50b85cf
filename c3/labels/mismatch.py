"""Where what was learnt from some labels and what lies nearest to them disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def mismatch(unit: np.ndarray, known: Sequence[int], labels: Sequence[Sequence[str]]) -> np.ndarray:
    """Which segments a classifier gives other labels than their nearest labelled neighbour has: bool (n,).

    unit: embeddings on the unit sphere (n, d); known: rows with labels; labels: of each of them. The classifier is a
    logistic regression for each label on standardised embeddings; it gives a label from a probability of 0.5 on.
    (Zhao, Heittola, Virtanen, "Active learning for sound event detection", IEEE/ACM TASLP, 2020, section III.)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = sorted({label for each in labels for label in each})
    hot = np.array([[name in each for name in names] for each in labels], bool).reshape(len(known), len(names))
    inputs = StandardScaler().fit_transform(unit)
    predicted = np.zeros((len(unit), len(names)), bool)
    for column in range(len(names)):
        if hot[:, column].all():
            predicted[:, column] = True
        elif hot[:, column].any():
            model = LogisticRegression(max_iter=300).fit(inputs[known], hot[:, column])
            predicted[:, column] = model.predict(inputs)
    neighbour = (unit @ unit[known].T).argmax(axis=1)
    return (predicted != hot[neighbour]).any(axis=1)
