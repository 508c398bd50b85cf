"""The profile for SLURM, on a SLURM of one node: same numbers, and nothing lost to what befalls jobs there.

The scenarios run side by side, since each of them waits for SLURM most of the time.
"""

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import psutil
import pytest
from project import jobs, with_features
from slurm import NotRunning, Slurm, missing

PLUGIN = "snakemake_executor_plugin_slurm"
REASON = missing() if importlib.util.find_spec(PLUGIN) else f"{PLUGIN} not installed"
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no SLURM to try the profile on: {REASON}")

EAGER = Path(__file__).with_name("eager.py")
# This SLURM keeps no accounts.
PROFILE = ["--profile", "workflow/profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue"]
# Long enough to be interrupted.
LONG = ["--config", "training={steps: 200, evaluate_every: 20}", "--", "train_stage1"]
STEPS = list(range(20, 201, 20))
MARK = 123.0  # a loss that only a training that reads the checkpoint carries on


def start(slurm, folder, *arguments):
    """Snakemake with the profile; its output is in ``stdout``."""
    command = [
        sys.executable,
        str(EAGER),
        "--configfile",
        "config/smoke.yaml",
        "--printshellcmds",
        *PROFILE,
        *arguments,
    ]
    return subprocess.Popen(
        command, cwd=folder, env=slurm.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def run(slurm, folder, *arguments):
    """The same, awaited: exit code and output."""
    process = start(slurm, folder, *arguments)
    output, _ = process.communicate(timeout=900)
    return process.returncode, output


def first_checkpoint(process, folder):
    """Wait for the training's first checkpoint; the file that points to it."""
    for _ in range(12000):
        if states := list(folder.glob("results/smoke/checkpoints/stage1/0/*.json")):
            return states[0]
        assert process.poll() is None, process.stdout.read()[-5000:]
        time.sleep(0.05)
    process.terminate()
    raise AssertionError(process.communicate()[0][-5000:])


def mark(state):
    content = json.loads(state.read_text())
    assert content["history"][-1]["step"] < STEPS[-1]
    content["history"][0]["loss"] = MARK
    state.write_text(json.dumps(content))


def went_on(folder):
    """Whether the training took up where the marked checkpoint stood, and took every step once."""
    history = pd.read_csv(folder / "results/smoke/history/stage1/0.csv")
    return list(history["step"]) == STEPS and history["loss"][0] == MARK


def memory_and_numbers(slurm, finished, folder):
    """Shards that run out of memory get more; all that SLURM makes is what the local run made, byte by byte."""
    shutil.copytree(finished, folder, symlinks=True)
    results = folder / "results/smoke"
    for made in ("features", "models/correspondence", "embeddings/correspondence"):
        shutil.rmtree(results / made)
    for made in ("evaluation/query_by_example/correspondence.csv", "metrics.csv"):
        (results / made).unlink()
    code, output = run(slurm, folder, "--set-resources", "extract:mem_mb=5*20**attempt", "--", "features")
    assert code == 0, output[-5000:]
    assert "Exceeded job memory limit" in output
    for shard in ("000", "001"):
        attempts = slurm.jobs(Comment=f"rule_extract_wildcards_{shard}")
        assert [job["MinMemoryNode"] for job in attempts] == ["100M", "2000M"]
        assert [job["JobState"] for job in attempts] == ["FAILED", "COMPLETED"]
    # one thread, as in the local run
    code, output = run(slurm, folder, "--set-threads", "train=1", "--", "results/smoke/metrics.csv")
    assert code == 0, output[-5000:]
    assert {"train", "query_by_example", "shallow_classifier", "metrics"} == jobs(output)
    for made in ("embeddings/correspondence/0.npy", "metrics.csv"):
        assert (results / made).read_bytes() == (finished / "results/smoke" / made).read_bytes()


def time_out(slurm, finished, folder):
    """A training that hangs is ended when its time is over, and the run fails; the next run goes on."""
    with_features(finished, folder)
    process = start(slurm, folder, "--retries", "0", "--set-resources", "train:runtime=30", *LONG)
    state = first_checkpoint(process, folder)
    for one in psutil.process_iter(["cmdline", "cwd"]):
        if "scripts/train.py" in (one.info["cmdline"] or ()) and one.info["cwd"] == str(folder):
            one.suspend()
    (job,) = slurm.jobs(WorkDir=str(folder))
    assert job["TimeLimit"] == "00:30:00"
    slurm.ask("scontrol", "update", f"JobId={job['JobId']}", "TimeLimit=1")  # 30 minutes are long for a test
    mark(state)
    output, _ = process.communicate(timeout=900)
    assert process.returncode != 0
    assert "Error in rule train" in output and "SLURM status is: 'TIMEOUT'" in output, output[-5000:]
    assert not (folder / "results/smoke/models").exists()
    code, output = run(slurm, folder, *LONG)
    assert code == 0, output[-5000:]
    assert went_on(folder)


def cancelled(slurm, finished, folder):
    """A cancelled training is submitted again with more memory, and goes on."""
    with_features(finished, folder)
    process = start(slurm, folder, *LONG)
    state = first_checkpoint(process, folder)
    (job,) = slurm.jobs(WorkDir=str(folder))
    slurm.ask("scancel", job["JobId"])
    while not slurm.jobs(JobId=job["JobId"], JobState="CANCELLED"):
        time.sleep(0.1)
    mark(state)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output[-5000:]
    assert "SLURM status is: 'CANCELLED'" in output
    attempts = slurm.jobs(WorkDir=str(folder))
    assert [job["JobState"] for job in attempts] == ["CANCELLED", "COMPLETED"]
    memory = [int(job["MinMemoryNode"].removesuffix("M")) for job in attempts]
    assert memory[1] == 2 * memory[0]
    assert {(job["NumCPUs"], job["TresPerJob"]) for job in attempts} == {("8", "gres:gpu:1")}
    assert went_on(folder)


SCENARIOS = (time_out, memory_and_numbers, cancelled)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        try:
            node = stack.enter_context(Slurm(tmp_path_factory.mktemp("slurm")))
        except NotRunning as said:
            pytest.skip(f"no SLURM to try the profile on: it does not start here.\n{said}")
        yield node


@pytest.fixture(scope="module")
def running(slurm, finished, tmp_path_factory):
    """Scenario → its future."""
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {
            scenario: pool.submit(scenario, slurm, finished, tmp_path_factory.mktemp("slurm") / "project")
            for scenario in SCENARIOS
        }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_slurm(running, scenario):
    running[scenario].result()
