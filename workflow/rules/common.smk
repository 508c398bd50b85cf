"""The validated configuration, names of files, and helpers of the rules."""

import ast
import functools
import importlib.util
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import NamedTuple

import yaml
from snakemake.utils import update_config

# The code beside this workflow is the code that runs, installed or not, whatever the working directory.
BESIDE = Path(str(workflow.current_basedir.get_path_or_uri(secret_free=True)), "../..").resolve()
if (BESIDE / "c3").is_dir():
    sys.path.insert(0, str(BESIDE))
    os.environ.update(PYTHONPATH=os.pathsep.join([str(BESIDE), *filter(None, [os.getenv("PYTHONPATH")])]))
if importlib.util.find_spec("c3") is None:
    sys.exit("c3: The package c3 is not installed; allowed is an environment made from its environment.yml.")

from c3 import config as c3_config
from c3.cli import check_dates, check_writable
from c3.errors import C3Error
from c3.evaluation import topline_of


def beside(path):
    """A file of this workflow, given from its root; a copy of it where the workflow was deployed from elsewhere."""
    return BESIDE / path if (BESIDE / path).exists() else Path(workflow.source_path(f"../../{path}"))


def told(make, *arguments):
    """What ``make`` returns; of its error the sentence is the last that is seen."""
    try:
        return make(*arguments)
    except C3Error as error:
        sys.exit(f"c3: {error}")


# The shipped configuration, and over it what the working directory, --configfile, --config or a module gives.
SHIPPED = {}
for path in (beside("config/rows.yaml"), beside("config/config.yaml"), Path("config/rows.yaml")):
    if path.exists():
        update_config(SHIPPED, yaml.safe_load(path.read_text()))
update_config(SHIPPED, config)
config.update(SHIPPED)
CONFIG = told(c3_config.load, config, " + ".join(map(str, workflow.configfiles)) or "the configuration")

EXPERIMENT = f"results/{CONFIG.experiment}"
RESULTS = EXPERIMENT if CONFIG.fold is None else f"{EXPERIMENT}/fold-{CONFIG.fold}"
if not {"--dry-run", "--dryrun", "-n", "--report"} & set(sys.argv):  # which only read
    told(check_writable, RESULTS)
    told(check_writable, ".snakemake")
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
EFFICIENCY = CONFIG.evaluation.label_efficiency
SHARDS = [f"{shard:03d}" for shard in range(CONFIG.storage.shards)]


class Study(NamedTuple):
    """What a target evaluates: rows, each trained with these seeds; label strategies; embeddings that no row makes."""

    models: list
    seeds: list
    strategies: list = []
    embeddings: list = []

    @property
    def systems(self):
        """The rows of whole networks, each trained with so many labels: where it is asked for labels."""
        return SYSTEMS if self.strategies else []

    def having(self, loss):
        """The rows that are trained with a loss."""
        return CONFIG.learn(self.models, loss)


@functools.cache
def study(folder):
    """What lies in a folder below the results. Networks of the same row and seed are shared."""
    embeddings = ["log_mel", *CONFIG.embeddings]
    if folder == "":
        return Study(CONFIG.models, CONFIG.training.seeds, EFFICIENCY.strategies, embeddings)
    if folder == "paper/":
        strategies = list(dict.fromkeys([*EFFICIENCY.strategies, *CONFIG.paper.strategies]))
        return Study(
            list(dict.fromkeys([*CONFIG.models, *CONFIG.paper.models])), CONFIG.paper.seeds, strategies, embeddings
        )
    swept = [told(CONFIG.swept, name).values() for name in CONFIG.paper.sweeps]
    return Study(list(dict.fromkeys(row for rows in swept for row in rows)), CONFIG.paper.seeds)


DEFAULT = study("")
SYSTEMS = told(CONFIG.systems)
# The row whose clusters are shown, if one learns any; and those whose embedding is laid out in a plane.
PORTRAYED = next(iter(CONFIG.learn([*EFFICIENCY.models, *CONFIG.models], "clustering")), None)
MAPPED = list(
    dict.fromkeys(
        [
            *([name for name in EFFICIENCY.models if name in CONFIG.models] or CONFIG.models[-1:])[:1],
            *filter(None, [topline_of(CONFIG.models)]),
        ]
    )
)
FIGURE_NAMES = [
    name
    for name, is_drawn in {
        "query_by_example": True,
        "shallow_classifier": True,
        "stages": any(name.startswith("stage") for name in CONFIG.models),
        "label_efficiency": EFFICIENCY.models,
        "clustering": DEFAULT.having("clustering"),
        "embedding_map": True,
        "training_curves": CONFIG.models,
        "cluster_portrait": PORTRAYED,
    }.items()
    if is_drawn
]

