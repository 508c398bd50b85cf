"""Consolidation: who answers a label request, and which segments are asked about.

A label is all positive classes of one segment; asking for it costs 1. Strategies get labels from the
annotator and from nowhere else, so what they know is what was paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from c3 import clustering
from c3.errors import C3Error


class BudgetError(C3Error):
    """The budget is more than the strategy can spend."""


class GroundTruth:
    """The annotator simulated from a manifest: answers for training segments, and counts.

    It holds no label of any other split. ``asked`` lists the segments paid for, in order.
    """

    def __init__(self, manifest: pd.DataFrame):
        train = manifest[manifest["split"] == "train"]
        self._labels = {i: tuple(labels) for i, labels in zip(train["segment_id"], train["labels"], strict=True)}
        self._asked: dict[str, tuple[str, ...]] = {}

    def ask(self, segment_id: str) -> tuple[str, ...]:
        """All labels of one segment. Costs 1 the first time, nothing after that."""
        if segment_id not in self._asked:
            if segment_id not in self._labels:
                raise C3Error(f"A label was asked for segment {segment_id}; allowed are segments of the split train.")
            self._asked[segment_id] = self._labels[segment_id]
        return self._asked[segment_id]

    @property
    def asked(self) -> list[str]:
        """Segments paid for, in the order of asking."""
        return list(self._asked)

    @property
    def cost(self) -> int:
        """Number of segments paid for."""
        return len(self._asked)

    def receipt(self) -> pd.DataFrame:
        """What was paid for: order (from 1), segment_id, labels (separated by spaces)."""
        rows = [(n, i, " ".join(labels)) for n, (i, labels) in enumerate(self._asked.items(), start=1)]
        return pd.DataFrame(rows, columns=["order", "segment_id", "labels"])


@dataclass(frozen=True)
class Pool:
    """The unlabelled training windows that a strategy chooses from.

    ``windows`` has a row per window: segment_id, window; ``clusters`` (n) is the cluster of each, if there
    are any; ``source`` is the file named in error messages.
    """

    windows: pd.DataFrame
    clusters: np.ndarray | None
    source: str

    @classmethod
    def of(cls, table: pd.DataFrame, source: str) -> Pool:
        """The pool in a window table (with a column ``cluster`` or without): its training windows."""
        train = table[table["split"] == "train"].reset_index(drop=True)
        clusters = train["cluster"].to_numpy() if "cluster" in train else None
        return cls(train[["segment_id", "window"]], clusters, source)

    def segments(self) -> np.ndarray:
        """The segments of the pool, each once, in table order."""
        return self.windows["segment_id"].unique()


Strategy = Callable[[Pool, int, np.random.Generator, GroundTruth], pd.DataFrame]


def random(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for ``budget`` random segments; each label goes to all windows of its segment."""
    segments = pool.segments()
    _check(pool, budget, len(segments), "training segments")
    return _label_segments(pool, rng.permutation(len(segments))[:budget], annotator)


def all_labels(pool: Pool, budget: int | None, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for every segment whatever the budget: the ceiling."""
    return _label_segments(pool, np.arange(len(pool.segments())), annotator)


def cluster(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for one random member of each of the biggest clusters; its labels go to all members of the cluster.

    The walk goes from the biggest cluster down until the budget is spent or no cluster is left. A member
    whose segment is already paid for costs nothing. A window gets the labels of its own cluster's member
    and no others, even where its segment was asked about for another cluster. (Talk: "Label N biggest
    clusters by rating a random example from each".)
    """
    positions, labels = [], []
    for member_windows, answer in _walk(pool, budget, rng, annotator):
        positions.append(member_windows)
        labels.extend([answer] * len(member_windows))
    return _weak_labels(pool, np.concatenate(positions), labels)


def cluster_unpropagated(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask as :func:`cluster` does, but label only the windows of the segments asked about."""
    for _ in _walk(pool, budget, rng, annotator):
        pass
    return _label_segments(pool, pd.Index(pool.segments()).get_indexer(annotator.asked), annotator)


STRATEGIES: dict[str, Strategy] = {
    "all": all_labels,
    "random": random,
    "cluster": cluster,
    "cluster_unpropagated": cluster_unpropagated,
}
"""Name in the configuration → strategy.

Each takes the pool, the budget, a random generator and the annotator, and returns the weak labels of windows:
segment_id, window, labels (list), a row for each window that has any. :class:`BudgetError` if the budget is more
than the strategy can spend.
"""


def _walk(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth):
    """For each cluster from the biggest down: (positions of its windows, labels of one random member)."""
    if pool.clusters is None:
        raise C3Error(f"{pool.source} has no column `cluster`; allowed is a clusters file.")
    ranked = clustering.rank(pool.clusters)
    _check(pool, budget, len(ranked), "clusters that have a member")
    counts = clustering.sizes(pool.clusters)
    ends = np.cumsum(counts)
    by_cluster = np.argsort(pool.clusters, kind="stable")
    segment_ids = pool.windows["segment_id"].to_numpy()
    for number in ranked:
        if annotator.cost >= budget:
            return
        members = by_cluster[ends[number] - counts[number] : ends[number]]
        drawn = members[rng.integers(len(members))]
        yield members, annotator.ask(segment_ids[drawn])


def _label_segments(pool: Pool, segments: np.ndarray, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the segments at these positions of ``pool.segments()``; label all their windows."""
    names = pool.segments()
    answers = {names[position]: annotator.ask(names[position]) for position in segments}
    segment_ids = pool.windows["segment_id"]
    positions = np.flatnonzero(segment_ids.isin(answers))
    return _weak_labels(pool, positions, [answers[i] for i in segment_ids.iloc[positions]])


def _weak_labels(pool: Pool, positions: np.ndarray, labels: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Windows at ``positions`` with their labels, in table order."""
    order = np.argsort(positions, kind="stable")
    weak = pool.windows.iloc[positions[order]].reset_index(drop=True)
    return weak.assign(labels=[list(labels[n]) for n in order])


def _check(pool: Pool, budget: int, allowed: int, what: str) -> None:
    if budget > allowed:
        raise BudgetError(
            f"{pool.source}: the budget is {budget}, but there are {allowed} {what}; allowed is up to {allowed}."
        )
