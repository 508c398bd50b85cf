"""The scripts, run on a made-up experiment as a workflow would run them."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from c3.data import manifest

SCRIPTS = Path(__file__).parents[2] / "scripts"
CLASSIFIER = {"units": 16, "steps": 20, "batch": 32, "learning_rate": 0.01}
EVALUATION = {"split": "evaluation", "seeds": [0, 1, 2]}


@pytest.fixture
def script(monkeypatch):
    def run(name, *arguments):
        values = [str(value) for value in arguments]
        monkeypatch.setattr(sys, "argv", [name, *values])
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")

    return run


def common(experiment, classes=None):
    return [
        *("--index", experiment.index),
        *("--manifest", experiment.manifest),
        *("--classes", classes or experiment.classes),
    ]


def test_from_embeddings_to_figures(script, experiment, tmp_path):
    """Every script once; metrics.csv has the agreed columns, models in the order of the tables, and no gaps."""
    inputs = common(experiment)
    by_example = json.dumps({**EVALUATION, "examples": 8})
    with_classifier = json.dumps({**EVALUATION, "classifier": CLASSIFIER})
    tables = []
    for model, options in (("log_mel", []), ("stage3", ["--embeddings", *experiment.embeddings])):
        for name, evaluation in (("query_by_example", by_example), ("shallow_classifier", with_classifier)):
            tables.append(tmp_path / name / f"{model}.csv")
            script(name, "--model", model, *inputs, *options, "--evaluation", evaluation, "--out", tables[-1])
    tables.append(tmp_path / "clustering" / "stage3.csv")
    both = ["--clusters", *experiment.clusters, "--embeddings", *experiment.embeddings]
    quality = [*both, "--evaluation", json.dumps({"seeds": [10, 11]}), "--out", tables[-1]]
    script("clustering_quality", "--model", "stage3", *inputs, *quality)
    for strategy, budgets in (("all", []), ("random", ["--budgets", 2, 8]), ("cluster", ["--budgets", 2, 4])):
        tables.append(tmp_path / "label_efficiency" / f"stage3.{strategy}.csv")
        networks = ["--embeddings", *experiment.embeddings, "--clusters", *experiment.clusters]
        script(
            "label_efficiency",
            *("--model", "stage3", "--strategy", strategy, *budgets, *inputs, *networks),
            *("--evaluation", with_classifier, "--out", tables[-1]),
        )
    for number in range(2):
        script("metrics", "--experiment", "toy", "--tables", *tables, "--out", tmp_path / f"metrics{number}.csv")
    text = (tmp_path / "metrics0.csv").read_text()
    assert text == (tmp_path / "metrics1.csv").read_text()
    metrics = pd.read_csv(tmp_path / "metrics0.csv")
    assert metrics.columns.tolist() == (
        ["experiment", "model", "evaluation", "strategy", "budget", "seed", "metric", "value"]
    )
    assert metrics["value"].notna().all() and (metrics["experiment"] == "toy").all()
    assert metrics["evaluation"].unique().tolist() == (
        ["query_by_example", "shallow_classifier", "label_efficiency", "clustering"]
    )
    assert metrics["model"].drop_duplicates().tolist() == ["log_mel", "stage3"]
    assert sorted(metrics.loc[metrics["evaluation"] == "clustering", "seed"].unique()) == [10, 11]
    ceiling = metrics[metrics["strategy"].eq("all") & metrics["metric"].eq("mAP")]["value"].tolist()
    shallow = metrics[
        metrics["evaluation"].eq("shallow_classifier") & metrics["model"].eq("stage3") & metrics["metric"].eq("mAP")
    ]
    assert shallow["value"].tolist() == ceiling  # all labels are all labels

    script(
        "portraits",
        *("--model", "stage3", *inputs, "--clusters", experiment.clusters[0], "--out", tmp_path / "portraits.npz"),
    )
    history = tmp_path / "history" / "stage3" / "0.csv"
    history.parent.mkdir(parents=True)
    pd.DataFrame({"step": [10, 20], "loss": [2.0, 1.0], "clustering": [-1.0, -2.0]}).to_csv(history)
    names = ["query_by_example", "shallow_classifier", "label_efficiency", "training_curves", "cluster_portrait"]
    files = [tmp_path / "figures" / (name + suffix) for name in names for suffix in (".png", ".pdf")]
    script(
        "figures",
        *("--metrics", tmp_path / "metrics0.csv", "--histories", history),
        *("--portraits", tmp_path / "portraits.npz", "--out", *files),
    )
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == sorted(path.name for path in files)


def test_portraits_show_windows_their_neighbours_and_the_nearest_frames(script, experiment, tmp_path):
    script(
        "portraits",
        *("--model", "stage3", *common(experiment)),
        *("--clusters", experiment.clusters[0], "--out", tmp_path / "portraits.npz"),
    )
    with np.load(tmp_path / "portraits.npz") as opened:
        portraits = dict(opened)
    assert portraits["spectrograms"].shape[1:] == (4, 96, 64) and portraits["context"].shape[1:] == (4, 2, 96, 64)
    from c3.data.store import Features

    features = Features(experiment.index)
    grid = features.grid_windows()
    clusters = pd.read_parquet(experiment.clusters[0])
    row_of = {(row.segment_id, row.window): row.Index for row in clusters.itertuples()}
    checked = {"frame": 0, "no frame": 0, "neighbour": 0, "no neighbour": 0}
    for place, number in enumerate(portraits["cluster"]):
        members = clusters[(clusters["cluster"] == number) & (clusters["split"] == "train")]
        surest = members.sort_values("confidence", ascending=False).drop_duplicates("recording_id").head(4)
        assert portraits["segments"][place].tolist() == [*surest["segment_id"], *[""] * (4 - len(surest))]
        assert portraits["numbers"][place].tolist() == [*surest["window"], *[-1] * (4 - len(surest))]
        for exemplar, window in enumerate(surest.itertuples()):
            np.testing.assert_array_equal(portraits["spectrograms"][place, exemplar], grid[window.Index])
            for side, step in enumerate((-1, 1)):
                row = row_of.get((window.segment_id, window.window + step))
                expected = np.full((96, 64), np.nan) if row is None else grid[row]
                np.testing.assert_array_equal(portraits["context"][place, exemplar, side], expected)
                checked["no neighbour" if row is None else "neighbour"] += 1
            segment = features.index.index[features.index["segment_id"] == window.segment_id][0]
            assert portraits["has_frame"][place, exemplar] == bool(features.frame_counts[segment])
            checked["frame" if features.frame_counts[segment] else "no frame"] += 1
            if features.frame_counts[segment]:  # frames at 0, 1 and 2 s
                nearest = min(round(0.96 * (window.window + 0.5)), 2)
                expected = features.frames(np.array([segment]), np.array([nearest]))[0]
                np.testing.assert_array_equal(portraits["frames"][place, exemplar], expected)
    assert all(checked.values()), checked


def test_labels_and_receipt(script, experiment, tmp_path):
    script(
        "label",
        *("--manifest", experiment.manifest, "--index", experiment.index, "--clusters", experiment.clusters[0]),
        *("--strategy", "cluster", "--budget", 4, "--seed", 0),
        *("--labels", tmp_path / "labels.parquet", "--asked", tmp_path / "asked.csv"),
    )
    weak, asked = pd.read_parquet(tmp_path / "labels.parquet"), pd.read_csv(tmp_path / "asked.csv")
    assert weak.columns.tolist() == ["segment_id", "window", "labels"]
    assert asked["order"].tolist() == [1, 2, 3, 4]
    truth = manifest.read(experiment.manifest).set_index("segment_id")
    assert (truth.loc[asked["segment_id"], "split"] == "train").all()
    assert asked["labels"].tolist() == [" ".join(truth.loc[segment, "labels"]) for segment in asked["segment_id"]]


@pytest.mark.parametrize(
    ("strategy", "budget", "sentence"),
    [("cluster", 99, "0.parquet: the budget is 99, but there are 9 clusters"), ("random", 99, "30 training segments")],
)
def test_too_big_a_budget_stops_with_a_sentence(script, experiment, tmp_path, strategy, budget, sentence):
    with pytest.raises(SystemExit) as stopped:
        script(
            "label",
            *("--manifest", experiment.manifest, "--index", experiment.index, "--clusters", experiment.clusters[0]),
            *("--strategy", strategy, "--budget", budget, "--seed", 0),
            *("--labels", tmp_path / "labels.parquet", "--asked", tmp_path / "asked.csv"),
        )
    assert sentence in str(stopped.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["query_by_example", "shallow_classifier"])
def test_a_class_without_a_positive_is_left_out_and_named(script, experiment, tmp_path, name):
    classes = tmp_path / "classes.csv"
    classes.write_text(experiment.classes.read_text() + "/m/d,Dodo\n")
    tables = []
    for number, path in enumerate((None, classes)):
        evaluation = json.dumps({**EVALUATION, "classifier": CLASSIFIER, "examples": 8})
        options = [*common(experiment, path), "--evaluation", evaluation, "--out", tmp_path / f"{number}.csv"]
        script(name, "--model", "log_mel", *options)
        tables.append(pd.read_csv(tmp_path / f"{number}.csv"))
    before, after = tables
    rows = after[after["metric"] == "left_out"]
    assert rows[["strategy", "value"]].to_numpy().tolist() == [["Dodo", 0.0]]
    assert "left_out" not in set(before["metric"])
    if name == "query_by_example":  # a classifier with one output more starts from other weights
        assert after["value"].dropna().tolist() == [0.0, *before["value"]]


def test_embeddings_of_another_index_are_refused(script, experiment, tmp_path):
    np.save(tmp_path / "0.npy", np.zeros((3, 4), np.float32))
    with pytest.raises(SystemExit, match=r"0\.npy has shape \(3, 4\); allowed is one row for each of the"):
        script(
            "query_by_example",
            *("--model", "m", *common(experiment), "--embeddings", tmp_path / "0.npy"),
            *("--evaluation", json.dumps(EVALUATION), "--out", tmp_path / "table.csv"),
        )


def test_clusters_of_another_index_are_refused(script, experiment, tmp_path):
    table = pd.read_parquet(experiment.clusters[0])
    table.iloc[::-1].to_parquet(tmp_path / "0.parquet", index=False)
    with pytest.raises(SystemExit, match=r"0\.parquet lists other windows than .*index\.parquet"):
        script(
            "clustering_quality",
            *("--model", "m", *common(experiment), "--clusters", tmp_path / "0.parquet"),
            *("--embeddings", experiment.embeddings[0], "--evaluation", json.dumps({"seeds": [0]})),
            *("--out", tmp_path / "table.csv"),
        )
