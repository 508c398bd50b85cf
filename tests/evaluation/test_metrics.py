"""Scores against independent formulas."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from c3.errors import C3Error
from c3.evaluation import gap_recovered, metrics, results, summary


def average_precision_by_hand(truth, scores):
    """Mean of the precision at each positive, ranks from the top; no ties."""
    order = np.argsort(-scores)
    hits = truth[order]
    return (np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()


def auc_by_hand(truth, scores):
    """Share of (positive, negative) pairs in the right order; ties count half."""
    pairs = scores[truth][:, None] - scores[~truth][None, :]
    return ((pairs > 0) + 0.5 * (pairs == 0)).mean()


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    truth = rng.random((60, 4)) < 0.3
    return truth, truth + rng.normal(size=truth.shape)


def test_mean_average_precision(scored):
    truth, scores = scored
    expected = np.mean([average_precision_by_hand(t, s) for t, s in zip(truth.T, scores.T, strict=True)])
    assert metrics.mean_average_precision(truth, scores) == pytest.approx(expected, rel=1e-9)


def test_d_prime(scored):
    truth, scores = scored
    auc = np.mean([auc_by_hand(t, s) for t, s in zip(truth.T, scores.T, strict=True)])
    assert metrics.d_prime(truth, scores) == pytest.approx(np.sqrt(2) * norm.ppf(auc), rel=1e-9)


def test_d_prime_of_chance_is_zero_and_of_perfection_finite():
    truth = np.array([[True], [True], [False], [False]])
    assert metrics.d_prime(truth, np.zeros((4, 1))) == pytest.approx(0)
    assert 0 < metrics.d_prime(truth, truth.astype(float)) < 10
    assert -10 < metrics.d_prime(truth, -truth.astype(float)) < 0


def test_averages_are_over_the_classes_that_can_be_judged():
    """A class without a positive, and one without a negative, between two that have both: they change nothing."""
    rng = np.random.default_rng(0)
    truth, scores = rng.random((30, 4)) < 0.3, rng.random((30, 4))
    truth[:, 1], truth[:, 2] = False, True
    assert metrics.judged(truth).tolist() == [True, False, False, True]
    of_two = metrics.classification(truth[:, [0, 3]], scores[:, [0, 3]])
    of_four = metrics.classification(truth, scores)
    assert of_four["mAP"] == of_two["mAP"] and of_four["d_prime"] == of_two["d_prime"]
    assert metrics.left_out(truth, list("abcd")) == [
        {"metric": "left_out", "strategy": "b", "value": 0.0},
        {"metric": "left_out", "strategy": "c", "value": 30.0},
    ]


def test_no_class_at_all_to_judge_is_refused():
    truth = np.array([[True, False], [False, False]])
    metrics.check_classes(truth, "m.parquet")
    with pytest.raises(C3Error, match=r"m\.parquet: none of the 2 classes has 2 or more positive .* among the 2 that"):
        metrics.check_classes(truth, "m.parquet", least=2)
    with pytest.raises(C3Error, match="none of the 1 classes has 1 or more"):
        metrics.check_classes(np.ones((2, 1), bool), "m.parquet")


def test_the_summary_counts_what_is_left_out():
    numbers = [{"seed": 0, "metric": "mAP", "value": 0.5}]
    numbers += [{"metric": "left_out", "strategy": name, "value": 0.0} for name in ("Caw", "Dodo")]
    table = results("shallow_classifier", "stage3", numbers)
    assert summary(table) == {"shallow_classifier": {"stage3": {"mAP": 0.5, "left_out": 2}}}


def test_what_does_not_apply_is_empty():
    table = results("clustering", "stage3", [{"seed": 1, "metric": "purity", "value": 0.5}])
    assert table.to_csv(index=False).splitlines() == [
        "model,evaluation,strategy,budget,seed,metric,value",
        "stage3,clustering,,,1,purity,0.5",
    ]


def test_accuracy_counts_the_highest_scored_class():
    truth = np.array([[True, False, True], [False, True, False], [True, False, False]])
    scores = np.array([[0.1, 0.2, 0.9], [0.5, 0.4, 0.1], [0.8, 0.1, 0.2]])
    assert metrics.accuracy(truth, scores) == pytest.approx(2 / 3)
    assert metrics.classification(truth, scores)["accuracy"] == metrics.accuracy(truth, scores)


def test_gap_recovered_by_hand():
    numbers = {"log_mel": (0.2, 0.3), "stage3": (0.3, 0.25), "topline": (0.4, 0.5)}
    tables = [
        results("shallow_classifier", model, [{"seed": n, "metric": "mAP", "value": v} for n, v in enumerate(values)])
        for model, values in numbers.items()
    ]
    table = pd.concat(tables)
    shares = gap_recovered(table, "shallow_classifier", "stage3")
    assert [row["value"] for row in shares] == pytest.approx([0.5, -0.25])
    assert gap_recovered(table, "shallow_classifier", "log_mel") == []
    assert gap_recovered(table[table["model"] != "topline"], "shallow_classifier", "stage3") == []
    assert gap_recovered(table, "query_by_example", "stage3") == []
    # augmented as the others are, it is the end of the way
    plus = table[table["model"] == "topline"].assign(model="topline_plus", value=[0.6, 0.8])
    shares = gap_recovered(pd.concat([table, plus]), "shallow_classifier", "topline")
    assert [row["value"] for row in shares] == pytest.approx([0.5, 0.4])
    # one seed's baseline is as good as another's topline
    close = table.assign(value=table["value"].where((table["model"] != "log_mel") | (table["seed"] == 0), 0.4))
    assert gap_recovered(close, "shallow_classifier", "stage3") == []


def test_summary_has_means_over_seeds_and_the_numbers_of_mean_curves():
    efficiency = [
        {"strategy": "random", "budget": 8, "seed": 0, "metric": "mAP", "value": 0.9},
        {"strategy": "cluster", "seed": 0, "metric": "label_reduction_median", "value": 7.0},
        {"strategy": "cluster", "metric": "label_reduction_median", "value": 2.0},
    ]
    query = [{"seed": seed, "metric": "mAP", "value": value} for seed, value in enumerate([0.25, 0.5])]
    consolidation = [{"strategy": "cluster", "budget": 8, "seed": 0, "metric": "labels_asked", "value": 8}]
    table = pd.concat(
        [
            results("query_by_example", "stage1", query),
            results("label_efficiency", "stage1", efficiency),
            results("consolidation", "stage4", consolidation),
        ]
    )
    assert summary(table) == {
        "query_by_example": {"stage1": {"mAP": 0.375}},
        "consolidation": {"stage4": {"cluster": {"labels_asked": 8}}},
        "label_efficiency": {"stage1": {"cluster": {"label_reduction_median": 2.0}}},
    }
