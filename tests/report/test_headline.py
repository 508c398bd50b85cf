"""The numbers at the end of a run."""

import pandas as pd

from c3.report import headline

COLUMNS = ["model", "evaluation", "strategy", "seed", "metric", "value"]
SCORES = {"log_mel": 0.2, "topline": 0.8, "stage1": 0.4, "stage3": 0.6, "stage4": 0.9}


def write(path, rows):
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return path


def scores(models):
    return [
        (model, evaluation, None, seed, "mAP", SCORES[model] + shift + (0.01 if seed else -0.01))
        for model in models
        for evaluation, shift in (("query_by_example", 0), ("shallow_classifier", 0.05))
        for seed in (0, 1)
    ]


def test_best_row_without_labels_and_best_strategy(tmp_path):
    reductions = [
        ("stage3", "label_efficiency", strategy, seed, "label_reduction_median", value)
        for strategy, seed, value in [
            ("random", None, 9),
            ("cluster", None, 4.25),
            ("cluster", 0, 20),
            ("medoid", None, 3),
        ]
    ]
    table = write(tmp_path / "metrics.csv", scores(SCORES) + reductions)
    assert headline.lines(table, ["stage1", "stage3"]) == [
        "Stage 3 (+ clustering), without labels, mAP: query by example 0.600 (baseline 0.200, topline 0.800); "
        "shallow classifier 0.650 (baseline 0.250, topline 0.850)",
        "Stage 3 (+ clustering), one per cluster, propagated to the cluster: 4.2× fewer labels than with random "
        "segments for the same mAP",
    ]


def test_a_table_with_less_says_less(tmp_path):
    table = write(tmp_path / "metrics.csv", scores(["log_mel", "stage1"]))
    (line,) = headline.lines(table, ["stage1"])
    assert line.startswith("Stage 1: AV coincidence, without labels") and "topline" not in line
    assert headline.lines(table, []) == []
