"""Which segments are worth a label, and which windows get it.

Strategies get labels from the annotator and from nowhere else, so what they know is what was paid for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from c3 import clustering, sphere
from c3.errors import C3Error
from c3.labels import facility_location
from c3.labels.annotation import GroundTruth
from c3.labels.mismatch import mismatch

TYPICAL = 2
"""So many times as many segments as are asked for are typical, for :func:`spread`."""
SAMPLE = 10_000
"""So many segments and so many clusters stand for more of them in :func:`cluster_cover`: a table of 0.4 GB."""


class BudgetError(C3Error):
    """The budget is more than the strategy can spend."""


@dataclass(frozen=True)
class Pool:
    """The unlabelled training windows that a strategy chooses from.

    ``windows`` has a row per window: segment_id, window; ``clusters`` (n) is the cluster of each and ``vectors``
    (n, d) its embedding, if there are any; ``source`` is the file named in error messages.
    """

    windows: pd.DataFrame
    clusters: np.ndarray | None
    vectors: np.ndarray | None
    source: str

    @classmethod
    def of(cls, table: pd.DataFrame, source: str, vectors=None, among=None) -> Pool:
        """The pool in a window table (with a column cluster or without): its training windows.

        vectors: array-like, a row for each of the table's; among: bool, the windows to choose from instead.
        """
        chosen = np.flatnonzero(table["split"] == "train" if among is None else among)
        windows = table[["segment_id", "window"]].iloc[chosen].reset_index(drop=True)
        clusters = table["cluster"].to_numpy()[chosen] if "cluster" in table else None
        return cls(windows, clusters, None if vectors is None else vectors[chosen], source)

    def segments(self) -> np.ndarray:
        """The segments of the pool, each once, in table order."""
        return self.windows["segment_id"].unique()

    def unit(self) -> np.ndarray:
        """The embeddings on the unit sphere, (n, d) float32."""
        if self.vectors is None:
            raise C3Error(f"{self.source} came without embeddings; allowed are strategies that need none.")
        return sphere.unit(np.asarray(self.vectors, np.float32))

    def unit_segments(self) -> tuple[np.ndarray, np.ndarray]:
        """The segments, each once, in table order, and of each the mean of its windows' unit vectors, at length 1.

        A label is paid for by segment, so those who choose by segments compare these, (segments, d) float32.
        """
        return sphere.of_segments(self.windows["segment_id"], self.unit())


Strategy = Callable[[Pool, int, np.random.Generator, GroundTruth], pd.DataFrame]


def random(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for ``budget`` random segments; each label goes to all windows of its segment."""
    segments = pool.segments()
    _check(pool, budget, len(segments), "training segments")
    return _ask_segments(pool, segments[rng.permutation(len(segments))], budget, annotator)


