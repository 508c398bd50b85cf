"""A copy of the project to run the real DAG in, and the command that runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PARTS = ["c3", "config", "scripts", "workflow", "environment.yml"]


def copy_project(folder: Path) -> Path:
    """What a run needs, without results."""
    for part in PARTS:
        source = PROJECT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    return folder


def snakemake(folder: Path, *arguments, config: str | None = "config/smoke.yaml") -> subprocess.CompletedProcess:
    """Run Snakemake in ``folder``; its output is in ``stdout``."""
    overlay = ["--configfile", config] if config else []
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *overlay, *arguments]
    return subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def jobs(output: str) -> set[str]:
    """Names of the rules in the job statistics that Snakemake prints, without the targets."""
    lines = output.split("Job stats:")[1].split("\n\n")[0].splitlines() if "Job stats:" in output else []
    names = {line.split()[0] for line in lines[3:] if line.strip()}
    return names - {"total", "all"}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder in which `all` of the smallest experiment has run. Leave its results as they are."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    done = snakemake(folder, "all")
    assert done.returncode == 0, done.stdout[-5000:]
    return folder
