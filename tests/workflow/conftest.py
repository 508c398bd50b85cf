"""One run of the smallest experiment for all tests of the workflow."""

import pytest
from project import copy_project, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder in which `all` of the smallest experiment has run. Leave its results as they are."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    done = snakemake(folder, "all")
    assert done.returncode == 0, done.stdout[-5000:]
    return folder
