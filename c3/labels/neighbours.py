"""Neighbours: the segments that sound most alike, for who listens to one and wants to hear others of its kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from c3 import clustering


def nearest(
    windows: pd.DataFrame, vectors: np.ndarray, clusters: np.ndarray | None, asked: Sequence[str], number: int = 3
) -> dict[str, list[str]]:
    """For each segment in ``asked``, at most ``number`` others, nearest first.

    windows: a window table; vectors (n, d) and clusters (n), if there are any: of each window. Nearest by the cosine of
    the means of the windows' unit vectors, among the segments with the same most frequent cluster.
    """
    codes, segments = pd.factorize(windows["segment_id"])
    means = np.zeros((len(segments), vectors.shape[1]), np.float32)
    np.add.at(means, codes, clustering.unit(np.asarray(vectors, np.float32)))
    means = clustering.unit(means)
    most = _most_frequent(codes, clusters) if clusters is not None else np.zeros(len(segments))
    found = {}
    for segment in segments.get_indexer(asked):
        others = np.flatnonzero((most == most[segment]) & (np.arange(len(segments)) != segment))
        order = np.argsort(-(means[others] @ means[segment]), kind="stable")[:number]
        found[segments[segment]] = segments[others[order]].tolist()
    return found


def _most_frequent(codes: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Cluster of most windows of each segment; of equally many, the one with the lowest number."""
    counts = pd.DataFrame({"code": codes, "cluster": clusters}).groupby(["code", "cluster"]).size()
    return counts.groupby("code").idxmax().map(lambda pair: pair[1]).to_numpy()
