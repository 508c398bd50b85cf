"""A whole run of the workflow: how much of the cores' time is spent in jobs, and what the jobs import.

Runs an experiment in a new copy of the working tree: the default five times (--full, most of an hour), or the smoke
experiment once. The bound is the compute in its jobs, as Snakemake's benchmark files tell it: starting Python and
importing libraries are part of a job.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import common
import pandas as pd

ROOT = Path(__file__).parents[2]
CORES = 2
HOOK = """
import atexit, json, os, sys
def note(names="tensorflow sklearn scipy pandas pyarrow matplotlib numba pydantic".split()):
    seen = {"script": os.path.basename(sys.argv[0]), "modules": [name for name in names if name in sys.modules]}
    with open(os.path.join(os.environ["C3_BENCH_STARTS"], f"{os.getpid()}.json"), "w") as file:
        json.dump(seen, file)
atexit.register(note)
"""


def copy(tree: Path) -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        if (ROOT / name).is_file() and not name.startswith(("docs/", "tests/")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def run(tree: Path, starts: Path, overlay: list[str]) -> tuple[float, float]:
    """When the run began, and its seconds."""
    hook = tree / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    environment = os.environ | {"PYTHONPATH": f"{tree}:{hook}", "C3_BENCH_STARTS": str(starts)}
    command = [sys.executable, "-m", "snakemake", "--cores", str(CORES), "--quiet", "all", *overlay, "--", "all"]
    began, start = time.time(), time.perf_counter()
    subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return began, time.perf_counter() - start


def jobs(folder: Path) -> pd.DataFrame:
    """rule, start, end (seconds since 1970) and compute of each job: its seconds, or its processors' where more."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        job = pd.read_csv(path, sep="\t").iloc[0]
        rule, end = path.relative_to(folder).parts[0].removesuffix(".tsv"), path.stat().st_mtime
        rows.append((rule, end - job["s"], end, max(job["s"], job["cpu_time"])))
    return pd.DataFrame(rows, columns=["rule", "start", "end", "compute"]).sort_values("start")


def busy(table: pd.DataFrame) -> float:
    """Seconds in which at least one job runs."""
    total, until = 0.0, 0.0
    for job in table.itertuples():
        total += max(0.0, job.end - max(job.start, until))
        until = max(until, job.end)
    return total


def measure(full: bool) -> dict:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        tree, starts = Path(folder, "tree"), Path(folder, "starts")
        starts.mkdir()
        copy(tree)
        began, wall = run(tree, starts, [] if full else ["--configfile", "config/smoke.yaml"])
        table = jobs(tree / "results" / ("synthetic" if full else "smoke") / "benchmarks")
        seen = [json.loads(path.read_text()) for path in starts.iterdir()]
    compute = float(table["compute"].sum())
    modules = pd.Series([name for start in seen for name in start["modules"]])
    return {
        "share": compute / (CORES * wall),
        "wall_seconds": wall,
        "job_seconds": compute,
        "wall_share_without_any_job": 1 - busy(table) / wall,
        "seconds_before_first_job": float(table["start"].min() - began),
        "seconds_after_last_job": float(began + wall - table["end"].max()),
        "jobs": len(table),
        "python_starts": len(seen),
        "seconds_by_rule": table.groupby("rule")["compute"].sum().round(1).to_dict(),
        "python_starts_that_import": modules.value_counts().to_dict(),
    }


def main() -> None:
    """Medians over the runs."""
    full = common.arguments(__doc__.splitlines()[0]).full
    runs = []
    for number in range(1, common.REPEATS + 1 if full else 2):
        runs.append(measure(full))
        print(f"run {number}: {runs[-1]['wall_seconds']:.0f} s, {runs[-1]['share']:.3f} of it in jobs", flush=True)
    medians = {key: median(each[key] for each in runs) for key, value in runs[0].items() if not isinstance(value, dict)}
    last = {key: value for key, value in runs[-1].items() if isinstance(value, dict)}
    common.report(
        "orchestration",
        medians.pop("share"),
        "bound: the compute in its jobs on all cores",
        run_cores=CORES,
        shares=[round(each["share"], 4) for each in runs],
        **medians,
        **last,
    )


if __name__ == "__main__":
    main()
