"""No strategy knows a label that was not paid for, and each labels what it says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3 import clustering
from c3.config import ASKS_BY, CLUSTER_STRATEGIES, EMBEDDING_STRATEGIES
from c3.errors import C3Error
from c3.labels import strategies
from c3.labels.annotation import GroundTruth, Person
from c3.labels.strategies import STRATEGIES, BudgetError, Pool


def example(seed, segments=12, k=5):
    """A manifest and a clusters table: training, validation and evaluation segments of one to four windows."""
    rng = np.random.default_rng(seed)
    ids = [f"s{number:02d}" for number in range(segments + 4)]
    split = ["train"] * segments + ["validation"] * 2 + ["evaluation"] * 2
    order = rng.permutation(len(ids))
    manifest = pd.DataFrame(
        {
            "segment_id": ids,
            "split": [split[place] for place in order],
            "labels": [[f"label{number}"] for number in range(len(ids))],
        }
    )
    counts = rng.integers(1, 5, len(ids))
    windows = pd.DataFrame(
        {
            "segment_id": np.repeat(ids, counts),
            "split": np.repeat(manifest["split"].to_numpy(), counts),
            "window": np.concatenate([np.arange(count) for count in counts]),
            "cluster": rng.integers(0, k, counts.sum()).astype(np.int32),
        }
    )
    return manifest, windows


def embed(windows):
    """A direction for each cluster, and a little of each window's own."""
    rng = np.random.default_rng(0)
    return np.eye(16)[windows["cluster"]] + rng.normal(size=(len(windows), 16)) / 10


def ask(strategy, manifest, windows, budget, seed, vectors=None):
    annotator = GroundTruth(manifest)
    if strategy in EMBEDDING_STRATEGIES and vectors is None:
        vectors = embed(windows)
    pool = Pool.of(windows, "clusters.parquet", vectors)
    return STRATEGIES[strategy](pool, budget, np.random.default_rng(seed), annotator), annotator


@settings(max_examples=60)
@given(st.sampled_from(sorted(STRATEGIES)), st.integers(0, 10_000), st.integers(1, 5))
def test_what_was_not_paid_for_makes_no_difference(strategy, seed, budget):
    """Every label but the paid ones is changed, in all splits: the outcome stays the same."""
    manifest, windows = example(seed)
    try:
        weak, annotator = ask(strategy, manifest, windows, budget, seed)
    except BudgetError:
        return
    poisoned = manifest.copy()
    unpaid = ~poisoned["segment_id"].isin(annotator.asked)
    poisoned.loc[unpaid, "labels"] = pd.Series([["poison"]] * unpaid.sum(), index=poisoned.index[unpaid])
    again, second = ask(strategy, poisoned, windows, budget, seed)
    pd.testing.assert_frame_equal(weak, again)
    assert second.asked == annotator.asked
    assert not any("poison" in labels for labels in again["labels"])


