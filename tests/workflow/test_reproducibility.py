"""DVC and Snakemake on the same results: whoever makes them, the other has nothing to do; others restore them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import networkx
import pytest
import yaml
from dvc.repo import Repo
from project import PROJECT, covers, jobs, planned_jobs, snakemake
from snakemake.utils import update_config

TRACKED = [".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"]


def run(folder: Path, *command: str, env: dict | None = None) -> subprocess.CompletedProcess:
    """A command in ``folder``; its output is in ``stdout``."""
    return subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | (env or {})
    )


def dvc(folder: Path, *arguments: str) -> str:
    """Output of a DVC command that succeeds. Its stages find the Python of the tests."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = run(folder, sys.executable, "-m", "dvc", *arguments, env={"PATH": path})
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    done = run(folder, "git", "-c", "user.name=test", "-c", "user.email=test", *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def as_smoke(node):
    """dvc.yaml with the paths and the rows of the smallest experiment, whose rows have no `_plus`."""
    if isinstance(node, dict):
        return {as_smoke(key): as_smoke(value) for key, value in node.items()}
    if isinstance(node, list):
        items = [as_smoke(item) for item in node]
        return [item for number, item in enumerate(items) if item not in items[:number]]
    return node.replace("results/synthetic", "results/smoke").replace("_plus", "") if isinstance(node, str) else node


def smoke_stages() -> dict:
    """dvc.yaml for the smallest experiment: correspondence beside the curriculum, no frozen row, none from scratch."""
    text = (PROJECT / "dvc.yaml").read_text()
    for kind in ("embeddings", "history"):  # what `evaluate` and `figures` read
        dep = f"      - results/synthetic/{kind}/topline_plus\n"
        text = text.replace(dep, dep + dep.replace("topline_plus", "correspondence"))
    stages = as_smoke(yaml.safe_load(text))
    stages["stages"]["train_as_long"]["foreach"] = ["correspondence"]
    del stages["stages"]["categorize_frozen"], stages["stages"]["from_scratch"]
    evaluate = stages["stages"]["evaluate"]
    evaluate["deps"] = [dep for dep in evaluate["deps"] if "scratch" not in dep]
    return stages


def set_key(folder: Path, key: str, value) -> None:
    """Change a key of config/config.yaml, or of a row."""
    path = folder / f"config/{'rows' if key.startswith('rows.') else 'config'}.yaml"
    config = yaml.safe_load(path.read_text())
    *sections, name = key.split(".")
    place = config
    for section in sections:
        place = place[section]
    assert place.get(name) != value
    place[name] = value
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def phases(folder: Path, output: str) -> set[str]:
    """The stages of dvc.yaml that have the outputs of the jobs in the output of Snakemake."""
    made = {file for job in planned_jobs(output) for file in job.outputs}
    found = set()
    for stage in Repo(str(folder)).index.stages:
        outs = [Path(out.fs_path).relative_to(folder).as_posix() for out in stage.outs]
        if any(covers(out, file) for out in outs for file in made):
            found.add(stage.name)
    return found


def nothing_to_do(folder: Path) -> bool:
    return "Nothing to be done" in snakemake(folder, "--dry-run", "all", config=None).stdout


def repository(finished: Path, folder: Path) -> Path:
    """A repository with the smallest experiment as its default, made by Snakemake and not recorded yet."""
    shutil.copytree(finished, folder, symlinks=True)
    (folder / ".dvc").mkdir()
    for name in TRACKED:
        shutil.copy(PROJECT / name, folder / name)
    ignored = (folder / ".gitignore").read_text()
    (folder / ".gitignore").write_text(ignored.replace("/results/smoke/\n", ""))
    overlay = yaml.safe_load((folder / "config/smoke.yaml").read_text())
    for name in ("rows", "config"):
        path = folder / f"config/{name}.yaml"
        config = yaml.safe_load(path.read_text())
        update_config(config, {key: value for key, value in overlay.items() if (key == "rows") == (name == "rows")})
        path.write_text(yaml.safe_dump(config, sort_keys=False))
    stages = smoke_stages()
    (folder / "dvc.yaml").write_text(yaml.safe_dump(stages, sort_keys=False))
    git(folder, "init", "--quiet")
    dvc(folder, "remote", "add", "--default", "store", str(folder.parent / "store"))
    return folder


@pytest.fixture(scope="module")
def tracked(finished, tmp_path_factory):
    """That repository, recorded and pushed."""
    folder = repository(finished, tmp_path_factory.mktemp("tracked") / "project")
    dvc(folder, "commit", "--force")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "The smallest experiment")
    dvc(folder, "push")
    return folder


@pytest.fixture
def project(tracked, tmp_path):
    """A copy of that repository to change."""
    return Path(shutil.copytree(tracked, tmp_path / "project", symlinks=True))


def test_one_command_tells_dvc_what_snakemake_has_made(tracked):
    assert nothing_to_do(tracked)
    assert "up to date" in dvc(tracked, "status")
    assert "Running stage" not in dvc(tracked, "repro")
    assert git(tracked, "status", "--short") == ""


