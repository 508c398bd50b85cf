"""SIGKILL in the middle of what has to be whole: a checkpoint, `dvc commit`, one of many jobs under SLURM.

`make faults` runs this; the seed of the moments is printed, and `--seed` with it draws them again.
"""

import argparse
import importlib.util
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import test_slurm
from project import copy_project, snakemake
from slurm import NotRunning, Slurm, missing
from test_reproducibility import dvc, git, repository, run

from c3.cli import import_keras


def checkpoints(kills: int, chance: random.Random, folder: Path) -> str:
    """A process that writes checkpoints is killed; what is read then is the last that was whole."""
    import_keras()
    import keras

    from c3.training import curriculum

    network = keras.Sequential([keras.Input((64,)), keras.layers.Dense(4096), keras.layers.Dense(256)])
    steps = []
    for kill in range(kills):
        checkpoint = curriculum.Checkpoint(folder / str(kill), "key")
        child = os.fork()
        if not child:
            for step in range(1, 1_000_000):
                network.set_weights([np.full_like(weights, step) for weights in network.get_weights()])
                checkpoint.save(network, [{"step": step}])
        time.sleep(chance.uniform(0, 1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        history = checkpoint.restore(network)
        if history:
            assert all((weights == history[-1]["step"]).all() for weights in network.get_weights()), kill
        steps.append(history[-1]["step"] if history else 0)
    return f"{kills} kills, after step {min(steps)} to {max(steps)}: each checkpoint whole"


def commits(kills: int, chance: random.Random, finished: Path, folder: Path) -> str:
    """`dvc commit` is killed; in the end it records what a restore gives back, byte by byte."""
    project = repository(finished, folder / "project")
    command = [sys.executable, "-m", "dvc", "commit", "--force"]
    begun = time.monotonic()
    dvc(repository(finished, folder / "undisturbed"), "commit", "--force")
    whole, ended = time.monotonic() - begun, 0
    for _ in range(kills):
        process = subprocess.Popen(
            command, cwd=project, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0.2, 1) * whole)
            ended += 1
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    dvc(project, "commit", "--force")
    assert (project / "dvc.lock").read_bytes() == (folder / "undisturbed/dvc.lock").read_bytes()
    assert "up to date" in dvc(project, "status")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "All of it")
    dvc(project, "push")
    git(folder, "clone", "--quiet", str(project), "clone")
    restored = run(folder / "clone", sys.executable, "-m", "dvc", "pull")
    assert restored.returncode == 0, restored.stdout[-3000:]
    outs = [path for path in (folder / "clone/results/smoke").rglob("*") if path.is_file()]
    for path in outs:
        assert path.read_bytes() == (finished / path.relative_to(folder / "clone")).read_bytes(), path
    return f"{kills - ended} kills within {whole:.0f} s: {len(outs)} files recorded and restored as they were"


def job(folder: Path) -> str:
    """One of eight jobs is killed under SLURM: it alone is submitted again, and the features are the same."""
    if not importlib.util.find_spec(test_slurm.PLUGIN) or missing():
        return f"not tried: {missing() or f'{test_slurm.PLUGIN} not installed'}"
    shards = ["--config", "storage={shards: 8}", "--"]
    local, there = copy_project(_new(folder / "local")), copy_project(_new(folder / "there"))
    done = snakemake(local, *shards, "features")
    assert done.returncode == 0, done.stdout[-3000:]
    try:
        with Slurm(_new(folder / "slurm")) as slurm:
            process = test_slurm.start(slurm, there, *shards, "features")
            killed = None
            while killed is None and process.poll() is None:
                for one in psutil.process_iter(["cmdline", "cwd"]):
                    words = one.info["cmdline"] or []
                    if "scripts/features.py" in words and "003" in words and one.info["cwd"] == str(there):
                        one.kill()
                        killed = one.pid
                time.sleep(0.01)
            output, _ = process.communicate(timeout=900)
            assert killed and process.returncode == 0, output[-3000:]
            attempts = slurm.jobs(WorkDir=str(there))
    except NotRunning as said:
        return f"not tried: SLURM does not start here: {said}"
    failed = [one for one in attempts if one["JobState"] == "FAILED"]
    for path in sorted((local / "results/smoke/features").iterdir()):
        assert path.read_bytes() == (there / "results/smoke/features" / path.name).read_bytes(), path
    return f"{len(failed)} of {len(attempts)} jobs failed, the same features"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of checkpoints, and of `dvc commit`")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the moments")
    parser.add_argument("--finished", type=Path, help="a project in which `all` of config/smoke.yaml has run")
    args = parser.parse_args()
    print(f"{args.kills} kills each, seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory() as made:
        made = Path(made)
        print("a job of many under SLURM:", job(_new(made / "job")), flush=True)
        finished = args.finished or copy_project(_new(made / "finished"))
        if not args.finished:
            done = snakemake(finished, "all")
            assert done.returncode == 0, done.stdout[-3000:]
        chance = random.Random(args.seed)
        print("dvc commit:", commits(args.kills, chance, finished, _new(made / "commits")), flush=True)
        print("checkpoints:", checkpoints(args.kills, chance, _new(made / "checkpoints")), flush=True)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
