"""Cross-validation for readers: one table of all folds, and published numbers of the same protocol beside ours."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from c3.report import names
from c3.report.tables import Table, markdown

SHOWN = {
    "accuracy": ("shallow_classifier", "accuracy"),
    "mAP": ("shallow_classifier", "mAP"),
    "query by example, mAP": ("query_by_example", "mAP"),
}
"""what a page shows: its name → evaluation and metric"""


def joined(metrics: Sequence[pd.DataFrame], folds: Sequence[str]) -> pd.DataFrame:
    """The numbers of all folds in one table: metrics.csv of each, with the column fold in front."""
    return pd.concat(
        [table.assign(fold=fold)[["fold", *table]] for table, fold in zip(metrics, folds, strict=True)],
        ignore_index=True,
    )


def numbers(table: pd.DataFrame, title: str) -> Table:
    """A line for each embedding: the mean, each fold (mean over seeds), and how far folds and seeds spread apart."""
    evaluation, metric = SHOWN[title]
    rows = table[(table["evaluation"] == evaluation) & (table["metric"] == metric)]
    folds = list(dict.fromkeys(rows["fold"]))
    lines = []
    for model in names.in_order(rows["model"].unique()):
        value = rows[rows["model"] == model].pivot_table(index="seed", columns="fold", values="value")[folds]
        cells = [f"{value.mean().mean():.3f}", _span(value.mean()), _span(value.mean(axis=1))]
        lines.append([names.model_in_line(model), *cells, *(f"{each:.3f}" for each in value.mean())])
    return Table([title, "mean", "over folds", "over seeds", *folds], lines)


def page(
    experiment: str, data: str, whole: int, table: pd.DataFrame, clips: pd.DataFrame, published: pd.DataFrame
) -> str:
    """The page, as Markdown. whole: clips of all of the data; clips: fold, train, validation, evaluation, listed."""
    of_data = published[published["data"] == data]
    parts = [f"# {experiment}: {data}\n"]
    scored, used = clips["evaluation"].sum(), clips[["train", "validation", "evaluation"]].sum(axis=1).min()
    if used < whole or (len(clips) > 1 and scored < whole):
        parts.append(
            f"**A part of {data}:** of its {whole:,} clips {used:,} are used and {scored:,} are scored. The published"
            " numbers are of all of it.\n"
        )
    parts.append(
        "A small network on the frozen embedding, trained on all labels of all other clips, scores those that are"
        " held out. *Over folds*: lowest to highest fold, each the mean over the seeds. *Over seeds*: lowest to highest"
        " seed, each the mean over the folds.\n"
    )
    parts += [markdown(numbers(table, title)) for title in SHOWN]
    if len(of_data):
        lines = of_data[["system", "metric", "value", "what", "source"]].astype({"value": str}).to_numpy().tolist()
        parts += ["## Published by others\n", markdown(Table(["system", "metric", "value", "what", "source"], lines))]
        parts.append("Copied from the sources named; networks on frozen embeddings differ in size and training.\n")
    counted = [[str(cell) for cell in row] for row in clips.to_numpy().tolist()]
    header = ["held out", "clips learnt from", "for validation", "scored", "listed"]
    parts += ["## Clips\n", markdown(Table(header, counted))]
    return "\n".join(parts)


def _span(values: pd.Series) -> str:
    return f"{values.min():.3f}–{values.max():.3f}" if len(values) > 1 else ""