@settings(max_examples=60)
@given(st.sampled_from(sorted(STRATEGIES)), st.integers(0, 10_000), st.integers(1, 5))
def test_budget_is_kept_and_only_training_windows_are_labelled_once(strategy, seed, budget):
    manifest, windows = example(seed)
    train = set(manifest.loc[manifest["split"] == "train", "segment_id"])
    try:
        weak, annotator = ask(strategy, manifest, windows, budget, seed)
    except BudgetError:
        return
    assert set(weak["segment_id"]) <= train and set(annotator.asked) <= train
    assert not weak.duplicated(["segment_id", "window"]).any()
    if strategy == "all":
        assert set(annotator.asked) == train and len(weak) == (windows["split"] == "train").sum()
    elif strategy in ("random", "core_set", "spread", "mismatch_first"):
        assert annotator.cost == budget
    else:
        assert 1 <= annotator.cost <= budget


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_a_cluster_gets_the_labels_of_one_of_its_members(seed, budget):
    manifest, windows = example(seed)
    try:
        weak, annotator = ask("cluster", manifest, windows, budget, seed)
    except BudgetError:
        return
    train = windows[windows["split"] == "train"]
    labels = manifest.set_index("segment_id")["labels"]
    weak = weak.merge(train, on=["segment_id", "window"])
    sources = []
    for number, members in weak.groupby("cluster"):
        everyone = train[train["cluster"] == number]
        assert len(members) == len(everyone)  # all members, and all with the same labels
        assert members["labels"].map(tuple).nunique() == 1
        source = labels.index[labels.map(tuple) == tuple(members["labels"].iloc[0])][0]
        assert source in set(everyone["segment_id"]) and source in annotator.asked
        sources.append(source)
    assert set(sources) == set(annotator.asked)
    ranked = clustering.rank(train["cluster"].to_numpy())
    assert set(weak["cluster"]) == set(ranked[: weak["cluster"].nunique()])
    free = len(sources) - annotator.cost  # clusters whose draw was already paid for
    assert annotator.cost == budget or len(sources) == len(ranked)
    assert free >= 0


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_without_propagation_the_same_segments_are_asked(seed, budget):
    manifest, windows = example(seed)
    try:
        _, propagated = ask("cluster", manifest, windows, budget, seed)
    except BudgetError:
        return
    weak, annotator = ask("cluster_unpropagated", manifest, windows, budget, seed)
    assert annotator.asked == propagated.asked
    expected = windows[windows["segment_id"].isin(annotator.asked)]
    assert weak[["segment_id", "window"]].to_numpy().tolist() == expected[["segment_id", "window"]].to_numpy().tolist()
    labels = manifest.set_index("segment_id")["labels"]
    assert all(row.labels == labels[row.segment_id] for row in weak.itertuples())


@pytest.mark.parametrize("strategy", ["random", "cluster", "cluster_unpropagated", "core_set"])
def test_a_smaller_budget_asks_for_a_part_of_a_bigger_one(strategy):
    manifest, windows = example(3, segments=40, k=12)
    few = ask(strategy, manifest, windows, 4, 0)[1].asked
    assert ask(strategy, manifest, windows, 9, 0)[1].asked[:4] == few


def test_a_segment_paid_for_is_free_for_its_other_clusters():
    """One segment fills both clusters: the first draw pays, the second is free, the third pays."""
    manifest = pd.DataFrame({"segment_id": ["a", "b"], "split": "train", "labels": [["x"], ["y"]]})
    windows = pd.DataFrame(
        {
            "segment_id": ["a"] * 5 + ["b"],
            "split": "train",
            "window": [0, 1, 2, 3, 4, 0],
            "cluster": [0, 0, 0, 1, 1, 2],
        }
    )
    weak, annotator = ask("cluster", manifest, windows, 2, 0)
    assert annotator.asked == ["a", "b"]
    assert weak["labels"].tolist() == [["x"]] * 5 + [["y"]]


@pytest.mark.parametrize("strategy", CLUSTER_STRATEGIES)
def test_a_budget_beyond_the_clusters_names_file_and_numbers(strategy):
    manifest, windows = example(0)
    with pytest.raises(BudgetError, match=r"clusters\.parquet: the budget is 6, but there are 5 .* up to 5\."):
        ask(strategy, manifest, windows, 6, 0)


def test_a_budget_beyond_the_segments_names_file_and_numbers():
    manifest, windows = example(0)
    with pytest.raises(BudgetError, match=r"the budget is 13, but there are 12 training segments; .* up to 12\."):
        ask("random", manifest, windows, 13, 0)


def test_cluster_strategies_need_clusters():
    manifest, windows = example(0)
    with pytest.raises(C3Error, match=r"clusters\.parquet has no column `cluster`"):
        ask("cluster", manifest, windows.drop(columns="cluster"), 3, 0)


