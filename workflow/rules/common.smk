"""The validated configuration, names of files, and helpers of the rules."""

import ast
import json
import os
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

from c3 import config as c3_config
from c3.errors import C3Error

try:
    CONFIG = c3_config.load(config, " + ".join(map(str, workflow.configfiles)))
except C3Error as error:
    sys.exit(f"c3: {error}")

RESULTS = f"results/{CONFIG.experiment}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
EFFICIENCY = CONFIG.evaluation.label_efficiency
SHARDS = [f"{shard:03d}" for shard in range(CONFIG.storage.shards)]
FIGURE_NAMES = [
    "query_by_example",
    "shallow_classifier",
    "stages",
    "label_efficiency",
    "clustering",
    "embedding_map",
    "training_curves",
    "cluster_portrait",
]


class Study(NamedTuple):
    """What a target evaluates: rows, each trained with these seeds; the label budgets of each strategy; and embeddings
    that no row makes."""

    models: list
    seeds: list
    budgets: dict
    embeddings: list = []

    def having(self, loss):
        """The rows that are trained with a loss."""
        return [name for name in self.models if loss in CONFIG.rows[name].losses]


# Folder below the results → what lies there. Networks of the same row and seed are shared.
STUDIES = {
    "": Study(list(CONFIG.models), CONFIG.training.seeds, EFFICIENCY.budgets, ["log_mel", *CONFIG.embeddings]),
    "paper/": Study(
        [*CONFIG.models, *CONFIG.paper.models],
        CONFIG.paper.seeds,
        EFFICIENCY.budgets | CONFIG.paper.budgets | EFFICIENCY.budgets,  # what `all` has stays as it is there
        ["log_mel", *CONFIG.embeddings],
    ),
    "sweeps/": Study(
        list(dict.fromkeys(row for name in CONFIG.sweeps for row in CONFIG.swept(name).values())),
        CONFIG.paper.seeds,
        {},
    ),
}
DEFAULT = STUDIES[""]
SWEPT = json.dumps(
    {
        name: {"model": sweep.model, "key": sweep.key, "rows": list(CONFIG.swept(name).items())}
        for name, sweep in CONFIG.sweeps.items()
    }
)
MAPPED = [name for name in dict.fromkeys([EFFICIENCY.models[0], "topline"]) if name in CONFIG.models]

MADE = ["synthetic", "collage"]  # the sources whose media a job makes
SHEETS = CONFIG.folder.sheets if CONFIG.data.source == "folder" else []
MEDIA = f"{RESULTS}/media" if CONFIG.data.source in MADE else CONFIG.audioset.media
SCORED = CONFIG.evaluation.model_dump(mode="json", include={"split", "seeds"})

# Jobs find the Python that runs Snakemake, and TensorFlow keeps its start-up notes to itself.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Of a job that is killed, bash would print the whole command; what the job and tee say is seen all the same.
shell.prefix("set -euo pipefail; exec 3>&2 2>/dev/null; ")


wildcard_constraints:
    study="|".join(STUDIES.keys()),
    model="[A-Za-z0-9_.-]+",
    seed=r"\d+",
    shard=r"\d+",
    strategy="[a-z_]+",


def scaled(amount, per_shard=0):
    """A resource that grows with the data, and by as much again with each retry.

    A shard of 2,000 segments has 10 MB of embeddings, of which some jobs make a copy, and 4 MB of tables.
    """

    def of_attempt(wildcards, attempt):
        return (amount + per_shard * CONFIG.storage.shards) * attempt

    return of_attempt


def section(part):
    """A part of the configuration as JSON text: the one param by which a rule depends on it."""
    return json.dumps(part.model_dump(mode="json") if hasattr(part, "model_dump") else part, sort_keys=True)


PLUMBING = ("c3/__init__.py", "c3/config/", "c3/cli.py", "c3/errors.py", "c3/progress.py")  # no science


def code(script):
    """The script and all of c3 that it imports: a job runs again when the content of one of them changes."""
    found, queue = [], [Path("scripts") / f"{script}.py"]
    while queue:
        path = queue.pop(0)
        if not path.exists() or str(path) in found:
            continue
        found.append(str(path))
        for node in ast.walk(ast.parse(path.read_text())):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for module in modules:
                if module.split(".")[0] == "c3":
                    place = Path(*module.split("."))
                    queue += [place.with_suffix(".py"), *(parent / "__init__.py" for parent in (place, *place.parents))]
    return [path for path in found if not path.startswith(PLUMBING)]


