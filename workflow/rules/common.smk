"""The validated configuration, names of files, and helpers of the rules."""

import ast
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from c3 import config as c3_config
from c3.errors import C3Error

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
EVALUATED = ["log_mel", *MODELS]
SEEDS = CONFIG.training.seeds
EFFICIENCY = CONFIG.evaluation.label_efficiency
STRATEGIES = ["all", *(name for name in EFFICIENCY.budgets if name != "all")]
SHARDS = [f"{shard:03d}" for shard in range(CONFIG.storage.shards)]
FIGURE_NAMES = ["query_by_example", "shallow_classifier", "label_efficiency", "training_curves", "cluster_portrait"]

# Jobs find the Python that runs Snakemake, and TensorFlow keeps its start-up notes to itself.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


wildcard_constraints:
    model="[A-Za-z0-9_]+",
    seed=r"\d+",
    shard=r"\d+",
    strategy="[a-z_]+",


def section(*parts):
    """Parts of the configuration as one JSON text: the one param that a rule depends on."""
    values = [part.model_dump(mode="json") if hasattr(part, "model_dump") else part for part in parts]
    return json.dumps(values[0] if len(values) == 1 else values, sort_keys=True)


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