@pytest.mark.parametrize("strategy", sorted(set(EMBEDDING_STRATEGIES) - set(CLUSTER_STRATEGIES)))
def test_embedding_strategies_need_embeddings(strategy):
    manifest, windows = example(0)
    pool = Pool.of(windows, "index.parquet")
    with pytest.raises(C3Error, match=r"index\.parquet came without embeddings"):
        STRATEGIES[strategy](pool, 3, np.random.default_rng(0), GroundTruth(manifest))


def apart(groups=4, segments=10, seed=0):
    """Segments of one window in groups far apart, of one label each; the first of each group is its centre."""
    rng = np.random.default_rng(seed)
    vectors = np.repeat(np.eye(groups), segments, axis=0)
    noise = rng.normal(size=vectors.shape) * 0.05
    noise[::segments] = 0
    ids = [f"s{number:03d}" for number in range(len(vectors))]
    labels = [[f"label{number // segments}"] for number in range(len(vectors))]
    manifest = pd.DataFrame({"segment_id": ids, "split": "train", "labels": labels})
    windows = pd.DataFrame({"segment_id": ids, "split": "train", "window": 0})
    return manifest, windows, vectors + noise


@pytest.mark.parametrize("strategy", sorted(set(EMBEDDING_STRATEGIES) - set(CLUSTER_STRATEGIES)))
def test_groups_far_apart_are_asked_about_once_each(strategy):
    manifest, windows, vectors = apart()
    weak, annotator = ask(strategy, manifest, windows, 4, 0, vectors)
    truth = manifest.set_index("segment_id")["labels"]
    assert sorted(truth[annotator.asked].str[0]) == ["label0", "label1", "label2", "label3"]
    assert all(row.labels == truth[row.segment_id] for row in weak.itertuples())
    assert len(weak) == (40 if strategy in ("kmeans", "medoid") else 4)


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(set(STRATEGIES) - {"all"})),
    st.integers(0, 10_000),
    st.sets(st.integers(0, 11)),
    st.integers(1, 12),
)
def test_a_person_is_never_asked_what_they_have_answered(strategy, seed, answered, budget):
    _, windows = example(seed)
    segments = windows.loc[windows["split"] == "train", "segment_id"].unique()
    answers = {segments[place]: ("owl",) for place in answered}
    person, pool = Person(answers), Pool.of(windows, "clusters.parquet", embed(windows))
    try:
        STRATEGIES[strategy](pool, budget, np.random.default_rng(seed), person)
    except BudgetError:
        return
    new = person.asked[len(answers) :]
    assert set(new) <= set(segments) - set(answers)
    assert len(new) <= max(budget - len(answers), 0)
    if strategy in ("random", "spread", "mismatch_first"):
        assert len(new) == max(budget - len(answers), 0)
    receipt = person.receipt().set_index("segment_id")["labels"]
    assert receipt[list(answers)].tolist() == ["owl"] * len(answers) and receipt[new].tolist() == [""] * len(new)