def segment_tables(wildcards):
    """The segment CSVs and the class labels of the configured source; a folder of recordings has none."""
    if CONFIG.data.source == "folder":
        return {}
    if CONFIG.data.source in MADE:
        return {
            "train": f"{MEDIA}/train_segments.csv",
            "evaluation": f"{MEDIA}/evaluation_segments.csv",
            "class_labels": f"{MEDIA}/class_labels_indices.csv",
        }
    return {
        "train": CONFIG.audioset.train,
        "evaluation": CONFIG.audioset.evaluation,
        "class_labels": CONFIG.audioset.class_labels,
    }


def source_of(wildcards, input):
    """Where the segments come from, as options."""
    if CONFIG.data.source == "folder":
        settings = section(CONFIG.folder.model_dump(exclude={"sheets"}))
        return f"--folder {shlex.quote(settings)}"
    tables = " ".join(f"--{name.replace('_', '-')} {input[name]}" for name in ("train", "evaluation", "class_labels"))
    return f"{tables} --media {shlex.quote(MEDIA)}"


def row_inputs(wildcards):
    """The network a row starts from, its embeddings and the labels paid for: only what the row asks for."""
    row = CONFIG.rows[wildcards.model]
    inputs = {}
    if row.after:
        inputs["after"] = f"{RESULTS}/models/{row.after}/{wildcards.seed}.keras"
    if row.frozen:
        inputs["stored"] = f"{RESULTS}/embeddings/{row.after}/{wildcards.seed}.npy"
    if row.labels:
        inputs["labels"] = f"{RESULTS}/labels/{wildcards.model}/{wildcards.seed}.parquet"
    return inputs


def row_of(wildcards):
    """The row of the curriculum."""
    return section(CONFIG.rows[wildcards.model])


def training_of(wildcards):
    """The section `training`, with what the row overrides."""
    return section(c3_config.overridden(CONFIG.training, CONFIG.rows[wildcards.model]).model_dump(exclude={"seeds"}))


def network_of(wildcards):
    """The section `network`, with what the row overrides."""
    return section(c3_config.overridden(CONFIG.network, CONFIG.rows[wildcards.model]))


def given(wildcards, input):
    """Options for the inputs that not every job of a rule has."""
    names = ("after", "stored", "labels", "clusters", "embeddings", "sheets")
    paths = {name: input[name] for name in names if input.get(name)}
    return " ".join(
        f"--{name} {shlex.join([each] if isinstance(each, str) else each)}" for name, each in paths.items()
    )


def label_inputs(wildcards):
    """What the strategy asks by: clusters of the row before, its embeddings, both or none; and sheets with answers."""
    row, inputs = CONFIG.rows[wildcards.model], {"sheets": SHEETS}
    if row.labels.strategy in c3_config.CLUSTER_STRATEGIES:
        inputs["clusters"] = f"{RESULTS}/clusters/{row.after}/{wildcards.seed}.parquet"
    if row.labels.strategy in c3_config.EMBEDDING_STRATEGIES:
        inputs["embeddings"] = f"{RESULTS}/embeddings/{row.after}/{wildcards.seed}.npy"
    return inputs


def labels_of(wildcards):
    """Strategy and budget of a row, as options."""
    labels = CONFIG.rows[wildcards.model].labels
    return f"--strategy {labels.strategy}" + (f" --budget {labels.budget}" if labels.budget else "")


def seeds_of(wildcards):
    """The training seeds of a study."""
    return STUDIES[wildcards.study].seeds


def embeddings_of(wildcards):
    """The embeddings of all training seeds; none for the features themselves, one if another model made them."""
    if wildcards.model == "log_mel":
        return []
    if wildcards.model in CONFIG.embeddings:
        return f"{RESULTS}/embeddings/{wildcards.model}.npy"
    return expand(f"{RESULTS}/embeddings/{wildcards.model}/{{seed}}.npy", seed=seeds_of(wildcards))


def vectors_of(wildcards):
    """The file of an embedding made elsewhere."""
    return CONFIG.embeddings[wildcards.model]


