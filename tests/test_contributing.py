"""CONTRIBUTING.md names all files that an addition takes: made in a copy of the project, it works.

Each test makes one addition, in the files of its list and in no others; a list that names too few or too many fails.
"""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
from project import PROJECT, copy_project, planned_jobs, snakemake

SECTIONS = re.split(r"^### ", (PROJECT / "CONTRIBUTING.md").read_text(), flags=re.MULTILINE)[1:]
MADE = ("__pycache__", ".snakemake", "results")


class Project:
    """A copy of the project, and what has been changed in it."""

    def __init__(self, folder):
        self.folder = copy_project(folder)
        self.before = self._files()

    def _files(self):
        paths = [path for path in self.folder.rglob("*") if path.is_file() and not set(path.parts) & set(MADE)]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}

    def write(self, path, text):
        """A new file."""
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(text)

    def insert(self, path, place, text):
        """``text`` in front of ``place``, which stands once in the file."""
        old = (self.folder / path).read_text()
        assert old.count(place) == 1, f"{place!r} stands {old.count(place)} times in {path}"
        (self.folder / path).write_text(old.replace(place, text + place))

    def python(self, *arguments):
        """Run the Python of the copy; its output."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def snakemake(self, *arguments, config):
        """Run the Snakemake of the copy; its output."""
        done = snakemake(self.folder, *arguments, config=config)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def changed(self):
        """The files that are new or other than in the project."""
        after = self._files()
        assert set(self.before) <= set(after)
        return {path for path, content in after.items() if self.before.get(path) != content}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def listed(what, **names):
    """The files that CONTRIBUTING.md lists for an addition, with its example's name in the place of <...>."""
    (section,) = (section for section in SECTIONS if section.startswith(f"{what}\n"))
    paths = re.findall(r"^- `([^`]+)`", section, flags=re.MULTILINE)
    return {re.sub(r"<(\w+)>", lambda match: names[match[1]], path) for path in paths}


def outputs(planned):
    """All files that the jobs of a dry run make."""
    return set().union(*(job.outputs for job in planned_jobs(planned)))


def test_every_list_is_tried():
    tried = ["a row", "a label strategy", "a data source", "a figure"]
    assert [section.split("\n")[0] for section in SECTIONS] == tried


def test_a_row(project):
    project.write(
        "config/mine.yaml",
        "experiment: mine\n"
        "models: [stage1, wide]\n"
        "rows:\n"
        "  wide: {after: stage1, losses: {audio_audio: 1.0, clustering: 0.2}, clusters: 512, augmentation: true}\n"
        "evaluation: {label_efficiency: {models: [wide]}}\n",
    )
    assert project.changed() == listed("a row", experiment="mine")
    planned = project.snakemake("--dry-run", "all", config="config/mine.yaml")
    wanted = {"models/wide/0.keras", "clusters/wide/0.parquet", "evaluation/shallow_classifier/wide.csv"}
    assert {f"results/mine/{path}" for path in wanted} < outputs(planned)
    assert "results/mine/models/stage2/0.keras" not in outputs(planned)


STRATEGY = '''def longest(pool: Pool, budget: int, rng: np.random.Generator, annotator: GroundTruth) -> pd.DataFrame:
    """Ask for the segments with most windows; each label goes to all windows of its segment."""
    windows = pool.windows["segment_id"].value_counts()
    _check(pool, budget, len(windows), "training segments")
    return _label_segments(pool, list(windows.index[:budget]), annotator)


'''
ASK = """
import numpy, pandas
from c3.labels.annotation import GroundTruth
from c3.labels.strategies import STRATEGIES, Pool
from c3.report import names
ids = list("abcd")
manifest = pandas.DataFrame({"segment_id": ids, "split": "train", "labels": [[f"label {i}"] for i in ids]})
table = pandas.DataFrame({"segment_id": list("abbbcccd"), "window": [0, 0, 1, 2, 0, 1, 2, 0], "split": "train"})
annotator = GroundTruth(manifest)
weak = STRATEGIES["longest"](Pool.of(table, "index.parquet"), 2, numpy.random.default_rng(0), annotator)
print(sorted(annotator.asked), len(weak), names.strategy("longest"), sep="; ")
"""


def test_a_label_strategy(project):
    project.insert("c3/labels/strategies.py", "STRATEGIES: dict[str, Strategy]", STRATEGY)
    project.insert("c3/labels/strategies.py", '    "core_set": core_set,\n', '    "longest": longest,\n')
    project.insert("c3/config/sections.py", '    "core_set": ("embeddings",),\n', '    "longest": (),\n')
    project.insert("c3/report/names.py", '    "core_set": "Furthest', '    "longest": "Longest segments",\n')
    project.python("-m", "c3.config.reference")
    assert project.changed() == listed("a label strategy")
    assert project.python("-c", ASK) == "['b', 'c']; 6; Longest segments\n"
    asked = ["evaluation={label_efficiency: {strategies: [longest]}}", "rows={stage4: {labels: {strategy: longest}}}"]
    options = ["--dry-run", "--printshellcmds", "--config", *asked]
    planned = project.snakemake(*options, "--", "evaluation", config="config/smoke.yaml")
    assert "results/smoke/evaluation/label_efficiency/stage3.longest.csv" in outputs(planned)
    assert "--strategy longest --budget 2" in planned


