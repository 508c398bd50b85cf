"""The embedding of segments laid out in a plane, for the eye."""

from __future__ import annotations

import numpy as np

from c3.sphere import unit


def lay_out(vectors, windows_of: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """Segments in the plane, near to each other where their embeddings are: float32 (segments, 2), between 0 and 1.

    vectors: array-like (windows, d); windows_of: the rows of each segment. A segment is the mean of its windows' unit
    vectors; the layout is t-SNE by cosine (van der Maaten, Hinton, JMLR 2008). Distances between far groups mean
    nothing.
    """
    from sklearn.manifold import TSNE

    means = np.stack([unit(np.asarray(vectors[rows], np.float32)).mean(axis=0) for rows in windows_of])
    perplexity = min(30, (len(means) - 1) / 3)
    layout = TSNE(metric="cosine", init="random", perplexity=perplexity, random_state=seed).fit_transform(means)
    low, high = layout.min(axis=0), layout.max(axis=0)
    return ((layout - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