def test_the_next_sheet_goes_where_the_last_ones_were_not():
    """Two of four far groups are answered: two more labels go to the two others, to typical segments of theirs."""
    _, windows, vectors = apart()
    person = Person({"s003": ("a",), "s017": ("b",)})
    STRATEGIES["spread"](Pool.of(windows, "index.parquet", vectors), 4, np.random.default_rng(0), person)
    groups = sorted(int(segment[1:]) // 10 for segment in person.asked[2:])
    assert groups == [2, 3]


def test_the_ceiling_knows_the_classes_and_is_no_choice_of_a_row():
    """Three segments of a rare class among fifty: it is asked about second, by the segment at its centre."""
    rng = np.random.default_rng(0)
    vectors = np.concatenate([np.array([1, 0, 0]) + rng.normal(size=(47, 3)) * 0.01, np.eye(3)[[1, 1, 1]]])
    vectors[[47, 49], 0] += 0.3, 0.9
    labels = [["often"]] * 47 + [["seldom"]] * 3
    manifest = pd.DataFrame({"segment_id": [f"s{n:02d}" for n in range(50)], "split": "train", "labels": labels})
    windows = manifest[["segment_id", "split"]].assign(window=0)
    annotator = GroundTruth(manifest)
    weak = strategies.ceiling(Pool.of(windows, "index.parquet", vectors), 3, np.random.default_rng(0), annotator)
    assert [int(segment[1:]) >= 47 for segment in annotator.asked] == [False, True, False]
    assert weak["labels"].tolist() == [["often"], ["often"], ["seldom"]]
    assert "ceiling" not in STRATEGIES and "ceiling" not in ASKS_BY


def test_in_batches_as_many_are_asked_and_later_ones_know_the_earlier():
    manifest, windows, vectors = apart()
    pool = Pool.of(windows, "index.parquet", vectors)
    for batch, strategy in itertools.product((1, 3, None), ("spread", "mismatch_first")):
        annotator = GroundTruth(manifest, batch)
        STRATEGIES[strategy](pool, 7, np.random.default_rng(0), annotator)
        assert annotator.cost == 7
        first = [int(segment[1:]) // 10 for segment in annotator.asked[:4]]
        assert sorted(first) == [0, 1, 2, 3]


def test_merged_clusters_are_asked_about_by_their_most_telling_segment():
    """Eight clusters, two in each of four far groups: one label a group, for the segment that says most of it."""
    manifest, windows, vectors = apart()
    rng = np.random.default_rng(0)
    halves = np.arange(40) // 10 * 2 + rng.integers(0, 2, 40)
    windows = pd.concat([windows, windows.assign(window=1).iloc[::2]], ignore_index=True)  # every other one has two
    halves, vectors = np.concatenate([halves, halves[::2]]), np.concatenate([vectors, -vectors[::2]])
    table = windows.assign(cluster=np.where(windows["window"] == 1, 8, halves))  # the second is something else
    weak, annotator = ask("cluster_merged", manifest, table, 5, 0, vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    group = np.where(windows["window"] == 1, 4, np.arange(len(windows)) // 10)
    best = set()
    for number in range(5):
        mine = np.flatnonzero(group == number)
        tells = pd.Series(unit[mine] @ (unit[mine].mean(axis=0) - unit.mean(axis=0)), windows["segment_id"][mine])
        best.add((tells / windows["segment_id"].value_counts()[tells.index]).idxmax())
    assert set(annotator.asked) == best
    assert set(weak["segment_id"]) == set(annotator.asked)  # labels stay with their segments


def test_segments_are_chosen_that_speak_for_all_clusters():
    """Eight clusters in four far groups, uneven windows: the best of all choices, with worths worked out by hand."""
    manifest, windows, vectors = apart(segments=4)
    groups, rng = np.repeat(range(4), 4), np.random.default_rng(0)
    table = windows.assign(cluster=groups * 2 + rng.integers(0, 2, 16))
    more = np.flatnonzero(rng.integers(0, 2, 16))  # these get a second and a third window: one like it, one of nothing
    table = pd.concat([table, *(table.iloc[more].assign(window=number) for number in (1, 2))], ignore_index=True)
    noise = rng.normal(size=vectors[more].shape) / 3
    vectors = np.concatenate([vectors, vectors[more] + noise, noise])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    active = np.unique(table["cluster"])
    towards = np.stack([unit[table["cluster"] == number].mean(axis=0) for number in active]) - unit.mean(axis=0)
    worth = {}
    for segment, members in table.groupby("segment_id").groups.items():
        speaks = np.sort(np.clip(unit[members] @ towards.T, 0, None), axis=0)[::-1]
        worth[segment] = speaks[: {1: 1, 3: 2}[len(members)]].mean(axis=0)

    def total(few):
        return np.max([worth[segment] for segment in few], axis=0).sum()

    for budget in (1, 2, 4, 5):
        weak, annotator = ask("cluster_cover", manifest, table, budget, 0, vectors)
        best = max(total(few) for few in itertools.combinations(worth, budget))
        assert annotator.cost == budget and total(annotator.asked) == pytest.approx(best, rel=1e-6)
        assert set(weak["segment_id"]) == set(annotator.asked)  # labels stay with their segments
        assert len(weak) == table["segment_id"].isin(annotator.asked).sum()


def test_a_sample_stands_for_more_segments_and_clusters_than_can_be_compared(monkeypatch):
    monkeypatch.setattr(strategies, "SAMPLE", 5)
    manifest, windows = example(0, segments=40, k=16)
    whole = {tuple(ask("cluster_cover", manifest, windows, 1, seed)[1].asked) for seed in range(10)}
    assert len(whole) > 1  # another sample, another choice
    assert len(ask("cluster_cover", manifest, windows, 16, 0)[1].asked) == 16  # the sample grows with the budget


@pytest.mark.parametrize("seed", range(5))
def test_medoids_are_nearest_to_the_others_by_hand(seed):
    manifest, windows, vectors = apart(seed=seed)
    _, annotator = ask("medoid", manifest, windows, 4, seed, vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = ((unit[:, None] - unit[None]) ** 2).sum(axis=-1)
    for group in range(4):
        members = slice(10 * group, 10 * group + 10)
        best = 10 * group + distances[members, members].sum(axis=1).argmin()
        assert f"s{best:03d}" in annotator.asked


def test_the_most_typical_member_by_hand():
    manifest, windows, vectors = apart()
    _, annotator = ask("typiclust", manifest, windows, 4, 0, vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = np.linalg.norm(unit[:, None] - unit[None], axis=-1)
    for group in range(4):
        members = slice(10 * group, 10 * group + 10)
        best = 10 * group + distances[members, members].mean(axis=1).argmin()  # all nine others are its neighbours
        assert f"s{best:03d}" in annotator.asked


def test_core_set_asks_for_the_furthest_by_hand():
    manifest, windows = example(5, segments=20)
    train = windows[windows["split"] == "train"].reset_index(drop=True)
    vectors = embed(windows)
    _, annotator = ask("core_set", manifest, windows, 6, 2, vectors)
    unit = vectors[(windows["split"] == "train").to_numpy()]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    chosen = [int(np.random.default_rng(2).integers(len(unit)))]
    while train["segment_id"][chosen].nunique() < 6:
        chosen.append(int(np.min([np.linalg.norm(unit - unit[c], axis=1) for c in chosen], axis=0).argmax()))
    assert annotator.asked == list(dict.fromkeys(train["segment_id"][chosen]))


def test_core_set_of_equal_windows_comes_to_an_end():
    manifest, windows, vectors = apart()
    assert ask("core_set", manifest, windows, 40, 0, np.ones_like(vectors))[1].cost == 40


def test_random_draws_differ_by_seed_and_are_uniform():
    manifest, windows = example(1)
    drawn = [ask("random", manifest, windows, 3, seed)[1].asked for seed in range(300)]
    share = pd.Series(np.concatenate(drawn)).value_counts() / 300
    assert len(share) == 12 and share.between(0.15, 0.36).all()


def test_members_are_drawn_uniformly_over_windows():
    """A segment with three windows of a cluster stands three times the chance of one with one."""
    manifest = pd.DataFrame({"segment_id": ["a", "b"], "split": "train", "labels": [["x"], ["y"]]})
    windows = pd.DataFrame({"segment_id": ["a", "a", "a", "b"], "split": "train", "window": [0, 1, 2, 0], "cluster": 0})
    drawn = [ask("cluster", manifest, windows, 1, seed)[1].asked[0] for seed in range(400)]
    assert 0.68 < np.mean([segment == "a" for segment in drawn]) < 0.82
