"""The smallest experiment, killed (SIGKILL, with all its jobs) at random moments and begun again each time.

In the end its numbers are those of an undisturbed run, byte by byte. `make faults` runs this; the seed of the moments
is printed, and `--seed` with it draws them again.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
from project import copy_project

SAME = ("metrics.csv", "report.md", "quarantine.csv", "accounts.csv")
"""files whose bytes depend on nothing but the configuration"""


def unlock(folder: Path) -> None:
    """What is needed after a kill."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/smoke.yaml", "--cores", "1", "--unlock"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def started(folder: Path, cores: int) -> subprocess.Popen:
    """A run in a session of its own, whose processes can be killed at once."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/smoke.yaml", "--cores", str(cores), "all"]
    with open(screen(folder), "w") as out:
        return subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, start_new_session=True)


def screen(folder: Path) -> Path:
    """What the last run of a project said: beside its folder, whose disk may be full."""
    return folder.with_name(f"{folder.name}.txt")


def killed(run: subprocess.Popen, seconds: float, folder: Path) -> bool:
    """Whether the run was killed after ``seconds``; it was not if it had ended before, which must be well."""
    try:
        if run.wait(seconds):
            sys.exit(f"a run that went on fails, in {folder}:\n{screen(folder).read_text()[-3000:]}")
        return False
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return True


def last_job(folder: Path) -> str:
    """What a run that was ended was at."""
    lines = screen(folder).read_text(errors="replace").splitlines()
    return next((line.partition("  ")[2] for line in reversed(lines) if line.endswith("…")), "beginning")


def differing(folder: Path, reference: Path) -> list[str]:
    """The files that are not as in the undisturbed run, and what a run leaves only if it goes wrong."""
    mine, right = folder / "results/smoke", reference / "results/smoke"
    wrong = [name for name in SAME if (mine / name).read_bytes() != (right / name).read_bytes()]
    made, found = (
        {path.relative_to(place) for path in place.rglob("*") if path.is_file() and path.name != ".snakemake_timestamp"}
        for place in (right, mine)
    )
    return wrong + sorted(str(path) for path in made ^ found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of the moments")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the projects are made; kept")
    args = parser.parse_args()
    print(f"{args.kills} kills, seed {args.seed}", flush=True)
    chance, failed = random.Random(args.seed), False
    place = Path(tempfile.mkdtemp(dir=args.folder))
    original = copy_project(_new(place / "original"))  # as it is now, whatever is changed meanwhile
    reference = shutil.copytree(original, place / "undisturbed")
    begun = time.monotonic()
    if started(reference, args.cores).wait():
        sys.exit(f"the undisturbed run fails: {screen(reference).read_text()[-3000:]}")
    whole = time.monotonic() - begun
    print(f"undisturbed: {whole:.0f} s", flush=True)
    kills, number = 0, 0
    while kills < args.kills:
        folder, number = shutil.copytree(original, place / f"killed-{number}"), number + 1
        while True:
            unlock(folder)
            run = started(folder, args.cores)
            # several kills hit each experiment, and it comes to its end
            seconds = chance.uniform(1, whole / 4) if kills < args.kills else 20 * whole
            if not killed(run, seconds, folder):
                break
            kills += 1
            print(f"kill {kills} after {seconds:.1f} s, at {last_job(folder)}", flush=True)
        if wrong := differing(folder, reference):
            failed = True
            print(f"experiment {number} differs: {', '.join(wrong)}", flush=True)
        print(f"experiment {number}: {'other numbers' if wrong else 'the same numbers'}", flush=True)
        shutil.rmtree(folder)
    if not args.folder:
        shutil.rmtree(place)
    sys.exit(failed)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