def clusters_of(wildcards):
    """The clusters of all training seeds."""
    return expand(f"{RESULTS}/clusters/{wildcards.model}/{{seed}}.parquet", seed=seeds_of(wildcards))


def predictions_of(wildcards):
    """The predictions of all training seeds."""
    return expand(f"{RESULTS}/predictions/{wildcards.model}/{{seed}}.parquet", seed=seeds_of(wildcards))


def asked_of(wildcards):
    """What the annotator was asked, for all training seeds."""
    return expand(f"{RESULTS}/labels/{wildcards.model}/{{seed}}.asked.csv", seed=seeds_of(wildcards))


def budgets_of(wildcards):
    """The budgets of a strategy; the ceiling has none."""
    budgets = STUDIES[wildcards.study].budgets.get(wildcards.strategy, [])
    return "--budgets " + " ".join(map(str, budgets)) if budgets else ""


def tables_of(wildcards):
    """The tables of numbers of a study."""
    study, folder = STUDIES[wildcards.study], f"{RESULTS}/{wildcards.study}evaluation"
    models = [*study.embeddings, *study.models]
    return [
        *expand(f"{folder}/query_by_example/{{model}}.csv", model=models),
        *expand(f"{folder}/shallow_classifier/{{model}}.csv", model=models),
        *expand(f"{folder}/clustering/{{model}}.csv", model=study.having("clustering")),
        *expand(
            f"{folder}/label_efficiency/{{model}}.{{strategy}}.csv",
            model=EFFICIENCY.models if study.budgets else [],
            strategy={"all": [], **study.budgets},
        ),
        *expand(f"{folder}/consolidation/{{model}}.csv", model=study.having("classification")),
    ]


def histories_of(wildcards):
    """The histories of all rows and seeds of a study."""
    study = STUDIES[wildcards.study]
    return expand(f"{RESULTS}/history/{{model}}/{{seed}}.csv", model=study.models, seed=study.seeds)


def portraits_of(wildcards):
    """The portrait of the first row whose label efficiency is measured, of the first seed."""
    return f"{RESULTS}/portraits/{EFFICIENCY.models[0]}/{seeds_of(wildcards)[0]}.npz"


def maps_of(wildcards):
    """The maps of the first seed."""
    return f"{RESULTS}/embedding_maps/{seeds_of(wildcards)[0]}.parquet"


def shown_of(wildcards):
    """The sections of the configuration that the numbers of a study come from."""
    parts = {"experiment", "data", CONFIG.data.source, "features", "network", "training", "models", "evaluation"}
    return section(CONFIG.model_dump(mode="json", include=parts | ({"paper"} if wildcards.study else set())))


def products(study):
    """What the target of a study asks for: the numbers, the page that explains them, and all figures.

    Of own recordings, whose labels nobody knows: a sheet to fill in, and once one is filled in, what is recognised.
    """
    if CONFIG.data.source == "folder":
        unlabelled = [name for name in DEFAULT.models if not CONFIG.rows[name].labels]
        labelled = [name for name in DEFAULT.models if name not in unlabelled]
        clustered = [name for name in DEFAULT.having("clustering") if name in unlabelled]
        return [
            *expand(f"{RESULTS}/embeddings/{{model}}/{{seed}}.npy", model=unlabelled, seed=DEFAULT.seeds),
            *expand(f"{RESULTS}/clusters/{{model}}/{{seed}}.parquet", model=clustered, seed=DEFAULT.seeds),
            *expand(f"{RESULTS}/sheets/{{model}}.csv", model=labelled),
            *expand(f"{RESULTS}/recognised/{{model}}.csv", model=labelled if SHEETS else []),
        ]
    folder = f"{RESULTS}/{study}"
    return [
        f"{folder}metrics.csv",
        f"{folder}metrics.parquet",
        f"{folder}report.md",
        *expand(f"{folder}figures/{{name}}.{{suffix}}", name=FIGURE_NAMES, suffix=["png", "pdf"]),
    ]


def captioned(name, study="{study}"):
    """A figure as PNG, shown in the report with its caption."""
    picture = f"{RESULTS}/{study}figures/{name}.png"
    return report(picture, caption=f"../report/{name}.rst", category="Figures", labels={"figure": name.replace("_", " ")})
