"""Curves of paid labels, and the label reduction worked by hand."""

import logging

import numpy as np
import pandas as pd
import pytest

from c3.config import Classifier
from c3.evaluation import label_efficiency, results
from c3.evaluation.inputs import Inputs
from c3.evaluation.shallow_classifier import Bench
from c3.labels.strategies import Pool

SETTINGS = Classifier(units=16, steps=30, batch=32)


def points(labels, precision):
    return pd.DataFrame({"labels": labels, "mAP": precision})


def test_reduction_by_hand():
    random = points([8, 16, 32, 64], [0.1, 0.2, 0.3, 0.4])
    c3 = points([8, 16, 32], [0.2, 0.4, 0.5])
    table = label_efficiency.label_reduction(random, c3, targets=3).set_index("mAP")
    # at 0.2: 16 against 8; at 0.3: 32 against 8·√2, half way on the logarithmic axis; at 0.4: 64 against 16
    assert table["reduction"].tolist() == pytest.approx([2, 32 / (8 * np.sqrt(2)), 4])
    assert table.index.tolist() == pytest.approx([0.2, 0.3, 0.4])


def test_a_single_point_has_the_reduction_of_its_point():
    table = label_efficiency.label_reduction(points([8, 32], [0.1, 0.3]), points([8], [0.2]))
    assert table["reduction"].tolist() == pytest.approx([2] * 101)


def test_a_curve_needs_no_fewer_labels_than_itself():
    curve = points([8, 16, 32], [0.1, 0.35, 0.3])
    assert label_efficiency.label_reduction(curve, curve)["reduction"].tolist() == pytest.approx([1] * 101)


def test_a_curve_that_dips_counts_where_it_first_arrives():
    labels, precision = np.array([8, 16, 32, 64]), np.array([0.1, 0.3, 0.2, 0.4])
    assert label_efficiency.labels_needed(labels, precision, 0.3) == pytest.approx(16)
    assert label_efficiency.labels_needed(labels, precision, 0.2) == pytest.approx(8 * np.sqrt(2))
    assert label_efficiency.labels_needed(labels, precision, 0.35) == pytest.approx(32 * 2**0.75)
    assert label_efficiency.labels_needed(labels, precision, 0.1) == 8


@pytest.mark.parametrize(
    "c3", [points([8, 16], [0.5, 0.6]), points([], []), points([8], [0.3])], ids=["above", "empty", "a point above"]
)
def test_curves_without_a_common_range_have_no_reduction(c3):
    table = label_efficiency.label_reduction(points([8, 16], [0.1, 0.2]), c3)
    assert table.columns.tolist() == ["mAP", "random", "c3", "reduction"] and not len(table)


def rows(strategy, budget, seed, precision, asked):
    common = {"strategy": strategy, "budget": budget, "seed": seed}
    return [
        {**common, "metric": "mAP", "value": precision},
        {**common, "metric": "d_prime", "value": 9.0},
        {**common, "metric": "labels_asked", "value": asked},
    ]


def test_curve_is_over_labels_asked_and_complete_budgets():
    numbers = rows("cluster", 8, 0, 0.2, 7) + rows("cluster", 8, 1, 0.4, 8) + rows("cluster", 16, 0, 0.5, 16)
    numbers += rows("all", None, 0, 0.8, 100) + rows("all", None, 1, 0.9, 100)
    table = results("label_efficiency", "stage3", numbers)
    curve = label_efficiency.curve(table, "stage3", "cluster")
    assert curve.to_dict("list") == {
        "labels": [7.5],
        "mAP": [pytest.approx(0.3)],
        "lowest": [0.2],
        "highest": [0.4],
    }
    assert label_efficiency.curve(table, "stage3", "cluster", seed=1)["labels"].tolist() == [8]
    assert label_efficiency.curve(table, "stage3", "all")["mAP"].tolist() == [pytest.approx(0.85)]
    assert not len(label_efficiency.curve(table, "stage3", "absent"))