@pytest.mark.parametrize(
    "key, value, first",
    [
        ("synthetic.seconds", 5, "data"),
        ("features.log_offset", 0.02, "features"),
        ("rows.stage2.delta_t", 2, "continue@stage2"),
        ("evaluation.examples", 6, "evaluate"),
    ],
)
def test_one_key_concerns_the_same_phases(project, key, value, first):
    set_key(project, key, value)
    changed = json.loads(dvc(project, "status", "--json"))
    graph = Repo(str(project)).index.graph  # from each stage to those it depends on
    concerned = set(changed)
    for stage in [stage for stage in graph if stage.name in changed]:
        concerned |= {after.name for after in networkx.ancestors(graph, stage)}
    expected = phases(project, snakemake(project, "--dry-run", "all", config=None).stdout)
    # Rows that take their length from the curriculum: DVC knows a row as a whole, Snakemake what came of it.
    as_long = {"supervise@topline", "train_as_long@correspondence"} if key.startswith("rows.") else set()
    assert expected <= concerned <= expected | as_long and first in expected


def test_snakemake_then_dvc_then_snakemake(project):
    """A changed key by Snakemake, the same key changed back by DVC: the same phases, and nothing left for the other."""
    set_key(project, "evaluation.examples", 6)
    made = snakemake(project, "all", config=None)
    assert made.returncode == 0, made.stdout[-5000:]
    assert phases(project, made.stdout) == {"check", "evaluate", "figures"}
    assert set(json.loads(dvc(project, "status", "--json"))) == {"check", "evaluate", "figures"}
    dvc(project, "commit", "--force")
    assert "up to date" in dvc(project, "status")
    assert "Running stage" not in dvc(project, "repro")
    difference = json.loads(dvc(project, "metrics", "diff", "--json"))["results/smoke/metrics.json"]
    assert "query_by_example.stage3.mAP" in difference
    assert all(name.startswith("query_by_example.") for name in difference)
    assert "index.html" in dvc(project, "plots", "diff")
    page = (project / "dvc_plots/index.html").read_text()
    assert all(f"history/{row}" in page for row in ("topline", "stage1", "stage4"))

    set_key(project, "evaluation.examples", 8)
    again = dvc(project, "repro")
    ran = re.findall("^Running stage '(.+)'", again, flags=re.MULTILINE)
    assert sorted(ran) == ["check", "evaluate", "figures"] and ran.index("evaluate") < ran.index("figures")
    assert nothing_to_do(project)
    assert "up to date" in dvc(project, "status")
    assert git(project, "diff", "HEAD", "--", "results") == ""  # the numbers from before


def test_an_experiment_with_another_key(project):
    """DVC sets the key, runs the phases up to the one asked for, and keeps the experiment beside the commit."""
    ran = dvc(project, "exp", "run", "--set-param", "config/config.yaml:features.frame_pixels=16", "features")
    assert re.findall("^Running stage '(.+)'", ran, flags=re.MULTILINE) == ["features"]
    assert "Nothing to be done" in snakemake(project, "--dry-run", "features", config=None).stdout
    (experiment,) = json.loads(dvc(project, "exp", "show", "--json"))[1]["experiments"]
    (revision,) = experiment["revs"]
    assert revision["data"]["params"]["config/config.yaml"]["data"]["features"]["frame_pixels"] == 16


@pytest.fixture
def without_tensorflow(tmp_path):
    """Variables of an environment in which importing TensorFlow fails."""
    package = tmp_path / "poison/tensorflow/__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("raise SystemExit('TensorFlow was imported')\n")
    path = [str(package.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(path)}


def test_a_clone_restores_the_artifacts_and_draws_figures(tracked, tmp_path, without_tensorflow):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(tracked), str(clone))
    assert not (clone / "results/smoke/models").exists()
    done = run(clone, sys.executable, "scripts/restore", env=without_tensorflow)
    assert done.returncode == 0, done.stdout
    assert nothing_to_do(clone)
    assert "up to date" in dvc(clone, "status")

    with (clone / "c3/report/figures.py").open("a") as code:
        code.write("# another look\n")
    drawn = snakemake(clone, "all", config=None, env=os.environ | without_tensorflow)
    assert drawn.returncode == 0, drawn.stdout[-5000:]
    assert jobs(drawn.stdout) == {"figures", "results_page"}

    git(clone, "restore", "c3")
    figure = clone / "results/smoke/figures/stages.png"
    figure.write_bytes(b"mine")
    done = run(clone, sys.executable, "scripts/restore")
    assert done.returncode == 1
    assert done.stdout.strip().splitlines()[-1].startswith("c3: results/ holds changes that DVC has not recorded")
    assert figure.read_bytes() == b"mine"


def test_restoring_refuses_another_configuration(tracked, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(tracked), str(clone))
    set_key(clone, "rows.stage4.labels.budget", 3)
    done = run(clone, sys.executable, "scripts/restore")
    assert done.returncode == 1
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("c3: config/rows.yaml: rows") and "rows.stage4" in last and "allowed is" in last
    assert not (clone / "results/smoke/models").exists()


def test_restoring_needs_a_lock(tracked, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(tracked), str(clone))
    (clone / "dvc.lock").unlink()
    done = run(clone, sys.executable, "scripts/restore")
    assert done.returncode == 1 and done.stdout.startswith("c3: dvc.lock is missing; allowed is")
