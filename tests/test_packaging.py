"""What the project says of itself in several files is the same: packages, version, licence."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
LOCK = (PROJECT / "requirements.lock").read_text().split()


def test_lock_names_versions_and_no_place():
    assert LOCK and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in LOCK)


@pytest.mark.parametrize("text", [*PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"]["test"]])
def test_lock_has_what_pyproject_asks_for(text):
    wanted = Requirement(text)
    locked = dict(line.split("==") for line in LOCK)
    version = {canonicalize_name(name): version for name, version in locked.items()}[canonicalize_name(wanted.name)]
    assert version in wanted.specifier


def test_conda_installs_the_lock_on_an_allowed_python():
    conda = yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"]
    (python,) = (item.removeprefix("python=") for item in conda if str(item).startswith("python"))
    assert python in SpecifierSet(PYPROJECT["requires-python"])
    (pip,) = (item["pip"] for item in conda if isinstance(item, dict))
    assert pip == ["--requirement requirements.lock", "--editable ."]
    # nothing is declared a third time
    assert [item for item in conda if isinstance(item, str) and not item.startswith("python")] == ["pip"]


def test_version_and_licence_are_the_same_everywhere():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (PYPROJECT["version"], PYPROJECT["license"])
    assert f'__version__ = "{PYPROJECT["version"]}"' in (PROJECT / "c3/__init__.py").read_text()
    assert f"## [{PYPROJECT['version']}]" in (PROJECT / "CHANGELOG.md").read_text()
    (licence,) = PYPROJECT["license-files"]
    assert "Apache License" in (PROJECT / licence).read_text().splitlines()[1]


def test_the_catalog_of_workflows_finds_what_it_reads():
    """Its table reads below `usage`, its page of a workflow below `mandatory-flags`."""
    usage = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    flags = usage["mandatory-flags"]
    assert {"desc", "flags"} < set(flags)
    for place in (usage, flags):
        assert place["software-stack-deployment"] == {"conda": True} and place["report"] is True
    for path in ("workflow/Snakefile", "config/README.md", "README.md"):
        assert (PROJECT / path).is_file()
