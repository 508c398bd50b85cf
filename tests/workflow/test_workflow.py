"""The real DAG, tiny, from simulated recordings to figures."""

import json
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest
import yaml
from project import copy_project, jobs, snakemake, with_features

from c3.data.store import Features

COLUMNS = ["experiment", "model", "evaluation", "strategy", "budget", "seed", "metric", "value"]
MODELS = ["topline", "correspondence", "stage1", "stage2", "stage3", "stage4"]


def trained(output):
    """The rows that are trained, in the output of Snakemake."""
    return set(re.findall(r"^ +output: results/smoke/models/(\S+)/0.keras", output, flags=re.MULTILINE))


def test_every_number_and_figure_is_there(finished):
    results = finished / "results/smoke"
    metrics = pd.read_csv(results / "metrics.csv")
    assert list(metrics) == COLUMNS
    assert np.isfinite(metrics["value"]).all() and (metrics["experiment"] == "smoke").all()
    for evaluation in ("query_by_example", "shallow_classifier"):
        scored = metrics[(metrics["evaluation"] == evaluation) & (metrics["metric"] == "mAP")]
        assert set(scored["model"]) == {"log_mel", *MODELS}
        assert set(scored["seed"]) == {0, 1}
        assert scored["value"].between(0, 1).all()
    efficiency = metrics[(metrics["evaluation"] == "label_efficiency") & (metrics["metric"] == "mAP")]
    assert {"all", "ceiling", "random", "cluster", "cluster_unpropagated", "cluster_merged", "core_set"} == set(
        efficiency["strategy"]
    )
    assert {"purity", "nmi", "active_clusters"} <= set(metrics[metrics["evaluation"] == "clustering"]["metric"])
    drawn = {path.stem for path in (results / "figures").iterdir()}
    assert {"query_by_example", "shallow_classifier", "label_efficiency", "clustering", "training_curves"} < drawn
    for name in drawn:
        assert (results / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (results / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")


def links_of(page):
    """What an HTML page links to or shows."""
    return re.findall(r'(?:href|src)="(?!#|data:)(.+?)"', page.read_text())


def test_the_page_plays_the_clusters_that_are_portrayed(finished):
    folder = finished / "results/smoke/report"
    page = (folder / "index.html").read_text()
    listed = json.loads((folder / "clusters.json").read_text())
    exemplars = [exemplar for cluster in listed["clusters"] for exemplar in cluster["exemplars"]]
    assert listed["model"] == "stage3" and listed["seed"] == 0 and exemplars
    assert all(exemplar["sound"] and exemplar["sound"] in page for exemplar in exemplars)
    manifest = pd.read_parquet(finished / "results/smoke/manifest.parquet").set_index("segment_id")
    names = pd.read_csv(finished / "results/smoke/classes.csv").set_index("label")["name"]
    clusters = pd.read_parquet(finished / "results/smoke/clusters/stage3/0.parquet").query("split == 'train'")
    for cluster in listed["clusters"]:
        members = clusters[clusters["cluster"] == cluster["cluster"]]
        assert cluster["size"] == len(members)
        for exemplar in cluster["exemplars"]:
            assert exemplar["segment"] in set(members["segment_id"])
            assert exemplar["classes"] == names[list(manifest.loc[exemplar["segment"], "labels"])].tolist()
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file()}
    assert made - {"index.html", "clusters.json"} <= set(links_of(folder / "index.html"))
    assert all((folder / link).is_file() for link in links_of(folder / "index.html"))


def test_the_consolidated_network_recognises_every_segment(finished):
    results = finished / "results/smoke"
    predictions = pd.read_parquet(results / "predictions/stage4/0.parquet").set_index("segment_id")
    index = pd.read_parquet(results / "features/index.parquet")
    assert set(predictions.index) == set(index["segment_id"])
    assert predictions.to_numpy().min() >= 0 and predictions.to_numpy().max() <= 1
    paid_for = set(" ".join(pd.read_csv(results / "labels/stage4/0.asked.csv")["labels"]).split())
    assert set(predictions.columns) == paid_for
    metrics = pd.read_csv(results / "metrics.csv").query("evaluation == 'consolidation' and model == 'stage4'")
    metrics = metrics.set_index("metric")["value"]
    untaught = pd.read_parquet(results / "predictions/stage3/0.parquet")  # knows no class
    assert untaught.columns.tolist() == ["segment_id"] and untaught["segment_id"].tolist() == list(predictions.index)
    assert 0 < metrics["mAP"] <= 1 and metrics["labels_asked"] == 2 and metrics["classes_known"] == len(paid_for)


def test_whole_networks_are_trained_with_more_and_more_labels(finished, tmp_path):
    """Two systems of two budgets: the row that has one of them anyway is not trained again, nor any stage before."""
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    overlay = "evaluation={label_efficiency: {systems: [labels_scratch, labels_paper]}}"
    done = snakemake(folder, "--config", overlay, "--", "evaluation")
    assert done.returncode == 0, done.stdout[-5000:]
    assert trained(done.stdout) == {"labels_scratch-2", "labels_scratch-4", "labels_paper-4"}
    metrics = pd.read_csv(folder / "results/smoke/metrics.csv")
    found = metrics[(metrics["evaluation"] == "system") & (metrics["metric"] == "labels_asked")]
    curves = found.groupby("model", sort=False)["value"].agg(list).to_dict()
    assert list(curves.items()) == [("labels_scratch", [2, 4]), ("labels_paper", [2, 4])]  # the first is compared with
    value = metrics[metrics["metric"] == "mAP"].groupby(["evaluation", "model", "budget"])["value"].mean()
    assert value["system", "labels_paper", 2] == value["consolidation", "stage4", 2]


def test_an_embedding_made_elsewhere_stands_beside_the_others(finished, tmp_path):
    """One line of the config, and a table of vectors: here a copy of stage 1, which must score as stage 1 does."""
    folder = with_features(finished, tmp_path)
    windows = Features(folder / "results/smoke/features/index.parquet").window_table()
    vectors = np.load(finished / "results/smoke/embeddings/stage1/0.npy")
    table = windows.assign(time=(windows["window"] + 0.5) * 0.96, vector=list(vectors))
    table[["segment_id", "time", "vector"]].sample(frac=1, random_state=0).to_parquet(folder / "mine.parquet")
    target = "results/smoke/evaluation/query_by_example/mine.csv"
    done = snakemake(folder, "--config", "embeddings={mine: {vectors: mine.parquet}}", "--", target)
    assert done.returncode == 0, done.stdout[-3000:]
    mine, stage1 = (
        pd.read_csv(place / f"results/smoke/evaluation/query_by_example/{name}.csv")["value"]
        for place, name in ((folder, "mine"), (finished, "stage1"))
    )
    np.testing.assert_allclose(mine, stage1, rtol=1e-6)


def test_no_number_was_paid_for_twice_or_not_at_all(finished):
    metrics = pd.read_csv(finished / "results/smoke/metrics.csv")
    rows = metrics[metrics["evaluation"] == "label_efficiency"]
    asked = rows[(rows["metric"] == "labels_asked") & (rows["strategy"] != "all")]
    assert len(asked) and (asked["value"] <= asked["budget"]).all()
    assert (asked[asked["strategy"] == "random"]["value"] == asked[asked["strategy"] == "random"]["budget"]).all()
    receipt = pd.read_csv(finished / "results/smoke/labels/stage4/0.asked.csv")
    assert len(receipt) == 2 and receipt["segment_id"].is_unique


def test_history_of_each_model(finished):
    for model in MODELS:
        history = pd.read_csv(finished / f"results/smoke/history/{model}/0.csv")
        last = 60 if model in ("topline", "correspondence") else 20  # as long as the three stages, or one of them
        assert list(history["step"]) == list(range(10, last + 1, 10))
        assert {"loss", "auc_audio_visual", "active_clusters", "mean_entropy", "embedding_spread"} < set(history)


def test_paper_and_sweeps_train_only_what_all_has_not(finished, tmp_path):
    """With the seed of `all`: one more row for the paper, one for each other value of a sweep, and all evaluations."""
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    done = snakemake(folder, "--config", "paper={seeds: [0]}", "--", "paper", "sweeps")
    assert done.returncode == 0, done.stdout[-5000:]
    assert trained(done.stdout) == {"proximity", "delta_t-0", "clusters-4"}
    results = folder / "results/smoke"
    paper = pd.read_csv(results / "paper/metrics.csv")
    assert {*MODELS, "log_mel", "proximity"} == set(paper[paper["evaluation"] == "query_by_example"]["model"])
    assert {"kmeans", "medoid", "typiclust", "core_set"} < set(paper["strategy"].dropna())
    # areas hang on how far the other curves reach
    same = (
        pd.read_csv(results / "metrics.csv")
        .query("metric not in ('area', 'share_of_ceiling')")
        .merge(paper, on=COLUMNS[:-1], suffixes=("", "_paper"))
    )
    assert len(same) > 50 and (same["value"] == same["value_paper"]).all()
    np.testing.assert_array_equal(pd.read_parquet(results / "paper/metrics.parquet")["value"], paper["value"])
    swept = pd.read_csv(results / "sweeps/metrics.csv")
    assert {"stage1", "delta_t-0", "stage3", "clusters-4"} == set(swept["model"])
    page = (results / "paper/report.md").read_text()
    value = paper.query("evaluation == 'query_by_example' and model == 'proximity' and metric == 'mAP'")["value"].mean()
    assert "Temporal proximity" in page and f"{value:.3f}" in page
    for link in re.findall(r"\]\((.+?)\)", page):
        assert (results / "paper" / link).exists()
    for link in links_of(results / "paper/report/index.html"):
        assert (results / "paper/report" / link).exists()
    assert f"{value:.3f}" in (results / "paper/report/index.html").read_text()
    assert (results / "sweeps/figures/sweeps.png").exists()


def test_a_frozen_row_trains_on_the_embeddings_of_the_row_before(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    row = "{after: stage2, frozen: true, losses: {clustering: 1.0}, clusters: 16, batch: 64, delta_t: 3}"
    done = snakemake(folder, "--config", f"rows={{frozen: {row}}}", "models=[stage3, frozen]", "--", "train_frozen")
    assert done.returncode == 0, done.stdout[-5000:]
    assert jobs(done.stdout) == {"train", "cluster", "train_frozen"}
    results = folder / "results/smoke"
    made, before = (np.load(results / f"embeddings/{name}/0.npy") for name in ("frozen", "stage2"))
    np.testing.assert_array_equal(made, before)
    assert list(pd.read_csv(results / "history/frozen/0.csv")["step"]) == [10, 20]
    clusters = pd.read_parquet(results / "clusters/frozen/0.parquet")
    assert len(clusters) == len(made) and clusters["cluster"].between(0, 15).all()


def test_heads_alone_are_trained_on_the_vectors_of_an_encoder(finished, tmp_path):
    """A network of this run as if it came from elsewhere gives its own vectors; clusters and classes follow."""
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    embedding = "embeddings={mine: {encoder: results/smoke/models/stage1/0.keras}}"
    losses = "losses: {clustering: 1.0, classification: 1.0}, labels: {strategy: centres, budget: 6}"
    rows = f"rows={{heads: {{after: mine, frozen: true, {losses}, propagated: true, batch: 64}}}}"
    target = "results/smoke/predictions/heads/0.parquet"
    done = snakemake(folder, "--config", embedding, rows, "models=[stage3, heads]", "--", "train_heads", target)
    assert done.returncode == 0, done.stdout[-5000:]
    assert {"encode", "foreign", "label", "train", "cluster"} <= jobs(done.stdout)
    results = folder / "results/smoke"
    np.testing.assert_allclose(
        np.load(results / "embeddings/mine.npy"), np.load(results / "embeddings/stage1/0.npy"), rtol=1e-2, atol=3e-3
    )
    np.testing.assert_array_equal(np.load(results / "embeddings/heads/0.npy"), np.load(results / "embeddings/mine.npy"))
    asked = pd.read_csv(results / "labels/heads/0.asked.csv", dtype=str)
    assert asked["segment_id"].nunique() == 6
    predictions = pd.read_parquet(folder / target).set_index("segment_id")
    assert set(predictions.columns) == set(" ".join(asked["labels"]).split())
    assert predictions.stack().between(0, 1).all()


def test_second_run_has_nothing_to_do(finished):
    again = snakemake(finished, "--dry-run", "all")
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]


def test_a_label_budget_trains_no_unsupervised_stage_again(finished, tmp_path):
    budget = yaml.safe_load((finished / "config/smoke.yaml").read_text())
    budget["rows"]["stage4"]["labels"]["budget"] = 3
    budget["evaluation"]["label_efficiency"]["budgets_of"]["cluster"] = [2, 3]
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(budget))
    planned = snakemake(finished, "--dry-run", "all", config=str(changed))
    assert {"label", "label_efficiency", "metrics", "figures"} <= jobs(planned.stdout), planned.stdout[-3000:]
    assert not jobs(planned.stdout) & {"media", "manifest", "extract", "index"}
    assert trained(planned.stdout) == {"stage4"}


