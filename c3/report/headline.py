"""The numbers of a run in two lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from c3.report import names


def lines(path: str | Path, unlabelled: Sequence[str]) -> list[str]:
    """What the best of the rows without labels reaches between features and topline, and how many labels a strategy
    saves; less where the table has less."""
    metrics = pd.read_csv(path)
    return [*_embedding(metrics, unlabelled), *_labels(metrics)]


def _embedding(metrics: pd.DataFrame, unlabelled: Sequence[str]) -> list[str]:
    """The row of highest mean over both evaluations."""
    rows = metrics[
        (metrics["metric"] == "mAP") & metrics["evaluation"].isin(["query_by_example", "shallow_classifier"])
    ]
    mean = rows.groupby(["model", "evaluation"])["value"].mean().unstack()
    own = mean.loc[mean.index.isin(unlabelled)].mean(axis=1)
    if own.empty:
        return []
    best, parts = own.idxmax(), []
    for evaluation in mean:
        ends = [
            f"{name} {mean.loc[model, evaluation]:.3f}" for model, name in names.ENDS.items() if model in mean.index
        ]
        of_ends = f" ({', '.join(ends)})" if ends else ""
        parts.append(f"{evaluation.replace('_', ' ')} {mean.loc[best, evaluation]:.3f}{of_ends}")
    return [f"{names.model_in_line(best)}, without labels, mAP: {'; '.join(parts)}"]


def _labels(metrics: pd.DataFrame) -> list[str]:
    """The strategy of highest median label reduction."""
    rows = metrics[(metrics["metric"] == "label_reduction_median") & metrics["seed"].isna()]
    rows = rows[rows["strategy"] != "random"].dropna(subset="value")
    if rows.empty:
        return []
    best = rows.loc[rows["value"].idxmax()]
    asked = f"{names.model_in_line(best['model'])}, {names.strategy(best['strategy']).lower()}"
    return [f"{asked}: {best['value']:.1f}× fewer labels than with random segments for the same mAP"]
