"""The layers of c3: nothing imports upwards or in a circle, and what only reads arrays and tables loads no network."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
# From the ground up, as in CONTRIBUTING.md. A part imports from the layers below, and parts of a layer do not know each
# other. A module belongs to the longest name here that it has or lies in.
LAYERS = [
    ["errors"],
    ["config", "cli", "progress"],
    ["data", "models", "training.losses", "clustering", "sphere"],
    ["data.sources", "training", "labels", "encoders"],
    ["evaluation", "recognition", "hear", "export"],
    ["report"],
]
LAYER = {f"c3.{part}": number for number, layer in enumerate(LAYERS) for part in layer}
WITHOUT_NETWORK = ("c3.clustering", "c3.labels", "c3.evaluation", "c3.report")
NETWORKS = ("c3.models", "c3.training", "keras", "tensorflow", "torch", "jax")
RUNNER = "c3.evaluation.inputs"  # runs the scripts of the evaluations, and so is the one that uses c3.cli


def within(name: str, parts) -> bool:
    """Whether the module is one of these or lies in one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def module_paths(project: Path) -> dict[str, Path]:
    """Module → file, of the whole package; a package goes by its own name."""
    found = {}
    for path in sorted((project / "c3").rglob("*.py")):
        name = ".".join(path.relative_to(project).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imported(source: str, modules) -> set[str]:
    """What is imported anywhere in a module: modules of c3 as far down as named, and the names of other packages."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports of c3 are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & set(modules)
            if inner - set(modules):
                found.add(node.module)
    return found


def part_of(module: str) -> str:
    """The part of LAYERS that a module belongs to."""
    parts = [part for part in LAYER if within(module, [part])]
    assert parts, f"{module} stands in no layer; give it one in LAYERS and in CONTRIBUTING.md"
    return max(parts, key=len)


def wrong(graph: dict[str, set[str]]) -> set[str]:
    """What breaks the order, in words. graph: module → what it imports."""
    found = set()
    for module, targets in graph.items():
        if module == "c3":
            found |= {f"c3 imports {target}" for target in targets}
            continue
        own = part_of(module)
        for target in targets:
            if within(module, WITHOUT_NETWORK) and within(target, NETWORKS):
                found.add(f"{module} imports {target}, a network")
            if not within(target, ["c3"]) or target == "c3":
                continue
            other = part_of(target)
            if other != own and LAYER[other] >= LAYER[own]:
                found.add(f"{module} imports {target}, which does not lie below it")
            if other == "c3.cli" and module != RUNNER:
                found.add(f"{module} imports {target}, which is for scripts")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.add(f"{' imports '.join(reversed(error.args[1]))}, a circle")
    return found


@pytest.fixture(scope="module")
def graph():
    """Module → what it imports, at its top and within its functions."""
    paths = module_paths(PROJECT)
    return {name: imported(path.read_text(), paths) for name, path in paths.items()}


def test_nothing_imports_upwards_or_in_a_circle(graph):
    assert {"c3", "c3.config.sections", "c3.data.sources.synthetic.scenes", "c3.training.losses"} < set(graph)
    assert wrong(graph) == set()


@pytest.mark.parametrize(
    "module, target, sentence",
    [
        ("c3.config.sections", "c3.labels.strategies", "which does not lie below it"),
        ("c3.data.store", "c3.data.sources.folder", "which does not lie below it"),
        ("c3.models.network", "c3.training.losses", "which does not lie below it"),
        ("c3.training.losses", "c3.training.sampling", "which does not lie below it"),
        ("c3.labels.sheets", "c3.report.names", "which does not lie below it"),
        ("c3.evaluation.metrics", "keras", "a network"),
        ("c3.report.figures", "c3.training.curriculum", "a network"),
        ("c3.labels.annotation", "c3.cli", "which is for scripts"),
        ("c3.config.sections", "c3.config.experiment", "a circle"),
        ("c3", "c3.config", "c3 imports c3.config"),
    ],
)
def test_a_wrong_import_is_found(graph, module, target, sentence):
    doctored = {**graph, module: graph[module] | {target}}
    assert any(sentence in words for words in wrong(doctored))


def test_imports_are_found_wherever_they_stand():
    modules = {"c3", "c3.config", "c3.config.sections", "c3.errors", "c3.data.store"}
    source = (
        "from c3 import config, errors\n\n\ndef late():\n    import numpy\n    from c3.data.store import Features\n"
    )
    assert imported(source, modules) == {"numpy", "c3.config", "c3.errors", "c3.data.store"}
    assert imported("from c3.config import sections, load\n", modules) == {"c3.config", "c3.config.sections"}


def loaded(*modules: str) -> set[str]:
    """What a fresh Python has loaded after these imports and not before."""
    code = f"import sys; before = set(sys.modules); import {', '.join(modules)}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    return set(done.stdout.split())


def test_import_is_light():
    """`import c3` loads nothing else at all; the configuration and what scripts share load no arrays or tables."""
    assert loaded("c3") == {"c3"}
    assert not {"numpy", "pandas", "matplotlib", "sklearn"} & loaded("c3.config", "c3.cli", "c3.errors")


def test_what_reads_arrays_and_tables_loads_no_network(graph):
    """All of its modules, and whatever they load in turn."""
    modules = [name for name in graph if within(name, WITHOUT_NETWORK)]
    assert {"c3.labels.strategies", "c3.report.figures", "c3.evaluation.label_efficiency"} < set(modules)
    assert not [name for name in loaded("c3.config", "c3.cli", *modules) if within(name, NETWORKS)]


def test_no_file_that_is_read_can_hold_a_program():
    """Files come from elsewhere: what unpickles them, or makes objects of what they name, would run what is in them."""
    names = r"pickle|cloudpickle|dill|joblib|shelve|marshal"
    forbidden = re.compile(
        rf"^\s*(import|from) ({names})\b|\b(read_pickle|enable_unsafe_deserialization|unsafe_load|torch\.load)\b"
        r"|\byaml\.(load|full_load|Loader|UnsafeLoader)\b|allow_pickle=(?!False)|safe_mode=(?!True)|\b(eval|exec)\(",
        re.MULTILINE,
    )
    paths = [path for part in ("c3", "scripts", "workflow") for path in (PROJECT / part).rglob("*")]
    read = {path: path.read_text() for path in paths if path.suffix in (".py", ".smk") or path.name == "Snakefile"}
    assert len(read) > 80
    assert not {str(path): found[0] for path, text in read.items() if (found := forbidden.search(text))}
