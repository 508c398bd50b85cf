"""pyproject.toml, requirements.lock and environment.yml say the same."""

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
