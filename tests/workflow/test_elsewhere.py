"""The code in one place, the results in another; the workflow as a module of another; experiments of other shapes."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml
from project import PROJECT, copy_project, jobs, with_features

MODULE = """
configfile: "experiment.yaml"


module c3:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from c3 as c3_*


rule mine:
    input:
        "results/smoke/manifest.parquet",
    output:
        "mine.txt",
    default_target: True
    shell:
        "wc -c {{input}} > {{output}}"
"""


@pytest.fixture(scope="module")
def smoke():
    return yaml.safe_load((PROJECT / "config/smoke.yaml").read_text())


def run(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_code_here_results_there(tmp_path):
    """Another folder, with nothing in it: the shipped configuration holds, and nothing is written beside the code."""
    (tmp_path / "code").mkdir()
    (tmp_path / "scratch").mkdir()
    code = copy_project(tmp_path / "code")
    before = sorted(path for path in code.rglob("*") if "__pycache__" not in path.parts)
    place = ("--snakefile", code / "workflow/Snakefile", "--directory", tmp_path / "scratch")
    done = run(tmp_path, *place, "--configfile", code / "config/smoke.yaml", "--", "features")
    assert done.returncode == 0, done.stdout[-5000:]
    results = tmp_path / "scratch/results/smoke"
    assert len(pd.read_parquet(results / "features/index.parquet")) > 40
    assert sorted(path for path in code.rglob("*") if "__pycache__" not in path.parts) == before
    again = run(tmp_path, *place, "--configfile", code / "config/smoke.yaml", "--dry-run", "--", "features")
    assert "Nothing to be done" in again.stdout

    with (code / "c3/data/features.py").open("a") as text:
        text.write("# another thought\n")
    changed = run(tmp_path, *place, "--configfile", code / "config/smoke.yaml", "--dry-run", "--", "features")
    assert {"extract", "index"} <= jobs(changed.stdout)  # it is the code beside the workflow that counts


def test_the_working_directory_may_have_a_configuration_of_its_own(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("experiment: mine\nstorage: {shards: 7}\n")
    done = run(tmp_path, "--snakefile", PROJECT / "workflow/Snakefile", "--dry-run", "all")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "results/mine/features/shard-006.npy" in done.stdout and "results/mine/metrics.csv" in done.stdout


def test_a_module_of_another_workflow(tmp_path, smoke):
    """With only what it changes as its configuration; its rules run under another name, its files are known."""
    (tmp_path / "workflow").mkdir()
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(smoke))
    (tmp_path / "workflow/Snakefile").write_text(MODULE.format(snakefile=PROJECT / "workflow/Snakefile"))
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout[-5000:]
    assert jobs(done.stdout) == {"c3_media", "c3_manifest", "mine"}
    assert (tmp_path / "mine.txt").exists()
    planned = run(tmp_path, "--dry-run", "c3_all")
    assert {"c3_train", "c3_metrics", "c3_figures"} <= jobs(planned.stdout), planned.stdout[-3000:]


def test_supervised_rows_alone_without_label_efficiency(finished, tmp_path):
    """Rows that have no clusters, no strategy, no sweep: what is there is evaluated and drawn."""
    folder = with_features(finished, tmp_path)
    overlay = {
        "rows": {"topline_short": {"losses": {"triplet_labels": 1.0}, "labels": {"strategy": "all"}, "steps": 10}},
        "models": ["topline", "topline_short"],
        "evaluation": {"label_efficiency": {"models": []}},
    }
    (folder / "own.yaml").write_text(yaml.safe_dump(overlay))
    done = run(folder, "--configfile", "config/smoke.yaml", "own.yaml", "--", "all")
    assert done.returncode == 0, done.stdout[-5000:]
    assert not jobs(done.stdout) & {"label_efficiency", "cluster", "clustering_quality", "portraits"}
    metrics = pd.read_csv(folder / "results/smoke/metrics.csv")
    assert set(metrics["model"]) == {"log_mel", "topline", "topline_short"}
    assert set(metrics["evaluation"]) == {"query_by_example", "shallow_classifier"}
    drawn = {path.stem for path in (folder / "results/smoke/figures").iterdir()}
    assert drawn == {"query_by_example", "shallow_classifier", "embedding_map", "training_curves"}


def test_label_efficiency_of_a_row_without_clusters(finished, tmp_path):
    folder = with_features(finished, tmp_path)
    efficiency = {"models": ["topline"], "strategies": ["random", "kmeans", "core_set"]}
    overlay = {"models": ["topline"], "evaluation": {"label_efficiency": efficiency}}
    (folder / "own.yaml").write_text(yaml.safe_dump(overlay))
    done = run(folder, "--configfile", "config/smoke.yaml", "own.yaml", "--", "all")
    assert done.returncode == 0, done.stdout[-5000:]
    metrics = pd.read_csv(folder / "results/smoke/metrics.csv")
    asked = metrics[metrics["evaluation"] == "label_efficiency"]
    assert set(asked["strategy"]) == {"all", "ceiling", "random", "kmeans", "core_set"}
    assert set(asked["model"]) == {"topline"}
    assert (folder / "results/smoke/figures/label_efficiency.png").exists()
    assert "label_efficiency" in (folder / "results/smoke/report.md").read_text()
