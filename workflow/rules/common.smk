"""The validated configuration, names of files, and helpers of the rules."""

import ast
import json
import os
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

from c3 import config as c3_config
from c3.errors import C3Error

# Snakemake puts the rows of an overlay first; tables and figures keep the order of the default.
if isinstance(config.get("models"), dict):
    order = list(yaml.safe_load(Path("config/config.yaml").read_text())["models"])
    rows = config["models"]
    config["models"] = {name: rows[name] for name in (*order, *rows) if name in rows}

try:
    CONFIG = c3_config.load(config, " + ".join(map(str, workflow.configfiles)))
except C3Error as error:
    raise WorkflowError(str(error))

RESULTS = f"results/{CONFIG.experiment}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
MODELS = list(CONFIG.models)
CLUSTERED = [name for name, row in CONFIG.models.items() if "clustering" in row.losses]
LABELLED = [name for name, row in CONFIG.models.items() if row.labels]
CONSOLIDATED = [name for name, row in CONFIG.models.items() if "classification" in row.losses]
EVALUATED = ["log_mel", *CONFIG.embeddings, *MODELS]
SEEDS = CONFIG.training.seeds
EFFICIENCY = CONFIG.evaluation.label_efficiency
STRATEGIES = ["all", *(name for name in EFFICIENCY.budgets if name != "all")]
SHARDS = [f"{shard:03d}" for shard in range(CONFIG.storage.shards)]
FIGURE_NAMES = [
    "query_by_example",
    "shallow_classifier",
    "label_efficiency",
    "clustering",
    "training_curves",
    "cluster_portrait",
]

MADE = ["synthetic", "collage"]  # the sources whose media a job makes
MEDIA = f"{RESULTS}/media" if CONFIG.data.source in MADE else CONFIG.audioset.media
SCORED = CONFIG.evaluation.model_dump(mode="json", include={"split", "seeds"})

# Jobs find the Python that runs Snakemake, and TensorFlow keeps its start-up notes to itself.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


wildcard_constraints:
    model="[A-Za-z0-9_]+",
    seed=r"\d+",
    shard=r"\d+",
    strategy="[a-z_]+",


def section(part):
    """A part of the configuration as JSON text: the one param by which a rule depends on it."""
    return json.dumps(part.model_dump(mode="json") if hasattr(part, "model_dump") else part, sort_keys=True)


# They hold no science: what they pass on reaches the jobs as params.
PLUMBING = {"c3/__init__.py", "c3/config.py", "c3/cli.py", "c3/errors.py"}


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
                    queue += [place.with_suffix(".py"), place / "__init__.py"]
    return [path for path in found if path not in PLUMBING]


def segment_tables(wildcards):
    """The segment CSVs and the class labels of the configured source."""
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


def row_inputs(wildcards):
    """The network a row starts from, and the labels it has paid for: only what the row asks for."""
    row = CONFIG.models[wildcards.model]
    inputs = {}
    if row.after:
        inputs["after"] = f"{RESULTS}/models/{row.after}/{wildcards.seed}.keras"
    if row.labels:
        inputs["labels"] = f"{RESULTS}/labels/{wildcards.model}/{wildcards.seed}.parquet"
    return inputs


def row_of(wildcards):
    """The row of the curriculum."""
    return section(CONFIG.models[wildcards.model])


def given(wildcards, input):
    """Options for the inputs that not every job of a rule has."""
    return " ".join(f"--{name} {input[name]}" for name in ("after", "labels", "clusters", "embeddings") if input.get(name))


def label_inputs(wildcards):
    """What the strategy asks by: clusters of the row before, its embeddings, both or none."""
    row, inputs = CONFIG.models[wildcards.model], {}
    if row.labels.strategy in c3_config.CLUSTER_STRATEGIES:
        inputs["clusters"] = f"{RESULTS}/clusters/{row.after}/{wildcards.seed}.parquet"
    if row.labels.strategy in c3_config.EMBEDDING_STRATEGIES:
        inputs["embeddings"] = f"{RESULTS}/embeddings/{row.after}/{wildcards.seed}.npy"
    return inputs


def labels_of(wildcards):
    """Strategy and budget of a row, as options."""
    labels = CONFIG.models[wildcards.model].labels
    return f"--strategy {labels.strategy}" + (f" --budget {labels.budget}" if labels.budget else "")


def embeddings_of(wildcards):
    """The embeddings of all training seeds; none for the features themselves, one if another model made them."""
    if wildcards.model == "log_mel":
        return []
    if wildcards.model in CONFIG.embeddings:
        return f"{RESULTS}/embeddings/{wildcards.model}.npy"
    return expand(f"{RESULTS}/embeddings/{wildcards.model}/{{seed}}.npy", seed=SEEDS)


def vectors_of(wildcards):
    """The file of an embedding made elsewhere."""
    return CONFIG.embeddings[wildcards.model]


def clusters_of(wildcards):
    """The clusters of all training seeds."""
    return expand(f"{RESULTS}/clusters/{wildcards.model}/{{seed}}.parquet", seed=SEEDS)


def predictions_of(wildcards):
    """The predictions of all training seeds."""
    return expand(f"{RESULTS}/predictions/{wildcards.model}/{{seed}}.parquet", seed=SEEDS)


def asked_of(wildcards):
    """What the annotator was asked, for all training seeds."""
    return expand(f"{RESULTS}/labels/{wildcards.model}/{{seed}}.asked.csv", seed=SEEDS)


def budgets_of(wildcards):
    """The budgets of a strategy; the ceiling has none."""
    budgets = EFFICIENCY.budgets.get(wildcards.strategy, [])
    return "--budgets " + " ".join(map(str, budgets)) if budgets else ""


def captioned(name):
    """A figure as PNG, shown in the report with its caption, and as PDF."""
    picture = f"{RESULTS}/figures/{name}.png"
    return report(picture, caption=f"../report/{name}.rst", category="Figures", labels={"figure": name.replace("_", " ")})
