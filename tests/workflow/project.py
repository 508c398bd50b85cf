"""Project folders, Snakemake in them, and what it plans."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
PARTS = ["c3", "config", "scripts", "workflow", "environment.yml"]


def copy_project(folder: Path) -> Path:
    """What a run needs, without results."""
    for part in PARTS:
        source = PROJECT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)
    return folder


def snakemake(
    folder: Path,
    *arguments,
    config: str | None = "config/smoke.yaml",
    env: dict | None = None,
    details: bool = True,
) -> subprocess.CompletedProcess:
    """Run Snakemake in ``folder``; its output is in ``stdout``, with the plan and the jobs' files if ``details``."""
    overlay = ["--configfile", config] if config else []
    overlay += ["--printshellcmds"] if details else []
    command = [sys.executable, "-m", "snakemake", *overlay, "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)


def jobs(output: str) -> set[str]:
    """Names of the rules in the job statistics that Snakemake prints, without the targets."""
    lines = output.split("Job stats:")[1].split("\n\n")[0].splitlines() if "Job stats:" in output else []
    names = {line.split()[0] for line in lines[3:] if line.strip()}
    return names - {"total", "all"}


class Job(NamedTuple):
    """A job that makes files, as Snakemake shows it."""

    inputs: set[str]
    outputs: set[str]
    text: str


def planned_jobs(output: str) -> list[Job]:
    """The jobs in the output of Snakemake."""
    found = []
    for block in re.split(r"^\[", output, flags=re.MULTILINE):
        fields = dict(re.findall(r"^ +(input|output): (.*)$", block, flags=re.MULTILINE))
        if "output" in fields:
            found.append(Job(set(fields.get("input", "").split(", ")) - {""}, set(fields["output"].split(", ")), block))
    return found


def covers(path: str, file: str) -> bool:
    """Whether ``path`` is the file or a folder around it."""
    return file == path or file.startswith(f"{path}/")


def with_features(finished: Path, folder: Path) -> Path:
    """Another project folder that has the features of ``finished``, and nothing after them."""
    copy_project(folder)
    kept = folder / "results/smoke"
    kept.mkdir(parents=True)
    for part in (
        "media",
        "features",
        "manifest.parquet",
        "classes.csv",
        "missing.csv",
        "files.csv",
        "quarantine.csv",
        "accounts.csv",
        "accounts.txt",
    ):
        source = finished / "results/smoke" / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, kept / part)
    shutil.copytree(finished / ".snakemake", folder / ".snakemake")
    return folder