def test_reductions_for_each_seed_and_for_the_mean():
    numbers = []
    for seed in (0, 1):
        for budget, precision in ((8, 0.1), (16, 0.2), (32, 0.3)):
            numbers += rows("random", budget, seed, precision, budget)
            numbers += rows("cluster", budget, seed, precision + 0.1, budget)
    numbers += rows("all", None, 0, 0.8, 100) + rows("all", None, 1, 0.8, 100)
    found = label_efficiency.reductions(results("label_efficiency", "stage3", numbers), "stage3")
    assert [(row["seed"], row["metric"]) for row in found] == [
        (seed, f"label_reduction_{metric}") for seed in (None, 0, 1) for metric in ("median", "best")
    ]
    assert [row["value"] for row in found] == pytest.approx([2] * 6)


def test_whole_networks_make_curves_and_are_compared_with_the_first():
    """Two systems of two rows each; one needs half of the labels; a row may be one of another name."""
    scratch = {"scratch-8": (8, 0.2), "scratch-16": (16, 0.4)}
    c3 = {"stage4_plus": (4, 0.2), "labels-8": (8, 0.4)}
    table = pd.concat(
        results("consolidation", model, rows("cluster", labels, seed, precision, labels))
        for model, (labels, precision) in {**scratch, **c3, "stage4": (8, 0.9)}.items()
        for seed in (0, 1)
    )
    swept = {"labels_scratch": list(scratch), "labels_plus": list(c3)}
    found = label_efficiency.systems(table, swept)
    assert found["model"].unique().tolist() == list(swept)
    drawn = label_efficiency.curve(found, "labels_plus", evaluation="system")
    assert drawn["labels"].tolist() == [4, 8] and drawn["mAP"].tolist() == [0.2, 0.4]
    reductions = label_efficiency.system_reductions(found, list(swept))
    assert list(reductions) == ["labels_plus"]
    of_mean = [number for number in reductions["labels_plus"] if number["seed"] is None]
    assert [number["metric"] for number in of_mean] == ["label_reduction_median", "label_reduction_best"]
    assert [number["value"] for number in of_mean] == pytest.approx([2, 2])
    assert len(reductions["labels_plus"]) == 2 * 3


def test_the_area_is_the_mean_over_the_logarithm_of_the_labels_that_all_curves_span():
    table = pd.concat(
        results("label_efficiency", "m", rows(strategy, labels, 0, precision, labels))
        for strategy, points_of in {
            "random": [(8, 0.1), (16, 0.2), (32, 0.3), (64, 0.9)],
            "cluster": [(8, 0.2), (32, 0.6)],
            "spread": [(8, 0.0), (32, 0.2)],
            "ceiling": [(8, 0.5), (32, 0.7)],
        }.items()
        for labels, precision in points_of
    )
    found = {(number["metric"], number["strategy"]): number["value"] for number in label_efficiency.areas(table, "m")}
    # from 8 to 32, linear on the logarithmic axis
    areas = {("area", "random"): 0.2, ("area", "cluster"): 0.4, ("area", "spread"): 0.1, ("area", "ceiling"): 0.6}
    shares = {("share_of_ceiling", "cluster"): 0.5, ("share_of_ceiling", "spread"): -0.25}
    assert found == pytest.approx({**areas, **shares})
    assert label_efficiency.areas(table[table["budget"] == 8], "m") == []


def test_models_of_one_table_are_not_mixed():
    """Others with more seeds, other strategies and other numbers change nothing."""
    numbers = []
    for budget, precision in ((8, 0.1), (16, 0.2), (32, 0.3)):
        numbers += rows("random", budget, 0, precision, budget) + rows("cluster", budget, 0, precision + 0.1, budget)
    alone = results("label_efficiency", "stage3", numbers)
    other = [{**row, "seed": seed, "value": 0.9 * row["value"]} for row in numbers for seed in (0, 1)]
    other += rows("kmeans", 8, 0, 0.2, 8)
    both = pd.concat([results("label_efficiency", "stage3_plus", other), alone], ignore_index=True)
    for strategy in ("random", "cluster"):
        curve = label_efficiency.curve(both, "stage3", strategy)
        pd.testing.assert_frame_equal(curve, label_efficiency.curve(alone, "stage3", strategy))
        assert len(curve) == 3
    assert not len(label_efficiency.curve(both, "stage3", "kmeans"))
    assert label_efficiency.reductions(both, "stage3") == label_efficiency.reductions(alone, "stage3")
    assert {row["seed"] for row in label_efficiency.reductions(both, "stage3")} == {None, 0}


