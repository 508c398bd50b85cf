"""The annotator counts, and no strategy knows a label that was not paid for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3 import clustering
from c3.annotation import STRATEGIES, BudgetError, GroundTruth, Pool
from c3.config import CLUSTER_STRATEGIES
from c3.errors import C3Error


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


def ask(strategy, manifest, windows, budget, seed):
    annotator = GroundTruth(manifest)
    pool = Pool.of(windows, "clusters.parquet")
    return STRATEGIES[strategy](pool, budget, np.random.default_rng(seed), annotator), annotator


def test_asking_costs_once():
    annotator = GroundTruth(pd.DataFrame({"segment_id": ["a", "b"], "split": "train", "labels": [["x", "y"], ["z"]]}))
    assert annotator.cost == 0
    assert annotator.ask("b") == ("z",)
    assert annotator.ask("a") == ("x", "y")
    assert annotator.ask("b") == ("z",)
    assert annotator.cost == 2 and annotator.asked == ["b", "a"]
    assert annotator.receipt().to_dict("list") == {
        "order": [1, 2],
        "segment_id": ["b", "a"],
        "labels": ["z", "x y"],
    }


@pytest.mark.parametrize("split", ["validation", "evaluation"])
def test_only_training_segments_may_be_asked(split):
    annotator = GroundTruth(pd.DataFrame({"segment_id": ["a"], "split": [split], "labels": [["x"]]}))
    with pytest.raises(C3Error, match=r"segment a; allowed are segments of the split train"):
        annotator.ask("a")
    assert annotator.cost == 0


@settings(deadline=None, max_examples=60)
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


@settings(deadline=None, max_examples=60)
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
    elif strategy == "random":
        assert annotator.cost == budget
    else:
        assert 1 <= annotator.cost <= budget


@settings(deadline=None, max_examples=60)
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


@settings(deadline=None, max_examples=40)
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


@pytest.mark.parametrize("strategy", ["random", *CLUSTER_STRATEGIES])
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
