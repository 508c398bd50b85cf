"""Neighbours: the segments that sound most alike, for who listens to one and wants to hear others of its kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from c3.labels.strategies import Pool


def nearest(pool: Pool, asked: Sequence[str], number: int = 3) -> dict[str, list[str]]:
    """For each segment in ``asked``, at most ``number`` others, nearest first.

    Nearest by the cosine of the means of the windows' unit vectors; in a pool with clusters, among the segments with
    the same most frequent cluster.
    """
    segments, means = pool.unit_segments()
    most = _most_frequent(pool) if pool.clusters is not None else np.zeros(len(segments))
    found = {}
    for segment in pd.Index(segments).get_indexer(asked):
        others = np.flatnonzero((most == most[segment]) & (np.arange(len(segments)) != segment))
        order = np.argsort(-(means[others] @ means[segment]), kind="stable")[:number]
        found[segments[segment]] = segments[others[order]].tolist()
    return found


def _most_frequent(pool: Pool) -> np.ndarray:
    """Cluster of most windows of each segment; of equally many, the one with the lowest number."""
    codes, _ = pd.factorize(pool.windows["segment_id"])
    counts = pd.DataFrame({"code": codes, "cluster": pool.clusters}).groupby(["code", "cluster"]).size()
    return counts.groupby("code").idxmax().map(lambda pair: pair[1]).to_numpy()
