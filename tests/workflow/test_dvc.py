"""dvc.yaml says the same as the workflow: whose output is whose, and what each phase depends on."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from project import PROJECT, covers, planned_jobs, snakemake

MODELS = yaml.safe_load((PROJECT / "config/config.yaml").read_text())["models"]
# Key → an unusual value, and how a job shows that it gets it. A section that jobs get as a whole needs one key.
PROBES = {
    "data.source": ("synthetic", '--source synthetic|"source": "synthetic"'),
    "data.seed": (77001, "77001"),
    "data.validation_share": (0.77002, "0.77002"),
    "data.max_quarantined": (0.77003, "0.77003"),
    "synthetic.seconds": (778.004, "778.004"),
    "features.log_offset": (0.77005, "0.77005"),
    "storage.shards": (3, "--shards 3"),
    "network.coincidence_units": (77006, "77006"),
    "training.gamma": (7.1007, "7.1007"),
    "training.seeds": ([77008], "77008"),
    "rows.topline_plus.delta_t": (77.101, "77.101"),
    "rows.stage1.delta_t": (77.103, "77.103"),
    "rows.stage2.delta_t": (77.104, "77.104"),
    "rows.stage3.delta_t": (77.105, "77.105"),
    # the rows beside the curriculum take as many steps as its three together
    "rows.stage1.steps": (70_001, r"\"steps\": (70001|210321)\b"),
    "rows.stage2.steps": (70_020, r"\"steps\": (70020|210321)\b"),
    "rows.stage3.steps": (70_300, r"\"steps\": (70300|210321)\b"),
    "rows.stage2_plus.delta_t": (77.107, "77.107"),
    "rows.stage3_plus.delta_t": (77.108, "77.108"),
    "rows.stage4_plus.delta_t": (77.109, "77.109"),
    "rows.stage4_plus.labels.budget": (77, r"--budget 77\b|\"budget\": 77\b"),
    "rows.scratch_plus.delta_t": (77.11, r"77\.11\b"),
    "models": (MODELS, r'"models": \["topline_plus"|evaluation/query_by_example/stage4_plus.csv'),
    "evaluation.examples": (77009, "77009"),
    "paper.seeds": ([77010], "77010"),
    "sweeps.gamma.values": ([77.12], r"77\.12\b"),
}


class Stage(NamedTuple):
    """What dvc.yaml says about a stage: files or folders below the project, and keys of the configuration."""

    deps: frozenset[str]
    outs: frozenset[str]
    params: frozenset[str]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Every job of the default experiment with the values of the probes, as Snakemake resolves it."""
    probes = {"sweeps": {"labels_plus": {"values": [77]}}}  # the budget of stage 4 plus, as in the default
    for key, (value, _) in PROBES.items():
        *sections, name = key.split(".")
        place = probes
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    overlay = tmp_path_factory.mktemp("probes") / "probes.yaml"
    overlay.write_text(yaml.safe_dump(probes))
    planned = snakemake(PROJECT, "--dry-run", "--forceall", "--printshellcmds", "all", config=str(overlay))
    assert planned.returncode == 0, planned.stdout
    return planned_jobs(planned.stdout)


@pytest.fixture(scope="module")
def stages():
    """Name → :class:`Stage`."""
    found = {}
    for stage in Repo(str(PROJECT)).index.stages:
        params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
        assert {dep.def_path for dep in params} <= {"config/config.yaml", "config/rows.yaml"}
        found[stage.name] = Stage(
            below(dep for dep in stage.deps if dep not in params),
            below(stage.outs),
            frozenset(key for dep in params for key in dep.params),
        )
    return found


def below(items) -> frozenset[str]:
    return frozenset(Path(item.fs_path).relative_to(PROJECT).as_posix() for item in items)