SHEETS = CONFIG.folder.sheets if CONFIG.data.source == "folder" else []
if SHEETS and all(map(os.path.exists, SHEETS)):  # what is wrong with them is told before anything runs
    from c3.data import manifest
    from c3.labels import sheets

    listed = f"{RESULTS}/manifest.parquet"
    # One that is about to be made anew (--forcerun manifest) may lack recordings that sheets are about.
    is_kept = os.path.exists(listed) and not {"manifest", "--forceall", "-F"} & set(sys.argv)
    told(sheets.read_sheets, SHEETS, manifest.read(listed) if is_kept else None)
# Recordings in a store (s3://…) are brought beside the results, once for all folds.
FOUND = {"folder": CONFIG.folder.root, "audioset": CONFIG.audioset.media, "benchmark": CONFIG.benchmark.media}
FOUND = FOUND.get(CONFIG.data.source, f"{RESULTS}/media")
IS_STORED = "://" in FOUND
MEDIA = f"{EXPERIMENT}/recordings" if IS_STORED else FOUND
SCORED = CONFIG.evaluation.model_dump(mode="json", include={"split", "seeds"})

# Jobs find the Python that runs Snakemake, and TensorFlow keeps its start-up notes to itself.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


wildcard_constraints:
    study="(paper/|sweeps/)?",
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


PACKAGE = Path(importlib.util.find_spec("c3").origin).parent
PLUMBING = ("__init__.py", "config/", "cli.py", "errors.py", "progress.py")  # no science; reaches the jobs as params


@functools.cache
def imports(path):
    """Where the modules of c3 may lie that a file imports."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for first, *rest in (module.split(".") for module in modules):
            if first == "c3" and rest:
                inner = [PACKAGE.joinpath(*rest[:depth]) for depth in range(1, len(rest) + 1)]
                found += [inner[-1].with_suffix(".py"), *(folder / "__init__.py" for folder in inner)]
    return found


def code(script):
    """The script and all of c3 that it imports: a job runs again when the content of one of them changes."""
    found, queue = [], [beside(f"scripts/{script}.py")]
    while queue:
        path = queue.pop(0)
        if not path.exists() or path in found:
            continue
        found.append(path)
        queue += imports(path)
    plumbing = tuple(str(PACKAGE / part) for part in PLUMBING)
    return [from_here(path) for path in found if not str(path).startswith(plumbing)]


def from_here(path):
    """A path as Snakemake names it, relative below the working directory and absolute elsewhere."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


TEMPLATES = [from_here(path) for path in sorted((PACKAGE / "report/templates").iterdir())]


def segment_tables(wildcards):
    """The segment CSVs and the class labels of the configured source; a folder of recordings has none."""
    if CONFIG.data.source == "folder":
        return {}
    if CONFIG.data.source == "benchmark":
        return {"train": CONFIG.benchmark.train, "evaluation": CONFIG.benchmark.evaluation}
    if CONFIG.data.source in c3_config.MADE:
        return {
            "train": f"{MEDIA}/train_segments.csv",
            "evaluation": f"{MEDIA}/evaluation_segments.csv",
            "class_labels": f"{MEDIA}/class_labels_indices.csv",
        }
    return {
        "train": CONFIG.audioset.train,
        "evaluation": CONFIG.audioset.evaluation,
        "class_labels": CONFIG.audioset.class_labels,
        **({"ontology": CONFIG.audioset.ontology} if CONFIG.audioset.ontology else {}),
    }


def source_of(wildcards, input):
    """Where the segments come from, as options."""
    if CONFIG.data.source == "folder":
        settings = section({**CONFIG.folder.model_dump(exclude={"sheets"}), "root": MEDIA})
        return f"--folder {shlex.quote(settings)}"
    if CONFIG.data.source == "benchmark":
        settings = section({**CONFIG.benchmark.model_dump(), "media": MEDIA, "folds": CONFIG.benchmark.folds[:1]})
        return f"--benchmark {shlex.quote(settings)}"
    tables = " ".join(f"--{name.replace('_', '-')} {input[name]}" for name in ("train", "evaluation", "class_labels"))
    selection = section(CONFIG.audioset.model_dump(include={"ontology", "classes", "sample"}))
    selection = f" --selection {shlex.quote(selection)}" if CONFIG.data.source == "audioset" else ""
    return f"{tables} --media {shlex.quote(MEDIA)}{selection}"