def test_same_seed_same_numbers(finished, tmp_path):
    """Everything after the features, once more, in another folder."""
    folder = with_features(finished, tmp_path)
    done = snakemake(folder, "evaluation")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "extract" not in jobs(done.stdout) and "train" in jobs(done.stdout)
    again = folder / "results/smoke/metrics.csv"
    assert again.read_bytes() == (finished / "results/smoke/metrics.csv").read_bytes()


def test_a_killed_training_goes_on_from_its_checkpoint(finished, tmp_path):
    """kill -9 of the training process after its first checkpoint: the run fails, the next one takes the other steps."""
    folder = with_features(finished, tmp_path)
    results = folder / "results/smoke"
    target = ("--config", "training={steps: 400, evaluate_every: 40}", "--", "train_stage1")
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/smoke.yaml", "--cores", "1", *target]
    first = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (states := list(results.glob("checkpoints/stage1/0/*.json"))):
        assert first.poll() is None
        time.sleep(0.1)
    for process in psutil.Process(first.pid).children(recursive=True):
        if process.is_running() and "scripts/train.py" in process.cmdline():
            process.kill()
    assert first.wait() != 0
    assert not list(results.glob("models/stage1/*"))
    state = json.loads(states[0].read_text())
    assert state["history"][-1]["step"] < 400
    state["history"][0]["loss"] = 123.0  # a mark that only a run that reads the checkpoint carries on
    states[0].write_text(json.dumps(state))
    done = snakemake(folder, *target)
    assert done.returncode == 0, done.stdout[-3000:]
    history = pd.read_csv(results / "history/stage1/0.csv")
    assert list(history["step"]) == list(range(40, 401, 40)) and history["loss"][0] == 123.0
    assert not list(results.glob("checkpoints/stage1/0"))


