"""The smallest experiment, with fewer rows, on a small disk that is filled at random moments and freed after each end.

The same command then goes on, and in the end its numbers are those of an undisturbed run, byte by byte. `make faults`
runs this. It mounts a disk in memory (tmpfs), which root may do; where that is not permitted it says so and ends.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import yaml
from kill_run import differing, last_job, screen, started
from project import copy_project

FEWER = {
    "models": ["stage3"],
    "evaluation": {
        "seeds": [0],
        "label_efficiency": {"models": ["stage3"], "strategies": ["random", "cluster"], "budgets": [2]},
    },
    "paper": {"models": [], "sweeps": []},
}
"""rows and evaluations that are left: every phase, in half the time"""
FULL = "No space left on device"
DISK = "64m"
"""holds the experiment three times"""


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A small disk in memory, mounted at a new folder."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        print(f"not tried: a disk cannot be mounted here: {mounted.stderr.strip()}", flush=True)
        sys.exit()
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def project(folder: Path) -> Path:
    """With the smallest experiment, and FEWER of it."""
    folder.mkdir()
    path = copy_project(folder) / "config/smoke.yaml"
    whole = yaml.safe_load(path.read_text())
    del whole["evaluation"]["label_efficiency"]["budgets_of"]
    path.write_text(yaml.safe_dump({**whole, **FEWER, "evaluation": {**whole["evaluation"], **FEWER["evaluation"]}}))
    return folder


def told(folder: Path) -> str:
    """The sentence of the job that ended first, or what else the run said of the disk."""
    lines = screen(folder).read_text(errors="replace").splitlines()
    return next((line for sign in ("c3: ", FULL) for line in lines if sign in line), "nothing is told")


def fill(path: Path) -> None:
    """Write until nothing more goes onto the disk."""
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        for size in (2**20, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the moments")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    print(f"{args.fills} full disks, seed {args.seed}", flush=True)
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as made, disk(Path(made) / "small") as small:
        reference = project(Path(made) / "undisturbed")
        shutil.copytree(reference, small, dirs_exist_ok=True)
        begun = time.monotonic()
        if started(reference, args.cores).wait():
            sys.exit(f"the undisturbed run fails: {screen(reference).read_text()[-3000:]}")
        whole, ballast = time.monotonic() - begun, small / "ballast"
        print(f"undisturbed: {whole:.0f} s", flush=True)
        for number in range(args.fills):
            run = started(small, args.cores)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(chance.uniform(0.05, 1.5 / args.fills) * whole)
            at = last_job(small) if run.poll() is None else "its end"
            filled = time.monotonic()
            while run.poll() is None and time.monotonic() < filled + 20 * whole:
                fill(ballast)  # what a job that fails gives free, too
                time.sleep(0.1)
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                sys.exit(f"a run on a full disk does not end: {screen(small).read_text()[-3000:]}")
            print(f"full disk {number + 1}, at {at}: exit {run.returncode}, {told(small)}", flush=True)
            ballast.unlink(missing_ok=True)
        if started(small, args.cores).wait():
            sys.exit(f"a run that goes on fails: {screen(small).read_text()[-3000:]}")
        wrong = differing(small, reference)
        print(f"other numbers: {', '.join(wrong)}" if wrong else "the same numbers", flush=True)
        sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
