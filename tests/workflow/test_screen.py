"""What a person sees of a run, and at its end."""

import shutil

import pytest
from project import snakemake

PORTRAIT = "results/smoke/portraits/stage3/0.npz"
LOG = "log: results/smoke/logs/portraits/stage3-0.log"


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


def seen(folder, *arguments, code=0):
    """The lines of a run on the screen."""
    done = snakemake(folder, *arguments, details=False)
    assert done.returncode == code, done.stdout[-3000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "statement, sentence",
    [
        ("from c3.errors import C3Error; raise C3Error('key is 3; allowed is 2.')", "c3: key is 3; allowed is 2."),
        ("raise ValueError('no such number')", "c3: portraits stage3 seed 0 failed: ValueError: no such number"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "c3: portraits stage3 seed 0 failed: exit status 137 (killed, perhaps for lack of memory)",
        ),
    ],
)
def test_a_failure_ends_in_its_sentence_and_its_log(folder, statement, sentence):
    script = folder / "scripts/portraits.py"
    script.write_text(script.read_text().replace("def main(args):\n", f"def main(args):\n    {statement}\n"))
    lines = seen(folder, "--", PORTRAIT, code=1)
    assert lines[-2:] == [sentence, LOG]
    assert len(lines) < 25
    assert not [line for line in lines if "python scripts/" in line]  # no shell command, nor its configuration


def test_a_wrong_key_is_one_sentence(folder):
    lines = seen(folder, "--config", "training={stepz: 3}", "--", "all", code=1)
    assert lines[-1].startswith("c3: ") and "unknown key `training.stepz`" in lines[-1]
    assert len(lines) < 5


def test_a_good_run_ends_in_its_numbers_and_its_page(folder):
    (folder / "results/smoke/report.md").unlink()
    lines = seen(folder, "all")
    assert lines[-3].startswith("Stage 3 (+ clustering): Query by example, mAP 0.") and "topline 0." in lines[-3]
    assert lines[-2].startswith("Label reduction, median: ")
    assert lines[-1] == "Open results/smoke/report/index.html" and (folder / lines[-1].removeprefix("Open ")).exists()
    jobs = [line for line in lines if line[2:3] == ":"]  # the time of day
    assert len(jobs) == 3 and jobs[-1].endswith("all done, 2 of 2")
    again = seen(folder, "all")
    assert again[-3:] == lines[-3:] and again[-4].startswith("Nothing to be done")
    assert seen(folder, "features")[-1].startswith("Nothing to be done")
    assert "Open" not in snakemake(folder, "--dry-run", "--forceall", "all", details=False).stdout


def test_a_folder_in_which_another_run_works_is_one_sentence(folder):
    """And so is one in which a run was killed, since Snakemake cannot tell the two."""
    made = folder / "results/smoke/report.md"
    made.unlink()
    lock = folder / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/smoke/report.md\n")
    lines = seen(folder, "all", code=1)
    assert lines[-1].startswith("c3: another run makes the same files in this folder, or was killed while it did;")
    assert len(lines) < 5 and not made.exists()
    seen(folder, "all", "--unlock")
    assert not lock.exists()
    seen(folder, "all")
    assert made.exists()