# Of the pages on which a person listens; the colours are those of the page of results.
LABEL_TEMPLATES = [from_here(path) for path in sorted((PACKAGE / "report/label_templates").iterdir())]
LABEL_TEMPLATES.append(from_here(PACKAGE / "report/templates/page.css"))


def row_inputs(wildcards):
    """The network a row starts from, its embeddings and the labels paid for: only what the row asks for."""
    row = CONFIG.row(wildcards.model)
    inputs = {}
    if row.after and row.after not in CONFIG.embeddings:
        inputs["after"] = f"{RESULTS}/models/{row.after}/{wildcards.seed}.keras"
    if row.frozen or row.propagated:
        inputs["stored"] = stored_of(row.after, wildcards.seed)
    if row.labels:
        inputs["labels"] = f"{RESULTS}/labels/{wildcards.model}/{wildcards.seed}.parquet"
    return inputs


def row_of(wildcards):
    """The row of the curriculum."""
    return section(CONFIG.row(wildcards.model))


def training_of(wildcards):
    """The section `training`, with what the row overrides."""
    return section(CONFIG.training_of(wildcards.model).model_dump(exclude={"seeds"}))


def network_of(wildcards):
    """The section `network`, with what the row overrides."""
    return section(CONFIG.network_of(wildcards.model))


def about_of(wildcards):
    """What a network's card says of the data: the experiment, the recordings' licence, who made vectors it starts from."""
    licence = CONFIG.data.licence or ("simulated by C3" if CONFIG.data.source == "synthetic" else None)
    about = {"experiment": CONFIG.experiment, "licence": licence}
    start = CONFIG.row(CONFIG.chain(wildcards.model)[-1]).after
    if start is not None:
        about["vectors"] = CONFIG.embeddings[start].encoder or CONFIG.embeddings[start].vectors
        if about["vectors"] == "birdnet":
            from c3.encoders.birdnet import LICENCE

            about["vectors"] += f". {LICENCE}"
    return section(about)


def start_of(wildcards):
    """The embedding that a row of heads alone starts from, as an option: its network knows whose vectors it takes."""
    start = CONFIG.row(CONFIG.chain(wildcards.model)[-1]).after
    return f"--embedding {shlex.quote(section(CONFIG.embeddings[start]))}" if start else ""


def networks_of(wildcards):
    """The networks of all training seeds."""
    return expand(f"{RESULTS}/models/{wildcards.model}/{{seed}}.keras", seed=DEFAULT.seeds)


def given(wildcards, input):
    """Options for the inputs that not every job of a rule has."""
    names = ("after", "stored", "labels", "clusters", "embeddings", "sheets", "portraits", "vectors", "shards")
    paths = {name: input[name] for name in names if input.get(name)}
    return " ".join(f"--{name} {shlex.join([each] if isinstance(each, str) else each)}" for name, each in paths.items())


def label_inputs(wildcards):
    """What the strategy asks by: clusters of the row before, its embeddings, both or none; and sheets with answers."""
    row, inputs = CONFIG.row(wildcards.model), {"sheets": SHEETS}
    if row.labels.strategy in c3_config.CLUSTER_STRATEGIES:
        inputs["clusters"] = f"{RESULTS}/clusters/{row.after}/{wildcards.seed}.parquet"
    if row.labels.strategy in c3_config.EMBEDDING_STRATEGIES:
        inputs["embeddings"] = stored_of(row.after, wildcards.seed)
    return inputs


def sheet_inputs(wildcards):
    """What neighbours are found by: the embedding that the row starts from, and its clusters if it has learnt any."""
    after, seed, inputs = CONFIG.row(wildcards.model).after, DEFAULT.seeds[0], {}
    if after:
        inputs["embeddings"] = stored_of(after, seed)
        if after in CONFIG.rows and CONFIG.learn([after], "clustering"):
            inputs["clusters"] = f"{RESULTS}/clusters/{after}/{seed}.parquet"
    return inputs


def labels_of(wildcards):
    """Strategy and budget of a row, as options."""
    labels = CONFIG.row(wildcards.model).labels.model_dump(exclude_none=True)
    people = {"answers": f"{RESULTS}/labels/answers"} if CONFIG.data.source == "folder" else {}
    return " ".join(f"--{name} {value}" for name, value in {**labels, **people}.items())


