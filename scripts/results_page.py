"""Write the page of results: what was asked, what came out, in tables and figures, and what made them."""

import subprocess
from os.path import relpath
from pathlib import Path

import pandas as pd
import yaml

from c3.cli import replacing, run, section
from c3.report import names, tables

PAGE = """# Results of the experiment {experiment}

Learning to recognise sounds from unlabelled recordings and a handful of labels: the systems of Jansen et al. (ICASSP
2020), each trained and evaluated on the same recordings. Training seeds: {seeds}; evaluation seeds: {evaluation_seeds}
(evaluation seed number i takes the network of training seed number i, from the first again where there are more).
Numbers are means over these, with the lowest and the highest in brackets. Nothing was trained on the recordings that
are scored. Rows named *augmented* are not the paper's: in training, each window is given another microphone, distance
and background. Made from commit {commit}; the configuration stands at the end.

## Goals
{goals}
## The embedding
*Query by example*: do two sounds of one class lie closer together than two of different classes? *Shallow classifier*:
how well does a small classifier do on the frozen embedding, with all labels? *Gap recovered*: how much of the way from
the features to the topline, which is trained with all labels.

{embeddings}
{figure_query_by_example}
{figure_shallow_classifier}
{figure_stages}
{figure_embedding_map}
## What a label buys
A strategy chooses the segments that an annotator is shown; the same classifier is trained on the same embedding with
the labels that were paid for. *Label reduction*: how many times fewer labels than random segments for the same mAP.

{label_efficiency}
{figure_label_efficiency}
## The clusters
Judged by the true classes of the training windows, which nothing was trained on.

{clustering}
{figure_clustering}
{figure_cluster_portrait}
## Training
{figure_training_curves}
## Configuration
```yaml
{config}```
"""


def main(args):
    metrics = pd.read_csv(args.metrics, dtype={"budget": "Int64", "seed": "Int64"})
    folder = Path(args.out).parent
    figures = {
        f"figure_{Path(path).stem}": f"![{Path(path).stem.replace('_', ' ')}]({relpath(path, folder)})\n"
        for path in args.figures
    }
    efficiency = metrics.loc[metrics["evaluation"] == "label_efficiency", "model"].unique()
    page = PAGE.format(
        experiment=args.config["experiment"],
        seeds=", ".join(map(str, args.seeds)),
        evaluation_seeds=", ".join(map(str, args.config["evaluation"]["seeds"])),
        commit=commit(),
        goals=tables.goals(metrics),
        embeddings=tables.embeddings(metrics),
        label_efficiency="\n".join(
            f"### {names.model_in_line(model)}\n{tables.label_efficiency(metrics, model)}" for model in efficiency
        ),
        clustering=tables.clustering(metrics),
        config=yaml.safe_dump(args.config, sort_keys=False, allow_unicode=True),
        **figures,
    )
    with replacing(args.out) as out:
        out.write_text(page)


def commit() -> str:
    """The commit of the code that runs; unknown outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    run(
        main,
        metrics={},
        figures={"nargs": "+", "help": "the PNG files to show"},
        config={"type": section, "help": "JSON of the configuration"},
        seeds={"nargs": "+", "type": int, "help": "the training seeds"},
        out={},
    )