def mismatches(jobs, stages) -> set[str]:
    """What dvc.yaml lacks or has too much, in words."""
    wrong = set()
    owned = {name: [] for name in stages}
    for job in jobs:
        owners = {
            file: [name for name, stage in stages.items() if any(covers(out, file) for out in stage.outs)]
            for file in job.outputs
        }
        wrong |= {f"{file} lies in the outs of {names or 'none'}" for file, names in owners.items() if len(names) != 1}
        for name in {name for names in owners.values() for name in names}:
            owned[name].append(job)
    code = subprocess.run(["git", "ls-files", "c3", "scripts"], cwd=PROJECT, text=True, capture_output=True).stdout
    for name, (deps, outs, params) in stages.items():
        produced = {file for job in owned[name] for file in job.outputs}
        wrong |= {f"{name} has the out {out} too much" for out in outs if not any(covers(out, f) for f in produced)}
        needed = {file for job in owned[name] for file in job.inputs} - produced
        wrong |= {f"{name} lacks {file}" for file in needed if not any(covers(dep, file) for dep in deps)}
        # a folder of code is needed whole, of a folder of results one file is enough
        listed = {file for file in code.split() if any(covers(dep, file) for dep in deps)}
        wrong |= {f"{name} has {file} too much" for file in listed - needed}
        wrong |= {f"{name} has {dep} too much" for dep in deps if not any(covers(dep, file) for file in needed)}
        shown = "".join(job.text for job in owned[name])
        used = {key for key, (_, pattern) in PROBES.items() if re.search(pattern, shown)}
        named = {param: {key for key in PROBES if f"{key}.".startswith(f"{param}.")} for param in params}
        wrong |= {f"{name} lacks the param {key}" for key in used - set().union(*named.values())}
        # a section is needed whole; of a row that gives another its length, the steps are enough
        spare = {param for param, keys in named.items() if (not keys & used if "rows." in param else keys - used)}
        wrong |= {f"{name} has the param {param} too much" for param in spare | {p for p in named if not named[p]}}
    return wrong


def test_dvc_and_the_workflow_agree(jobs, stages):
    assert len(jobs) > 30 and len(stages) > 8
    assert mismatches(jobs, stages) == set()


@pytest.mark.parametrize(
    "field, missing, sentence",
    [
        ("deps", "results/synthetic/manifest.parquet", "evaluate lacks results/synthetic/manifest.parquet"),
        ("deps", "c3/labels/strategies.py", "evaluate lacks c3/labels/strategies.py"),
        ("outs", "results/synthetic/metrics.csv", "results/synthetic/metrics.csv lies in the outs of none"),
        ("params", "training.seeds", "evaluate lacks the param training.seeds"),
    ],
)
def test_a_missing_entry_is_found(jobs, stages, field, missing, sentence):
    evaluate = stages["evaluate"]
    assert missing in getattr(evaluate, field)
    fewer = evaluate._replace(**{field: getattr(evaluate, field) - {missing}})
    assert sentence in mismatches(jobs, {**stages, "evaluate": fewer})


@pytest.mark.parametrize(
    "field, superfluous, sentence",
    [
        ("deps", "scripts/train.py", "evaluate has scripts/train.py too much"),
        ("deps", "c3/data", "evaluate has c3/data/sources/synthetic/sounds.py too much"),
        ("deps", "results/synthetic/portraits", "evaluate has results/synthetic/portraits too much"),
        ("outs", "results/synthetic/nothing", "evaluate has the out results/synthetic/nothing too much"),
        (
            "outs",
            "results/synthetic/figures",
            "results/synthetic/figures/stages.png lies in the outs of ['evaluate', 'figures']",
        ),
        ("params", "features", "evaluate has the param features too much"),
        ("params", "training", "evaluate has the param training too much"),
    ],
)
def test_a_superfluous_entry_is_found(jobs, stages, field, superfluous, sentence):
    evaluate = stages["evaluate"]
    more = evaluate._replace(**{field: getattr(evaluate, field) | {superfluous}})
    assert sentence in mismatches(jobs, {**stages, "evaluate": more})


def test_every_section_a_phase_uses_is_among_its_params(stages):
    """A key of the configuration that no stage names would change nothing for ``dvc repro``."""
    from c3 import config

    named = {param.split(".")[0] for stage in stages.values() for param in stage.params}
    unnamed = set(config.Config.model_fields) - named
    # its name, what the default leaves empty, and other targets
    assert unnamed == {"experiment", "collage", "audioset", "benchmark", "folder", "recognise", "embeddings"}


def test_dvc_brings_back_no_earlier_run_behind_the_workflow():
    """An out that persists keeps a stage out of DVC's run cache, of which Snakemake knows nothing."""
    for stage in Repo(str(PROJECT)).index.stages:
        assert any(out.persist for out in stage.outs), stage.name