SOURCE = '''"""Pure tones, high and low."""

import numpy as np
import pandas as pd
import soundfile

from c3 import config
from c3.data.sources import audioset

RATE = 16_000
CLASSES = {"low": 300, "high": 3000}


def write(section: config.Tones, seed, threads, train_csv, evaluation_csv, class_labels):
    """Write the media beside ``train_csv``, then the three tables."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(section.recordings):
        label = list(CLASSES)[number % 2]
        times = np.arange(int(section.seconds * RATE)) / RATE
        tone = np.sin(2 * np.pi * CLASSES[label] * rng.uniform(0.8, 1.2) * times)
        ytid = audioset.make_ytid(seed, number)
        soundfile.write(train_csv.parent / f"{ytid}.flac", tone / 2, RATE)
        rows.append((ytid, 0.0, section.seconds, [label]))
    table = pd.DataFrame(rows, columns=["ytid", "start", "end", "labels"])
    audioset.write_segments(train_csv, table[:-4])
    audioset.write_segments(evaluation_csv, table[-4:])
    audioset.write_class_labels(class_labels, pd.DataFrame([(c, c) for c in CLASSES], columns=["label", "name"]))
'''
SECTION = '''class Tones(Section):
    """Pure tones, high and low."""

    recordings: Count = Field(100, description="recordings, of which four are for evaluation")
    seconds: Positive = Field(10.0, description="length of each in seconds")


'''


def test_a_data_source(project):
    project.write("c3/data/sources/tones.py", SOURCE)
    project.insert("c3/config/sections.py", "class CollageClass(Section)", SECTION)
    project.insert("c3/config/sections.py", '"collage"]\n', '"tones", ')
    project.insert("c3/config/experiment.py", "    Training,\n)", "    Tones,\n")
    project.insert("c3/config/experiment.py", "    features: Features = ", "    tones: Tones = Tones()\n")
    project.insert("c3/config/__init__.py", "    Training,\n)", "    Tones,\n")
    project.insert("scripts/media.py", "\nSOURCES = ", "from c3.data.sources import tones\n")
    project.insert("scripts/media.py", '"collage": (config', '"tones": (config.Tones, tones.write), ')
    project.write(
        "config/tones.yaml",
        "experiment: tones\ndata: {source: tones}\ntones: {recordings: 20, seconds: 2}\nmodels: [clusters_plus]\n"
        "evaluation: {label_efficiency: {models: []}}\n",
    )
    project.python("-m", "c3.config.reference")
    assert project.changed() == listed("a data source", name="tones")
    project.snakemake("data", config="config/tones.yaml")
    manifest = pd.read_parquet(project.folder / "results/tones/manifest.parquet")
    assert manifest["split"].value_counts().to_dict().keys() == {"train", "validation", "evaluation"}
    assert len(manifest) == 20 and set(manifest["labels"].str[0]) == {"low", "high"}
    assert manifest["audio_path"].str.fullmatch(r"results/tones/media/.{11}\.flac").all()
    assert "`tones.recordings`" in (project.folder / "config/README.md").read_text()


FIGURE = '''

def d_prime(metrics: pd.DataFrame) -> Figure:
    """A bar for each model: how far apart the scores with and without a class lie."""
    rows = metrics[(metrics["evaluation"] == "shallow_classifier") & (metrics["metric"] == "d_prime")]
    mean = rows.groupby("model")["value"].mean()
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 3))
        axes = figure.subplots()
        axes.barh([names.model_in_line(name) for name in mean.index], mean)
        _title(figure, "Separation", "How far apart do the scores lie?", _experiment(rows))
    return figure
'''
NUMBERS = """experiment,model,evaluation,strategy,budget,seed,metric,value
toy,log_mel,shallow_classifier,,,0,d_prime,0.7
toy,stage1,shallow_classifier,,,0,d_prime,1.1
"""


def test_a_figure(project):
    figures = project.folder / "c3/report/figures.py"
    figures.write_text(figures.read_text() + FIGURE)
    project.insert("workflow/rules/common.smk", '        "embedding_map": True,\n', '        "d_prime": True,\n')
    project.write("workflow/report/d_prime.rst", "**Separation.** d′ of the shallow classifier, for each embedding.\n")
    assert project.changed() == listed("a figure", name="d_prime")
    planned = project.snakemake("--dry-run", "all", config="config/smoke.yaml")
    assert {f"results/smoke/figures/d_prime.{suffix}" for suffix in ("png", "pdf")} < outputs(planned)
    project.write("metrics.csv", NUMBERS)
    project.python("scripts/figures.py", "--metrics", "metrics.csv", "--out", "d_prime.png", "d_prime.pdf")
    assert (project.folder / "d_prime.png").read_bytes().startswith(b"\x89PNG")
    assert (project.folder / "d_prime.pdf").read_bytes().startswith(b"%PDF")