@pytest.fixture
def tested(experiment):
    inputs = Inputs(experiment.index, experiment.manifest, experiment.classes)
    segments, truth = inputs.scored("evaluation")
    pools = [Pool.of(table, path) for path, table in zip(experiment.clusters, inputs.clusters(experiment.clusters))]  # noqa: B905
    benches = [Bench(v, inputs.windows, segments, truth, inputs.labels) for v in inputs.vectors(experiment.embeddings)]
    return pools, benches, inputs.manifest


def test_the_curve_rises_and_counts(tested):
    numbers = label_efficiency.evaluate("random", [2, 30], *tested, Classifier(units=32, steps=100, batch=64), [0, 1])
    curve = label_efficiency.curve(results("label_efficiency", "m", numbers), "m", "random")
    assert curve["labels"].tolist() == [2, 30] and curve["mAP"].is_monotonic_increasing
    assert {row["seed"] for row in numbers} == {0, 1}


@pytest.mark.parametrize("strategy", ["random", "cluster", "cluster_unpropagated"])
def test_only_paid_labels_reach_the_classifier(tested, strategy):
    """All labels of the manifest but those paid for are changed to other classes: the numbers stay the same."""
    pools, benches, manifest = tested
    expected = label_efficiency.evaluate(strategy, [4], pools, benches, manifest, SETTINGS, [0])
    paid = paid_segments(strategy, pools[0], manifest)
    assert len(paid) == 4
    changed = {"/m/a": "/m/b", "/m/b": "/m/c", "/m/c": "/m/a"}
    poisoned = manifest.assign(
        labels=[
            labels if segment in paid else [changed[label] for label in labels]
            for segment, labels in zip(manifest["segment_id"], manifest["labels"], strict=True)
        ]
    )
    assert label_efficiency.evaluate(strategy, [4], pools, benches, poisoned, SETTINGS, [0]) == expected
    one = manifest.assign(
        labels=[
            [changed[label] for label in labels] if segment == min(paid) else labels
            for segment, labels in zip(manifest["segment_id"], manifest["labels"], strict=True)
        ]
    )
    assert label_efficiency.evaluate(strategy, [4], pools, benches, one, SETTINGS, [0]) != expected


def paid_segments(strategy, pool, manifest):
    from c3.labels.annotation import GroundTruth
    from c3.labels.strategies import STRATEGIES

    annotator = GroundTruth(manifest)
    STRATEGIES[strategy](pool, 4, np.random.default_rng(0), annotator)
    return set(annotator.asked)


def test_seeds_walk_through_the_networks(tested):
    pools, benches, manifest = tested
    seen = []
    for bench in benches:
        bench.score = lambda weak, settings, seed, bench=bench: seen.append((seed, benches.index(bench))) or {}
    label_efficiency.evaluate("random", [2], pools, benches, manifest, SETTINGS, [5, 6, 7])
    assert seen == [(5, 0), (6, 1), (7, 0)]


def test_a_budget_that_cannot_be_spent_ends_the_curve_and_is_logged(tested, caplog):
    with caplog.at_level(logging.WARNING):
        numbers = label_efficiency.evaluate("cluster", [4, 100, 200], *tested, SETTINGS, [0])
    assert {row["budget"] for row in numbers} == {4}
    assert len(caplog.records) == 1
    assert "Skipped strategy cluster at seed 0" in caplog.text and "the budget is 100" in caplog.text


def test_the_ceiling_asks_for_everything(tested):
    numbers = label_efficiency.evaluate("all", [None], *tested, SETTINGS, [0])
    asked = [row["value"] for row in numbers if row["metric"] == "labels_asked"]
    assert asked == [30] and all(row["budget"] is None for row in numbers)