def test_no_unsupervised_job_has_an_input_with_labels(finished):
    """Only labelling, evaluation and portraits read the manifest's labels; rows with labels read what they paid for."""
    planned = snakemake(finished, "--dry-run", "--forceall", "all")
    inputs = {}
    for block in re.split(r"^\[", planned.stdout, flags=re.MULTILINE):
        lines = [line.strip() for line in block.splitlines()]
        rule = next((line.split()[-1].rstrip(":") for line in lines if line.startswith(("rule ", "localrule "))), None)
        files = next((line.removeprefix("input: ").split(", ") for line in lines if line.startswith("input: ")), [])
        output = next((line for line in lines if line.startswith("output: ")), "")
        if rule:
            inputs[rule, output] = files
    unsupervised = {key: files for key, files in inputs.items() if key[0] in ("train", "cluster")}
    assert len(unsupervised) == 8  # six rows are trained, two assign clusters
    for (rule, output), files in unsupervised.items():
        data = [name for name in files if name.startswith("results/")]
        assert not [name for name in data if "manifest" in name or "classes" in name or ".csv" in name], (rule, output)
        if "models/stage4/" not in output and "models/topline/" not in output:
            assert not [name for name in data if "labels/" in name], (rule, output)
    index = pd.read_parquet(finished / "results/smoke/features/index.parquet")
    labels = set(pd.read_csv(finished / "results/smoke/classes.csv")["label"])
    assert "labels" not in index
    for column in index.select_dtypes(["object", "string"]):
        if column != "frame_times":
            assert not labels & set(index[column].map(str))


