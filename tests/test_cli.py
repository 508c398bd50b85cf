"""What every script does with errors."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from c3 import cli
from c3.errors import C3Error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "full"), "c3: No space left on device; allowed are results on a disk with room"),
        (RuntimeError("Can't close file (time = \n, errno = 28, error"), "c3: No space left on device; allowed are"),
        (OSError(errno.EROFS, "x", "results/a.csv"), "c3: results/a.csv: Read-only file system; allowed are results"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told_and_nothing_is_left(error, sentence, tmp_path, monkeypatch):
    def main(args):
        with cli.replacing(args.out) as path:
            path.write_text("half")
            raise error

    monkeypatch.setattr("sys.argv", ["script", "--out", str(tmp_path / "a.csv")])
    with pytest.raises(SystemExit, match=sentence):
        cli.run(main, out={})
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from c3 import cli
with cli.replacing(sys.argv[1] + "/a.csv") as path, cli.replacing_folder(sys.argv[1] + "/a") as folder:
    path.write_text("half")
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_and_what_others_write_stays(tmp_path):
    for _ in range(2):
        left = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
        assert left.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 2
    (tmp_path / ".a.mine.csv").write_text("somebody's own")
    with cli.replacing(tmp_path / "a.csv") as one, cli.replacing(tmp_path / "a.csv") as other:
        assert one != other and one.exists()
        one.write_text("whole")
    with cli.replacing_folder(tmp_path / "a") as folder:
        (folder / "b").write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.mine.csv", "a", "a.csv"]
    with cli.replacing(tmp_path / f"{'long' * 60}.csv") as path:
        path.write_text("whole")


def test_other_errors_keep_their_traceback(monkeypatch):
    def main(args):
        raise OSError(errno.EIO, "disk")

    monkeypatch.setattr("sys.argv", ["script"])
    with pytest.raises(OSError, match="disk"):
        cli.run(main)


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_runs(tmp_path, monkeypatch):
    cli.check_writable(tmp_path / "not/yet/there")
    asked = []
    monkeypatch.setattr(cli.os, "access", lambda path, mode: asked.append(path))
    with pytest.raises(C3Error, match=f"^{tmp_path} cannot be written to; allowed are results in a folder that may"):
        cli.check_writable(tmp_path / "not/yet/there")
    assert asked == [tmp_path]


def test_a_file_of_a_day_that_has_not_come_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x")
    os.utime(path, (10**9, 10**9))
    for now in (10**9, 10**9 - cli.SKEW_SECONDS):
        cli.check_dates([path, tmp_path / "not there.csv"], now)
    with pytest.raises(
        C3Error, match=r"a\.csv is dated 2001-09-0\d .* allowed are files older than now: set the clock"
    ):
        cli.check_dates([path], 10**9 - 3600)
