"""The three evaluations and the judgement of clusterings. They need arrays and tables, never a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

COLUMNS = ["model", "evaluation", "strategy", "budget", "seed", "metric", "value"]
"""A row per number; the experiment's name is put in front when the tables are gathered into metrics.csv."""
LEFT_OUT = "left_out"
"""The metric of a class with too few scored segments to be judged: its name is the strategy, their number the value"""
TOPLINES = ("topline_plus", "topline")
"""Rows trained with all labels, the one that is augmented as the rows it is compared with first."""


def per_seed(seeds: Sequence[int], *networks: Sequence) -> Iterator[tuple]:
    """(seed, what belongs to its network …): seed number i goes with training seed number i (mod their number)."""
    for number, seed in enumerate(seeds):
        yield seed, *(items[number % len(items)] for items in networks)


def results(evaluation: str, model: str, numbers: list[dict]) -> pd.DataFrame:
    """Rows of the results table; what does not apply is empty.

    Each of ``numbers`` has metric, value and those of strategy, budget, seed that apply.
    """
    table = pd.DataFrame([{"model": model, "evaluation": evaluation, **number} for number in numbers])
    return table.reindex(columns=COLUMNS).astype({"budget": "Int64", "seed": "Int64"})


def topline_of(models: Iterable[str]) -> str | None:
    """The topline that the others are measured against: of those that are there, the first of :data:`TOPLINES`."""
    models = set(models)
    return next((name for name in TOPLINES if name in models), None)


def gap_recovered(table: pd.DataFrame, evaluation: str, model: str) -> list[dict]:
    """Share of the way from baseline to topline (:func:`topline_of`) that a model has come, by mAP, for each seed.

    table: rows of the results table. Nothing without log_mel and a topline, for them, or where the seeds
    leave open whether there is a way: where not every topline is better than every baseline. (ICASSP 2018: 41 % by
    query by example, 84 % by classification.)
    """
    rows = table[(table["evaluation"] == evaluation) & (table["metric"] == "mAP")]
    value = rows.pivot_table(index="seed", columns="model", values="value")
    topline = topline_of(value)
    if model in ("log_mel", topline) or topline is None or not {model, "log_mel"} <= set(value):
        return []
    if value[topline].min() <= value["log_mel"].max():
        return []
    share = (value[model] - value["log_mel"]) / (value[topline] - value["log_mel"])
    return [{"seed": seed, "metric": "gap_recovered", "value": each} for seed, each in share.items()]


def summary(table: pd.DataFrame) -> dict:
    """evaluation → model → (strategy →) metric → number, for `dvc metrics`; without the label-efficiency curves.

    A number is the mean over the seeds, or that of the mean curve where there is one. Of classes that are left out of
    the averages there is only their number, as left_out.
    """
    tree = {}
    rows = table[table["budget"].isna() | ~table["evaluation"].isin(["label_efficiency", "system"])]
    is_left_out = rows["metric"] == LEFT_OUT
    counts = rows[is_left_out].groupby(["evaluation", "model"], as_index=False, sort=False).agg(value=("value", "size"))
    rows = pd.concat([rows[~is_left_out], counts.assign(metric=LEFT_OUT, strategy=None, seed=pd.NA)])
    for (*path, strategy, metric), each in rows.groupby(
        ["evaluation", "model", "strategy", "metric"], dropna=False, sort=False
    ):
        leaf = tree
        for name in path if pd.isna(strategy) else [*path, strategy]:
            leaf = leaf.setdefault(name, {})
        of_mean_curve = each["value"][each["seed"].isna()]
        leaf[metric] = round((of_mean_curve if len(of_mean_curve) else each["value"]).mean(), 6)
    return tree