def test_no_recording_stands_in_two_splits(finished):
    manifest = pd.read_parquet(finished / "results/smoke/manifest.parquet")
    assert (manifest.groupby("recording_id")["split"].nunique() == 1).all()
    assert set(manifest["split"]) == {"train", "validation", "evaluation"}


def test_report_shows_the_figures_with_captions(finished, tmp_path):
    report = tmp_path / "report.html"
    done = snakemake(finished, "--report", str(report))
    assert done.returncode == 0, done.stdout[-3000:]
    page = report.read_text()
    for name in ("query_by_example", "label_efficiency", "cluster_portrait"):
        assert f"figures/{name}.png" in page


def test_linter_is_content(finished):
    done = snakemake(finished, "--lint", config=None)
    assert done.returncode == 0 and "good condition" in done.stdout, done.stdout


@pytest.mark.parametrize(
    "setting, sentence",
    [
        ("training={stepz: 3}", "unknown key `training.stepz`; allowed are delta_t, steps, batch"),
        ("network={trunk: vgg}", "key `network.trunk` is 'vgg'; allowed: 'resnet10' or 'resnet50'"),
        (
            "rows={stage4: {labels: {budget: 999}}}",
            "rows.stage4.labels.budget is 999, more than the number of clusters",
        ),
    ],
)
def test_wrong_configuration_stops_at_the_start(finished, setting, sentence):
    done = snakemake(finished, "--dry-run", "--config", setting, "--", "all")
    assert done.returncode != 0
    assert sentence in " ".join(done.stdout.split())


