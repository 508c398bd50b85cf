"""dvc.yaml says the same as the workflow: whose output is whose, and what each phase depends on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def jobs():
    """(inputs, outputs) of every job of the default experiment, as Snakemake resolves them."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--dry-run", "--forceall", "all"]
    planned = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    found = []
    for block in re.split(r"^\[", planned.stdout + planned.stderr, flags=re.MULTILINE):
        fields = dict(re.findall(r"^ +(input|output): (.*)$", block, flags=re.MULTILINE))
        if "output" in fields:
            found.append((set(fields.get("input", "").split(", ")) - {""}, set(fields["output"].split(", "))))
    return found


@pytest.fixture(scope="module")
def stages():
    """Stage → (dependencies, outputs): paths below the project, files or folders."""
    below = lambda items: {Path(item.fs_path).relative_to(PROJECT).as_posix() for item in items}  # noqa: E731
    found = {}
    for stage in Repo(str(PROJECT)).index.stages:
        found[stage.name] = below(d for d in stage.deps if hasattr(d, "fs_path") and not d.def_path.endswith(".yaml"))
        found[stage.name] = found[stage.name], below(stage.outs)
    return found


def covers(path: str, file: str) -> bool:
    """Whether ``path`` is the file or a folder around it."""
    return file == path or file.startswith(f"{path}/")


def mismatches(jobs, stages) -> list[str]:
    """What dvc.yaml lacks or has too much, in words."""
    wrong, needed = [], {name: set() for name in stages}
    for inputs, outputs in jobs:
        owners = {
            file: [n for n, (_, outs) in stages.items() if any(covers(o, file) for o in outs)] for file in outputs
        }
        wrong += [
            f"{file} lies in the outs of {names or 'no stage'}" for file, names in owners.items() if len(names) != 1
        ]
        for name in {name for names in owners.values() for name in names}:
            needed[name] |= inputs
    produced = {file for _, outputs in jobs for file in outputs}
    for name, (deps, outs) in stages.items():
        outside = {file for file in needed[name] if not any(covers(out, file) for out in outs)}
        wrong += [f"{name} lacks {file}" for file in outside if not any(covers(dep, file) for dep in deps)]
        wrong += [f"{name} has {dep} too much" for dep in deps if not any(covers(dep, file) for file in outside)]
        wrong += [f"{name} has the out {out} too much" for out in outs if not any(covers(out, f) for f in produced)]
    return sorted(wrong)


def test_dvc_and_the_workflow_agree(jobs, stages):
    assert len(jobs) > 30 and len(stages) > 8
    assert "\n".join(mismatches(jobs, stages)) == ""


def test_a_missing_and_a_superfluous_entry_are_found(jobs, stages):
    deps, outs = stages["evaluate"]
    fewer = {**stages, "evaluate": (deps - {"results/synthetic/manifest.parquet"}, outs)}
    assert mismatches(jobs, fewer) == ["evaluate lacks results/synthetic/manifest.parquet"]
    more = {**stages, "evaluate": (deps | {"scripts/train.py"}, outs | {"results/synthetic/nothing"})}
    assert mismatches(jobs, more) == [
        "evaluate has scripts/train.py too much",
        "evaluate has the out results/synthetic/nothing too much",
    ]
    unowned = {**stages, "evaluate": (deps, outs - {"results/synthetic/metrics.csv"})}
    assert "results/synthetic/metrics.csv lies in the outs of no stage" in mismatches(jobs, unowned)


def test_every_section_a_phase_uses_is_among_its_params(jobs, stages):
    """A key of the configuration that no stage names would change nothing for ``dvc repro``."""
    from c3 import config

    named = set()
    for stage in Repo(str(PROJECT)).index.stages:
        for dep in stage.deps:
            named |= {key.split(".")[0] for key in getattr(dep, "params", [])}
    unnamed = set(config.Config.model_fields) - named
    # its name, what the default leaves empty, and other targets
    assert unnamed == {"experiment", "collage", "audioset", "embeddings", "paper", "sweeps"}
