"""What the pages say is so: links lead somewhere, and paths, targets and keys that they name exist."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from c3 import config

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
GUIDES = [README, *sorted(PROJECT.glob("docs/*.md")), PROJECT / "results/README.md"]
PAGES = [*GUIDES, *sorted(PROJECT.glob("docs/results/**/*.md")), PROJECT / "config/README.md"]
FOLDERS = ("config", "workflow", "scripts", "c3", "tests", "docs")
TAKES_VALUES = {"--configfile", "--config"}  # any number of words, until the next option
TAKES_VALUE = {"--cores", "--snakefile", "--directory", "--profile", "--report", "--set-threads", "--set-resources"}
TAKES_VALUE |= {"--storage-s3-endpoint-url"}

each_guide = pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(PROJECT)))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language; "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`]+)`", prose(page))


def anchors(page: Path) -> set[str]:
    """What its headings are called in addresses."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path, program: str) -> list[list[str]]:
    """The commands of a program in spans and code blocks, as words without comments."""
    lines = [" ".join(span.split()) for span in spans(page)]
    lines += [line.removeprefix("$ ") for block in blocks(page, "") for line in block.splitlines()]
    found = [line.split(" #")[0] for line in lines if re.match(rf"{program}( |$)", line)]
    return [shlex.split(line)[1:] for line in found if "<" not in line]


def targets(words: list[str]) -> list[str]:
    """The words of a `snakemake` command that are no options, nor their values."""
    found, option = [], None
    for word in words:
        if word.startswith("--"):
            option = word
        elif option in TAKES_VALUE:
            option = None
        elif option not in TAKES_VALUES:
            found.append(word)
    return found


def test_the_readme_is_short_and_says_that_it_is_a_snakemake_workflow():
    text = README.read_text()
    assert len(text.splitlines()) <= 130
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", text.lower()))


@each_page
def test_links_lead_somewhere(page):
    for address in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", address):
            continue
        path, _, anchor = address.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{address} is not there"
        assert not anchor or anchor in anchors(target), f"{address}: no such heading"


@each_guide
def test_paths_of_the_repository_exist(page):
    words = spans(page)
    words += [word for program in ("snakemake", "python") for command in commands(page, program) for word in command]
    for word in words:
        if word.split("/")[0] in FOLDERS and "/" in word and not re.search(r"[<*\s:]", word):
            assert (PROJECT / word).exists(), f"{word} is not there"


@each_guide
def test_targets_exist(page):
    workflow = "".join(path.read_text() for path in [PROJECT / "workflow/Snakefile", *PROJECT.glob("workflow/rules/*")])
    rules = set(re.findall(r"^ *rule (\w+):", workflow, flags=re.MULTILINE))
    for words in commands(page, "snakemake"):
        assert set(targets(words)) <= rules, f"snakemake {shlex.join(words)}"
    made = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    for words in commands(page, "make"):
        assert {word for word in words if "=" not in word} <= made, f"make {shlex.join(words)}"


@each_guide
def test_keys_of_the_configuration_exist(page):
    known = set(re.findall(r"^\| `([^`]+)` \|", (PROJECT / "config/README.md").read_text(), flags=re.MULTILINE))
    for span in spans(page):
        key = span.split(": ")[0]  # with its value or not
        is_key = re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", key) and key.split(".")[0] in config.Config.model_fields
        if is_key and not key.endswith(".yaml"):
            assert key in known, f"{key} is no key"


@each_guide
def test_configurations_are_valid(page):
    """Merged over the shipped ones, as the workflow does it; the part that a module gets stands under `c3`."""
    for block in blocks(page, "yaml"):
        values = yaml.safe_load(block)
        values = values.get("c3", values)
        merged = {}
        own = "folder-birdnet" if "birdnet" in block else "folder"
        for name in ["rows", "config", *([own] if "folder" in values else [])]:
            update_config(merged, yaml.safe_load((PROJECT / f"config/{name}.yaml").read_text()))
        update_config(merged, values)
        config.load(merged, page.name)


@each_guide
def test_no_commit_is_named(page):
    commits = re.findall(r"\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}\b", page.read_text())
    assert not commits


@pytest.mark.parametrize("page", [*GUIDES[1:], *PROJECT.glob("docs/results/*.md")], ids=lambda page: page.name)
def test_a_page_says_first_whom_it_is_for(page):
    assert page.read_text().split("\n\n")[1].startswith("For people who ")