def all_labels(pool: Pool, budget: int | None, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for every segment whatever the budget: the ceiling."""
    return _label_segments(pool, pool.segments(), annotator)


def cluster(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for one random member of each of the biggest clusters; its labels go to all members of the cluster.

    The walk goes from the biggest cluster down until the budget is spent or no cluster is left. A member
    whose segment is already paid for costs nothing. A window gets the labels of its own cluster's member
    and no others, even where its segment was asked about for another cluster. (Talk: "Label N biggest
    clusters by rating a random example from each".)
    """
    return _propagate(pool, _random_members(_clusters(pool, budget), rng), budget, annotator)


def cluster_unpropagated(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask as :func:`cluster` does, but label only the windows of the segments asked about."""
    return _ask(pool, _random_members(_clusters(pool, budget), rng), budget, annotator)


def cluster_merged(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the most telling segment of each of ``budget`` groups of clusters; label the segments asked about.

    Not in the paper. The biggest clusters are often about one thing, and a random member of a cluster may hold
    nothing but background; so the network's clusters are merged until as many are left as labels may be asked
    for (Ward's linkage of their mean embeddings), and of each group the segment is shown whose windows speak
    most for the group and least for everything: the greatest mean of z · (mean of the group - mean of all), where
    windows in other groups count as zero. A label is paid for by segment, so the choice is one of segments.
    """
    unit, of_window, means = _means(pool, budget)
    merged = clustering.merge(means, budget)
    everything = unit.mean(axis=0)
    of_segment, _ = pd.factorize(pool.windows["segment_id"])
    windows = np.bincount(of_segment)

    def most_telling(members: np.ndarray) -> int:
        tells = unit[members] @ (unit[members].mean(axis=0) - everything)
        by_segment = np.bincount(of_segment[members], tells, len(windows)) / windows
        return members[by_segment[of_segment[members]].argmax()]

    return _ask(pool, ((members, most_telling(members)) for members in _groups(merged[of_window])), budget, annotator)


def cluster_cover(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the ``budget`` segments that together speak best for all clusters; label the segments asked about.

    Not in the paper. The biggest clusters are often about one thing, and a random member of a cluster may hold
    nothing but background; so the segments are chosen together, and each of the network's clusters, big or small,
    is spoken for by the one of them that speaks best for it (:mod:`c3.labels.facility_location`). A window speaks for a
    cluster by z · (mean of the cluster - mean of all), if that is positive; a segment by the mean over the better
    half of its windows, since a label is paid for by segment. Of more segments or clusters than ``SAMPLE``, or than
    four times the budget where that is more, so many are drawn at random.
    """
    unit, _, means = _means(pool, budget)
    directions = (means - unit.mean(axis=0)).astype(np.float32)
    segments = _groups(pd.factorize(pool.windows["segment_id"])[0])
    _check(pool, budget, len(segments), "training segments")
    many = max(SAMPLE, 4 * budget)
    directions = directions[np.sort(rng.permutation(len(directions))[:many])]
    segments = [segments[place] for place in np.sort(rng.permutation(len(segments))[:many])]
    worth = np.empty((len(segments), len(directions)), np.float32)
    for row, members in zip(worth, segments, strict=True):
        speaks = np.sort(np.maximum(unit[members] @ directions.T, 0), axis=0)
        row[:] = speaks[len(members) // 2 :].mean(axis=0)
    segment_ids = pool.windows["segment_id"].to_numpy()
    chosen = [segment_ids[segments[row][0]] for row in facility_location.choose(worth, budget)]
    return _ask_segments(pool, chosen, budget, annotator)


def kmeans(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """As :func:`cluster`, with ``budget`` clusters by k-means of the embedding in place of the network's."""
    return _propagate(pool, _random_members(_kmeans(pool, budget, rng)[0], rng), budget, annotator)


def medoid(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the medoid of each of ``budget`` clusters by k-medoids; its labels go to the cluster.

    MAL: Zhao, Heittola, Virtanen, "Active learning for sound event classification by clustering unlabeled data",
    ICASSP 2017.
    """
    clusters, medoids = _kmedoids(pool, budget, rng)
    return _propagate(pool, zip(clusters, medoids, strict=True), budget, annotator)


def typiclust(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the most typical member of each of ``budget`` clusters by k-means; label the segments asked about.

    Typical: least mean distance to its 20 nearest neighbours in the cluster. Hacohen, Dekel, Weinshall, "Active
    learning on a budget: opposite strategies suit high and low budgets", ICML 2022.
    """
    from sklearn.neighbors import NearestNeighbors

    unit = pool.unit()

    def most_typical(members: np.ndarray) -> int:
        near = min(20, len(members) - 1)
        if near == 0:
            return members[0]
        distances, _ = NearestNeighbors(n_neighbors=near + 1).fit(unit[members]).kneighbors(unit[members])
        return members[distances[:, 1:].mean(axis=1).argmin()]

    clusters = _kmeans(pool, budget, rng)[0]
    return _ask(pool, ((members, most_typical(members)) for members in clusters), budget, annotator)


def core_set(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for a random window, then ever again for the one furthest from all so far; label the segments asked about.

    Greedy k-centres: Sener, Savarese, "Active learning for convolutional neural networks: a core-set approach",
    ICLR 2018.
    """
    unit = pool.unit()
    _check(pool, budget, len(pool.segments()), "training segments")

    places = np.roll(np.arange(len(unit)), -int(rng.integers(len(unit))))
    shown = _furthest_first(unit, places, [], len(unit))
    return _ask(pool, ((np.array([place]), place) for place in shown), budget, annotator)


def centres(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the segment nearest to each of ``budget`` centres of k-means of the segments; label those asked about.

    Not in the paper.
    """
    segments, unit = pool.unit_segments()
    _check(pool, budget, len(segments), "training segments")
    return _ask_segments(pool, segments[_centres(unit, budget, rng)[0]], budget, annotator)


def spread(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask, of typical segments, ever again for the one furthest from those asked; label the segments asked about.

    Typical: nearest to the centre of one of ``TYPICAL`` times as many clusters (k-means of the segments) as are asked
    for at once. The furthest of all segments would be odd ones; the centres of as many clusters as labels are many of
    the same kind, where one kind is frequent. Of two as far, the one of the bigger cluster: (1 - greatest cosine to
    those asked) · √(segments of its cluster). Goes on from what is answered already. Not in the paper.
    """
    return _in_rounds(pool, budget, rng, annotator, lambda unit, known, count: _spread(unit, known, count, rng))


def mismatch_first(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """First as :func:`spread`, then furthest first where classifier and nearest neighbour disagree; label those asked.

    With answers at hand (:attr:`GroundTruth.batch`, or a person's): segments whose labels by a classifier are others
    than those of the nearest labelled one (:mod:`c3.labels.mismatch`), and of them ever again the one furthest from all
    that were asked; where there are too few, others as far. Zhao, Heittola, Virtanen, "Active learning for sound event
    detection", IEEE/ACM TASLP, 2020, who begin with medoids.
    """

    def choose(unit: np.ndarray, known: list[int], count: int) -> list[int]:
        if not known:
            return _spread(unit, known, count, rng)
        left = np.setdiff1d(np.arange(len(unit)), known)
        answers = [annotator.answers[segment] for segment in np.asarray(pool.segments())[known]]
        first = left[mismatch(unit, known, answers)[left]]
        chosen = list(_furthest_first(unit, first, known, count))
        return chosen + list(_furthest_first(unit, np.setdiff1d(left, chosen), known + chosen, count - len(chosen)))

    return _in_rounds(pool, budget, rng, annotator, choose)


def _in_rounds(
    pool: Pool,
    budget: int,
    rng: np.random.Generator,
    annotator: GroundTruth,
    choose: Callable[[np.ndarray, list[int], int], list[int]],
) -> pd.DataFrame:
    """Ask for as many segments at a time as the annotator answers at once; label the segments asked about.

    choose: unit embeddings of all segments, rows that are answered, how many → rows to be asked about.
    """
    segments, unit = pool.unit_segments()
    _check(pool, budget, len(segments), "training segments")
    place = {segment: number for number, segment in enumerate(segments)}
    while annotator.cost < budget:
        known = [place[segment] for segment in annotator.asked if segment in place]
        for number in choose(unit, known, min(annotator.batch or budget, budget - annotator.cost)):
            annotator.ask(segments[number])
    return _label_segments(pool, annotator.asked, annotator)


def _spread(unit: np.ndarray, known: list[int], count: int, rng: np.random.Generator) -> list[int]:
    left = np.setdiff1d(np.arange(len(unit)), known)
    centres, sizes = _centres(unit[left], min(TYPICAL * count, len(left)), rng)
    return list(_furthest_first(unit, left[centres], known, count, np.sqrt(sizes)))


def ceiling(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for a typical segment of each true class in turn, the most frequent class first; label those asked about.

    What a strategy could reach that knew the labels beforehand. Nobody does, so that it is no choice of a row: it is
    drawn above the others. Typical: nearest to a centre of k-means of the class's segments, as many as there are turns.
    """
    segments, unit = pool.unit_segments()
    _check(pool, budget, len(segments), "training segments")
    pairs = [(label, place) for place, segment in enumerate(segments) for label in annotator.truth[segment]]
    table = pd.DataFrame(pairs, columns=["label", "place"])
    classes = [table.loc[table["label"] == label, "place"].to_numpy() for label in table["label"].value_counts().index]
    turns = -(-budget // len(classes))
    typical = [places[_centres(unit[places], min(turns, len(places)), rng)[0]] for places in classes]
    in_turn = [place for turn in itertools.zip_longest(*typical) for place in turn if place is not None]
    return _ask_segments(pool, segments[in_turn], budget, annotator)


STRATEGIES: dict[str, Strategy] = {
    "all": all_labels,
    "random": random,
    "cluster": cluster,
    "cluster_unpropagated": cluster_unpropagated,
    "cluster_merged": cluster_merged,
    "cluster_cover": cluster_cover,
    "kmeans": kmeans,
    "medoid": medoid,
    "typiclust": typiclust,
    "core_set": core_set,
    "centres": centres,
    "spread": spread,
    "mismatch_first": mismatch_first,
}
"""Name in the configuration → strategy.

Each takes the pool, the budget, a random generator and the annotator, and returns the weak labels of windows:
segment_id, window, labels (list), a row for each window that has any. :class:`BudgetError` if the budget is more
than the strategy can spend.
"""

Members = Iterable[tuple[np.ndarray, int]]
"""Groups of windows, each with the member that is shown to the annotator; all by position in the pool."""


def _random_members(groups: Iterable[np.ndarray], rng: np.random.Generator) -> Members:
    return ((members, members[rng.integers(len(members))]) for members in groups)


def _propagate(pool: Pool, groups: Members, budget: int, annotator: GroundTruth) -> pd.DataFrame:
    """Ask about the shown member of each group until the budget is spent; its labels go to the whole group."""
    segment_ids = pool.windows["segment_id"].to_numpy()
    positions, labels = [], []
    for members, shown in groups:
        if annotator.cost >= budget:
            break
        positions.append(members)
        labels.extend([annotator.ask(segment_ids[shown])] * len(members))
    return _weak_labels(pool, np.concatenate([np.zeros(0, int), *positions]), labels)


def _ask(pool: Pool, groups: Members, budget: int, annotator: GroundTruth) -> pd.DataFrame:
    """Ask about the shown member of each group until the budget is spent; label the segments asked about."""
    segment_ids = pool.windows["segment_id"].to_numpy()
    for _, shown in groups:
        if annotator.cost >= budget:
            break
        annotator.ask(segment_ids[shown])
    return _label_segments(pool, annotator.asked, annotator)


def _clusters(pool: Pool, budget: int) -> list[np.ndarray]:
    """Members of each of the network's clusters, biggest first."""
    return _groups(_assigned(pool, budget))


def _assigned(pool: Pool, budget: int) -> np.ndarray:
    """The network's cluster of each window; :class:`BudgetError` if fewer than ``budget`` have a member."""
    if pool.clusters is None:
        raise C3Error(f"{pool.source} has no column `cluster`; allowed is a clusters file.")
    _check(pool, budget, len(np.unique(pool.clusters)), "clusters that have a member")
    return pool.clusters


def _means(pool: Pool, budget: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit embeddings (n, d), of each window its place among the clusters in use (n,), and their means, float64."""
    active, of_window = np.unique(_assigned(pool, budget), return_inverse=True)
    unit = pool.unit()
    means = np.zeros((len(active), unit.shape[1]))
    np.add.at(means, of_window, unit)
    return unit, of_window, means / np.bincount(of_window)[:, None]


def _groups(clusters: np.ndarray) -> list[np.ndarray]:
    """Positions of the members of each cluster, biggest first."""
    ends = np.cumsum(clustering.sizes(clusters))
    members = np.split(np.argsort(clusters, kind="stable"), ends[:-1])
    return [members[number] for number in clustering.rank(clusters)]


def _kmeans(pool: Pool, k: int, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Members of each of ``k`` clusters of the unit embeddings, biggest first, and the cluster of each window."""
    _check(pool, k, len(pool.segments()), "training segments")
    clusters = clustering.kmeans(pool.unit(), k, int(rng.integers(2**31)))
    return _groups(clusters), clusters


def _kmedoids(pool: Pool, k: int, rng: np.random.Generator) -> tuple[list[np.ndarray], list[int]]:
    """Members and medoid of each of ``k`` clusters, biggest first: from those of k-means, alternate until at rest.

    The medoid is the member nearest to the others in sum, by cosine; each window goes to the nearest medoid. (Park,
    Jun, "A simple and fast algorithm for K-medoids clustering", Expert Systems with Applications, 2009.)
    """
    unit = pool.unit()
    _, clusters = _kmeans(pool, k, rng)
    medoids = None
    for _ in range(20):
        groups = _groups(clusters)
        # by cosine, the sum of distances to the others is least where the cosine to their sum is greatest
        found = [int(members[(unit[members] @ unit[members].sum(axis=0)).argmax()]) for members in groups]
        if found == medoids:
            break
        medoids, clusters = found, (unit @ unit[found].T).argmax(axis=1)
        clusters[found] = np.arange(len(found))  # equal windows must not leave a medoid without a cluster
    groups = _groups(clusters)
    number_of = [clusters[members[0]] for members in groups]
    return groups, [medoids[number] for number in number_of]


def _ask_segments(pool: Pool, segments: Iterable[str], budget: int, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for these segments in turn until the budget is spent; label all windows of those asked about."""
    for segment in segments:
        if annotator.cost >= budget:
            break
        annotator.ask(segment)
    return _label_segments(pool, annotator.asked, annotator)


def _centres(unit: np.ndarray, k: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Of ``k`` clusters by k-means, biggest first: the row of ``unit`` (n, d) nearest to the centre, and the size."""
    groups = _groups(clustering.kmeans(unit, k, int(rng.integers(2**31))))
    nearest = [members[(unit[members] @ unit[members].mean(axis=0)).argmax()] for members in groups]
    return np.array(nearest), np.array([len(members) for members in groups])


def _furthest_first(
    unit: np.ndarray, among: np.ndarray, known: Sequence[int], count: int, weights: np.ndarray | float = 1.0
) -> Iterable[int]:
    """``count`` of the rows ``among``, ever again the one with the greatest (1 - cosine) · weight.

    cosine: the greatest to ``known`` and to those before; with nothing known it begins with the greatest weight.
    """
    cosine = (unit[among] @ unit[known].T).max(axis=1, initial=-1)
    for _ in range(min(count, len(among))):
        place = int(((1 - cosine) * weights).argmax())
        yield int(among[place])
        cosine = np.maximum(cosine, unit[among] @ unit[among[place]])
        cosine[place] = np.inf


def _label_segments(pool: Pool, segments: Sequence[str], annotator: GroundTruth) -> pd.DataFrame:
    """Ask for these segments; label all their windows."""
    answers = {segment: annotator.ask(segment) for segment in segments}
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
