"""Labels given on to segments that nobody was asked about, along a graph of nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from c3 import sphere

NEIGHBOURS = 10
"""Of each segment in the graph."""
RIDGE = 1e-6
"""Keeps the equations solvable where no label can be reached; of the order of a lost digit elsewhere."""


def graph(unit: np.ndarray) -> sparse.csr_matrix:
    """Symmetric weights (n, n) of the ``NEIGHBOURS`` nearest of each row: exp(-4 · (distance / distance of the last)²).

    unit: vectors on the unit sphere (n, d).
    """
    from sklearn.neighbors import NearestNeighbors

    distances, near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(unit) - 1)).fit(unit).kneighbors()
    scale = np.maximum(distances[:, -1:], np.finfo(unit.dtype).eps)
    weights = np.exp(-4 * (distances / scale).astype(float) ** 2)
    rows = np.repeat(np.arange(len(unit)), near.shape[1])
    table = sparse.csr_matrix((weights.ravel(), (rows, near.ravel())), (len(unit), len(unit)))
    return table.maximum(table.T)


def laplace(weights: sparse.csr_matrix, known: Sequence[int], values: np.ndarray) -> np.ndarray:
    """Values of all from those of a few: each is the mean of its neighbours', weighted more, the nearer labels are.

    With few labels the harmonic function of the bare graph is nearly the same everywhere but at the labels themselves.
    So an edge weighs γ(i) γ(j) times as much, where γ - 1 is the solution of the Poisson equation with a source at each
    label, over its median. (Calder, Slepčev, "Properly-weighted graph Laplacian for semi-supervised learning", Applied
    Mathematics and Optimization, 2020; Miller, Calder, "Poisson reweighted Laplacian uncertainty sampling for
    graph-based active learning", SIAM Journal on Mathematics of Data Science, 2023.)

    Args:
        weights: symmetric (n, n), as of :func:`graph`.
        known: rows whose values are known.
        values: (known, m), each from 0 to 1.

    Returns:
        (n, m): ``values`` at ``known``; about 0 where no path leads to any of them.
    """
    from scipy.sparse.csgraph import connected_components

    known = np.asarray(known)
    rest = np.setdiff1d(np.arange(weights.shape[0]), known)
    _, part = connected_components(weights, directed=False)
    source = np.bincount(known, minlength=len(part)) / len(known)
    source -= (np.bincount(part, source) / np.bincount(part))[part]
    height = _solve(_laplacian(weights), source)
    lowest = np.full(part.max() + 1, np.inf)
    np.minimum.at(lowest, part, height)
    height -= lowest[part]
    middle = np.median(height)
    gamma = sparse.diags(1 + height / middle if middle > 0 else np.ones(len(part)))
    laplacian = _laplacian((gamma @ weights @ gamma).tocsr())
    result = np.zeros((len(part), values.shape[1]))
    result[known] = values
    between = laplacian[rest]
    for column in range(values.shape[1] if len(rest) else 0):
        result[rest, column] = _solve(between[:, rest], -(between[:, known] @ result[known, column]))
    return result


def propagate(labels: pd.DataFrame, windows: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """Weak labels (segment_id, window, labels) and what follows from them: with a column ``weight``.

    A segment without labels gets all those of the labelled ones that :func:`laplace` finds it to be most like, with a
    weight as great as its lead over what comes next. All of these together weigh as much as what was labelled, where a
    window weighs 1. Where all that is labelled carries the same labels, nothing follows.

    windows, embeddings: a window table and the embedding (n, d) of each window, of which the training windows and those
    with labels are used.
    """
    usable = np.flatnonzero((windows["split"] == "train") | windows["segment_id"].isin(labels["segment_id"]))
    windows = windows[["segment_id", "window"]].iloc[usable].reset_index(drop=True)
    segments, unit = sphere.of_segments(windows["segment_id"], sphere.unit(np.asarray(embeddings[usable], np.float32)))
    said = labels.drop_duplicates("segment_id").set_index("segment_id")["labels"].map(tuple)
    known = np.flatnonzero(np.isin(segments, said.index))
    kind, kinds = pd.factorize(said.loc[segments[known]])
    labels = labels.assign(weight=1.0)
    if len(kinds) < 2:
        return labels
    like = laplace(graph(unit), known, np.eye(len(kinds))[kind])
    second, first = np.sort(like, axis=1)[:, -2:].T
    lead = np.clip(first - second, 0, 1)
    lead[known] = 0
    place = pd.Index(segments).get_indexer(windows["segment_id"])
    follows = windows.assign(
        labels=[list(kinds[each]) for each in like.argmax(axis=1)[place]], weight=lead[place]
    ).query("weight > 0")
    if follows.empty:
        return labels
    follows["weight"] *= len(labels) / follows["weight"].sum()
    return pd.concat([labels, follows], ignore_index=True)


def _laplacian(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    return (sparse.diags(np.asarray(weights.sum(axis=1)).ravel()) - weights).tocsr()


def _solve(matrix: sparse.csr_matrix, right: np.ndarray) -> np.ndarray:
    """matrix @ x = right by conjugate gradients, scaled by the diagonal."""
    from scipy.sparse.linalg import cg

    diagonal = matrix.diagonal() + RIDGE
    return cg(
        matrix + RIDGE * sparse.identity(len(right)), right, rtol=1e-8, maxiter=5000, M=sparse.diags(1 / diagonal)
    )[0]