def test_more_clusters_than_windows_leaves_nothing_behind(finished, tmp_path):
    """The sentence reaches the terminal, the exit is not zero, and no half-written model is left."""
    folder = copy_project(tmp_path)
    shutil.copytree(finished / "results/smoke/features", folder / "results/smoke/features")
    (folder / "results/smoke/models/stage3").mkdir(parents=True)
    config = json.dumps({"losses": {"audio_audio": 1.0, "clustering": 0.1}})
    command = [sys.executable, "scripts/train.py", "--name", "stage3", "--row", config]
    command += [
        "--training",
        '{"delta_t": 3, "steps": 2, "batch": 8}',
        "--network",
        '{"clusters": 5000}',
        "--seed",
        "0",
    ]
    command += ["--threads", "1", "--index", "results/smoke/features/index.parquet"]
    command += ["--checkpoint", "checkpoint", "--out", "results/smoke/models/stage3/0.keras"]
    command += ["--history", "results/smoke/history/stage3/0.csv", "--about", "{}"]
    command += ["--card", "results/smoke/models/stage3/0.md"]
    command += ["--embeddings", "results/smoke/embeddings/stage3/0.npy"]
    command += ["--predictions", "results/smoke/predictions/stage3/0.parquet"]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("c3: network.clusters is 5000, but results/smoke/features/index.parquet has")
    assert not list((folder / "results/smoke/models/stage3").iterdir())
    assert not (folder / "results/smoke/history").exists() and not (folder / "results/smoke/embeddings").exists()