def seeds_of(wildcards):
    """The training seeds of a study."""
    return study(wildcards.study).seeds


def first_seed_of(wildcards):
    """The training seed of what is shown once."""
    return seeds_of(wildcards)[0]


def trained_of(wildcards):
    """What is judged once for each training: the section `evaluation` with the training seeds of a study."""
    keys = {"split", "kmeans"}
    return section({**CONFIG.evaluation.model_dump(mode="json", include=keys), "seeds": seeds_of(wildcards)})


def embeddings_of(wildcards):
    """The embeddings of all training seeds; none for the features themselves, one if another model made them."""
    if wildcards.model == "log_mel":
        return []
    if wildcards.model in CONFIG.embeddings:
        return f"{RESULTS}/embeddings/{wildcards.model}.npy"
    return expand(f"{RESULTS}/embeddings/{wildcards.model}/{{seed}}.npy", seed=seeds_of(wildcards))


def vectors_of(wildcards):
    """The file of an embedding made elsewhere, or the shards of its encoder."""
    spec = CONFIG.embeddings[wildcards.model]
    if spec.vectors:
        return {"vectors": spec.vectors}
    return {"shards": expand(f"{RESULTS}/encoded/{wildcards.model}/shard-{{shard}}.npy", shard=SHARDS)}


def embedding_of(wildcards):
    """Who makes the vectors of an embedding."""
    return section(CONFIG.embeddings[wildcards.model])


def stored_of(name, seed):
    """The vectors of a row trained with a seed, or of an embedding."""
    return (
        f"{RESULTS}/embeddings/{name}.npy" if name in CONFIG.embeddings else f"{RESULTS}/embeddings/{name}/{seed}.npy"
    )


def clusters_of(wildcards):
    """The clusters of all training seeds; none for a strategy that does not ask by them."""
    if wildcards.get("strategy", "cluster") not in c3_config.CLUSTER_STRATEGIES:
        return []
    return expand(f"{RESULTS}/clusters/{wildcards.model}/{{seed}}.parquet", seed=seeds_of(wildcards))


def predictions_of(wildcards):
    """The predictions of all training seeds."""
    return expand(f"{RESULTS}/predictions/{wildcards.model}/{{seed}}.parquet", seed=seeds_of(wildcards))


def asked_of(wildcards):
    """What the annotator was asked, for all training seeds."""
    return expand(f"{RESULTS}/labels/{wildcards.model}/{{seed}}.asked.csv", seed=seeds_of(wildcards))


def budgets_of(wildcards):
    """The budgets of a strategy; the all-labels ceiling has none."""
    if wildcards.strategy == "all":
        return ""
    batch = f" --batch {EFFICIENCY.batch}" if EFFICIENCY.batch else ""
    return f"--budgets {' '.join(map(str, CONFIG.budgets(wildcards.strategy)))}{batch}"


def tables_of(wildcards):
    """The tables of numbers of a study."""
    made, folder = study(wildcards.study), f"{RESULTS}/{wildcards.study}evaluation"
    models = [*made.embeddings, *made.models]
    return [
        *expand(f"{folder}/query_by_example/{{model}}.csv", model=models),
        *expand(f"{folder}/shallow_classifier/{{model}}.csv", model=models),
        *expand(f"{folder}/clustering/{{model}}.csv", model=made.having("clustering")),
        *(
            f"{folder}/label_efficiency/{model}.{strategy}.csv"
            for model in (EFFICIENCY.models if made.strategies else [])
            for strategy in (["all", "random"] if model == "log_mel" else ["all", "ceiling", *made.strategies])
            if model in made.having("clustering") or strategy not in c3_config.CLUSTER_STRATEGIES
        ),
        *expand(
            f"{folder}/consolidation/{{model}}.csv",
            model=dict.fromkeys([*made.having("classification"), *made.systems]),
        ),
    ]


def systems_of(wildcards):
    """The systems of a study in their order, each with the rows that make it."""
    named = EFFICIENCY.systems if study(wildcards.study).systems else []
    return section([[name, list(told(CONFIG.swept, name).values())] for name in named])


def histories_of(wildcards):
    """The histories of all rows and seeds of a study."""
    made = study(wildcards.study)
    return expand(f"{RESULTS}/history/{{model}}/{{seed}}.csv", model=made.models, seed=made.seeds)


