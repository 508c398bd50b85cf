"""Progress in whole lines."""

import os
import re
import subprocess
import sys

import pytest

from c3 import progress as module
from c3.progress import progress

LINE = re.compile(r"\d\d:\d\d:\d\d  (\S+): (\d+) %, (\d+) of (\d+), \S+ gone, \S+ to go(, loss \S+)?")


def test_lines_of_jobs_side_by_side_do_not_mix():
    code = (
        "from c3 import progress as p; import sys; p.EVERY = p.AT_MOST = 0; list(p.progress(range(2000), sys.argv[1]))"
    )
    read, write = os.pipe()
    jobs = [subprocess.Popen([sys.executable, "-c", code, name * 40], stderr=write) for name in "ab"]
    os.close(write)
    with open(read) as pipe:
        lines = pipe.read().splitlines()
    assert [job.wait() for job in jobs] == [0, 0]
    assert len(lines) == 4000
    assert {LINE.fullmatch(line)[1] for line in lines} == {"a" * 40, "b" * 40}


def test_the_end_is_always_told(capsys):
    notes = {}
    for number in progress(iter(range(7, 10)), "train", total=10, done=7, notes=notes):
        notes["loss"] = f"{number / 10}"
    (line,) = capsys.readouterr().err.splitlines()
    assert LINE.fullmatch(line).groups() == ("train", "100", "10", "10", ", loss 0.9")
    assert list(progress([], "nothing")) == [] and capsys.readouterr().err == ""


def test_a_long_loop_writes_fewer_lines(capsys, monkeypatch):
    now = iter(range(0, 10**6, 5))  # seconds
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    for _ in progress(range(7200), "train"):  # ten hours
        pass
    lines = capsys.readouterr().err.splitlines()
    assert 100 < len(lines) < 200
    minutes = [int(LINE.fullmatch(line)[3]) * 5 / 60 for line in lines]
    assert sum(each <= 2 for each in minutes) == 8


@pytest.mark.parametrize("total", [None, 3])
def test_items_are_those_given(total):
    assert list(progress("abc", "letters", total)) == ["a", "b", "c"]
