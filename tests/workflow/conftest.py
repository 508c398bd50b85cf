"""One run of the smallest experiment for all tests of the workflow."""

import os
import shutil

import pytest
from filelock import FileLock
from project import copy_project, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder in which `all` of the smallest experiment has run. Leave its results as they are.

    The first of the test processes makes it, and each has a copy.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / "finished"
    with FileLock(shared / "finished.lock"):
        if not made.exists():
            folder = copy_project(tmp_path_factory.mktemp("project"))
            done = snakemake(folder, "all")
            assert done.returncode == 0, done.stdout[-5000:]
            folder.rename(made)
    return shutil.copytree(made, tmp_path_factory.mktemp("finished") / "project", symlinks=True)