def portraits_of(wildcards):
    """The portrait of the first seed, if a row learns clusters."""
    return f"{RESULTS}/portraits/{PORTRAYED}/{first_seed_of(wildcards)}.npz" if PORTRAYED else []


def exemplars_of(wildcards):
    """The exemplars of the portrait, to see and to hear."""
    return f"{RESULTS}/{wildcards.study}report/clusters.json" if PORTRAYED else []


def maps_of(wildcards):
    """The maps of the first seed."""
    return f"{RESULTS}/embedding_maps/{first_seed_of(wildcards)}.parquet"


def shown_of(wildcards):
    """The sections of the configuration that the numbers of a study come from, with the rows it trains."""
    parts = {"experiment", "data", CONFIG.data.source, "features", "network", "training", "models", "evaluation"}
    shown = CONFIG.model_dump(mode="json", include=parts | ({"paper"} if wildcards.study else set()))
    made = study(wildcards.study)
    named = [*made.models, *made.systems]
    trained = dict.fromkeys(row for name in named for row in reversed(CONFIG.chain(name)))
    return section({**shown, "rows": {name: CONFIG.row(name).model_dump(exclude_defaults=True) for name in trained}})


def sweeps_of(wildcards):
    """Sweep → what it varies, and the row of each value."""
    swept = {name: (CONFIG.sweeps[name], told(CONFIG.swept, name)) for name in CONFIG.paper.sweeps}
    return section(
        {name: {"model": s.model, "key": s.key, "rows": list(rows.items())} for name, (s, rows) in swept.items()}
    )


def to_label():
    """Of own recordings: the sheets to fill in, and the pages to label on."""
    labelled = [name for name in DEFAULT.models if CONFIG.row(name).labels and CONFIG.data.source == "folder"]
    return expand([f"{RESULTS}/sheets/{{model}}.csv", f"{RESULTS}/sheets/{{model}}/index.html"], model=labelled)


def products(folder):
    """What the target of a study asks for: the numbers, the page that explains them, and all figures.

    Of own recordings, whose labels nobody knows: a sheet to fill in, and once one is filled in, what is recognised.
    """
    classified = DEFAULT.having("classification") if CONFIG.recognise.root and folder == "" else []
    tables = ["segments.csv", "label_studio.json"]  # the second is made with those of all other programs
    if CONFIG.data.source == "folder":
        unlabelled = [name for name in DEFAULT.models if not CONFIG.row(name).labels]
        clustered = [name for name in DEFAULT.having("clustering") if name in unlabelled]
        recognised = [name for name in DEFAULT.models if name not in unlabelled] if SHEETS else []
        return [
            f"{RESULTS}/checked.txt",
            *expand(f"{RESULTS}/embeddings/{{model}}/{{seed}}.npy", model=unlabelled, seed=DEFAULT.seeds),
            *expand(f"{RESULTS}/clusters/{{model}}/{{seed}}.parquet", model=clustered, seed=DEFAULT.seeds),
            *to_label(),
            *expand(f"{RESULTS}/recognised/{{model}}/{{name}}", model=recognised, name=[*tables, "index.html"]),
            *expand(
                f"{RESULTS}/recognised/{{model}}/expected.md", model=[n for n in recognised if CONFIG.row(n).after]
            ),
            *expand(f"{RESULTS}/new/{{model}}/{{name}}", model=classified if SHEETS else [], name=tables),
        ]
    place = f"{RESULTS}/{folder}"
    return [
        f"{RESULTS}/checked.txt",
        f"{place}metrics.csv",
        f"{place}metrics.parquet",
        f"{place}report.md",
        f"{place}report/index.html",
        *expand(f"{place}figures/{{name}}.{{suffix}}", name=FIGURE_NAMES, suffix=["png", "pdf"]),
        *expand(f"{RESULTS}/new/{{model}}/{{name}}", model=classified, name=tables),
    ]


def captioned(name, study="{study}"):
    """A figure as PNG, shown in the report with its caption."""
    picture = f"{RESULTS}/{study}figures/{name}.png"
    return report(
        picture, caption=f"../report/{name}.rst", category="Figures", labels={"figure": name.replace("_", " ")}
    )


def fold_places(name):
    """A file of each fold, in the order of the folds; of data without folds the one that there is."""
    if CONFIG.fold is None:
        return [f"{EXPERIMENT}/{name}"]
    return [f"{EXPERIMENT}/fold-{fold}/{name}" for fold in CONFIG.benchmark.folds]
