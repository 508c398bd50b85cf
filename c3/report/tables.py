"""The results table for readers. Each function takes the rows of metrics.csv and returns a :class:`Table` of text."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from c3.evaluation import TOPLINES, topline_of
from c3.evaluation.label_efficiency import SYSTEM, curve
from c3.report import names

STAGE3 = ("stage3", f"stage3{names.PLUS}")


class Table(NamedTuple):
    """A header and lines of as many cells each; what a page shows is written from this, in whatever format."""

    header: list[str]
    rows: list[list[str]]


class Headline(NamedTuple):
    """One number that sums an experiment up, and what it is to be compared with."""

    title: str
    value: str
    beside: str


def markdown(table: Table) -> str:
    """A table as Markdown."""
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    escaped = ([cell.replace("|", "\\|") for cell in cells] for cells in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in escaped) + "\n"


def spread(values: pd.Series, digits: int = 3) -> str:
    """Mean (lowest–highest); the mean alone of one value, nothing of none."""
    if values.empty:
        return ""
    if len(values) == 1:
        return f"{values.mean():.{digits}f}"
    return f"{values.mean():.{digits}f} ({values.min():.{digits}f}–{values.max():.{digits}f})"


def embeddings(metrics: pd.DataFrame) -> Table:
    """A line for each embedding: mAP and recovered gap of both evaluations, d′, and chance."""

    def values(model, evaluation, metric):
        rows = metrics[(metrics["model"] == model) & (metrics["evaluation"] == evaluation)]
        return rows.loc[rows["metric"] == metric, "value"]

    def gap(model, evaluation):
        share = values(model, evaluation, "gap_recovered")
        return _percent(share) if len(share) else ""

    header = ["embedding", "query by example, mAP", "gap recovered", "shallow classifier, mAP", "d′", "gap recovered"]
    rows = []
    for model in names.in_order(metrics.loc[metrics["evaluation"] == "query_by_example", "model"].unique()):
        cells = [names.model_in_line(model)]
        for evaluation in ("query_by_example", "shallow_classifier"):
            cells.append(spread(values(model, evaluation, "mAP")))
            if evaluation == "shallow_classifier":
                cells.append(f"{values(model, evaluation, 'd_prime').mean():.2f}")
            cells.append(gap(model, evaluation))
        rows.append(cells)
    chance = metrics.loc[metrics["metric"] == "chance", "value"]
    if len(chance):
        rows.append(["chance", f"{chance.mean():.3f}", "", "", "", ""])
    return Table(header, rows)


def label_efficiency(metrics: pd.DataFrame, model: str) -> Table:
    """A line for each strategy of a model: mAP for each number of labels, and the label reduction."""
    rows = metrics[(metrics["evaluation"] == "label_efficiency") & (metrics["model"] == model)]
    budgets = sorted(rows["budget"].dropna().unique())
    header = ["labels asked", *(f"{budget:,}" for budget in budgets), "all", "area", "of the ceiling"]
    header += ["label reduction, median", "best"]
    ceiling = curve(rows, model, "all")["mAP"]
    lines = []
    for strategy in [name for name in rows["strategy"].unique() if name != "all"]:
        of_strategy = rows[rows["strategy"] == strategy]
        all_labels = f"{ceiling.iloc[0]:.3f}" if strategy == "random" and len(ceiling) else ""
        area = spread(of_strategy.loc[of_strategy["metric"] == "area", "value"])
        share = of_strategy.loc[of_strategy["metric"] == "share_of_ceiling", "value"]
        of_ceiling = _percent(share) if len(share) else ""
        cells = [*_by_budget(of_strategy, budgets), all_labels, area, of_ceiling, *_reductions(of_strategy)]
        lines.append([names.strategy(strategy), *cells])
    return Table(header, lines)


def systems(metrics: pd.DataFrame) -> Table:
    """A line for each system: mAP of whole networks for each number of labels, and the label reduction."""
    rows = metrics[metrics["evaluation"] == SYSTEM]
    budgets = sorted(rows["budget"].dropna().unique())
    lines = []
    for system in rows["model"].unique():
        of_it = rows[rows["model"] == system]
        lines.append([names.system(system), *_by_budget(of_it, budgets), *_reductions(of_it)])
    return Table(["labels asked", *(f"{each:,}" for each in budgets), "label reduction, median", "best"], lines)


def _by_budget(rows: pd.DataFrame, budgets: list[int]) -> list[str]:
    """Mean mAP of one curve at each of the budgets, nothing where it has none."""
    mean = rows[rows["metric"] == "mAP"].groupby("budget")["value"].mean()
    return [f"{mean[budget]:.3f}" if budget in mean else "" for budget in budgets]


def _reductions(rows: pd.DataFrame) -> list[str]:
    """Median and best label reduction of one curve."""
    return [_reduction(rows, f"label_reduction_{metric}") for metric in ("median", "best")]


def _reduction(rows: pd.DataFrame, metric: str) -> str:
    """Label reduction of the mean curve, and from the lowest to the highest seed."""
    rows = rows[rows["metric"] == metric]
    mean, seeds = rows.loc[rows["seed"].isna(), "value"], rows.loc[rows["seed"].notna(), "value"]
    if mean.empty:
        return ""
    return f"{mean.iloc[0]:.1f}×" + (f" ({seeds.min():.1f}–{seeds.max():.1f})" if len(seeds) > 1 else "")


def clustering(metrics: pd.DataFrame) -> Table:
    """A line for each clustering: its agreement with the classes, and its sizes."""
    rows = metrics[metrics["evaluation"] == "clustering"]
    header = [
        "embedding",
        "clustering",
        "purity",
        "normalized mutual information",
        "clusters in use",
        "biggest cluster",
    ]
    lines = []
    for model in names.in_order(rows["model"].unique()):
        for strategy, label in (("cluster", "cluster head"), ("kmeans", "k-means, as many clusters")):
            of_one = rows[(rows["model"] == model) & (rows["strategy"] == strategy)]
            value = {metric: values["value"] for metric, values in of_one.groupby("metric")}
            lines.append(
                [
                    names.model_in_line(model),
                    label,
                    spread(value["purity"]),
                    spread(value["nmi"]),
                    spread(value["active_clusters"], 0),
                    f"{100 * value['largest_cluster_share'].mean():.1f} %",
                ]
            )
    return Table(header, lines)


def accounts(files: pd.DataFrame) -> Table:
    """How many files end in each account, with their seconds where they are known; ``files`` as in accounts.csv."""
    rows = []
    for account in ("manifest", "missing", "quarantined", "ignored"):
        of_it = files[files["account"] == account]
        there = "" if of_it["seconds"].isna().any() else f"{of_it['seconds'].sum():,.0f}"
        rows.append([account, f"{len(of_it):,}", there, f"{of_it['used'].sum():,.0f}"])
    return Table(["account", "files", "seconds there", "seconds used"], rows)


def goals(metrics: pd.DataFrame) -> Table:
    """What the paper lets one hope for, and what was measured, for stage 3 as in the paper and plus.

    The label reduction is that of the strategy of highest median among those that ask by the network's clusters.
    """
    mean = metrics[metrics["metric"] == "mAP"].groupby(["evaluation", "model"])["value"].mean()
    gap = metrics[metrics["metric"] == "gap_recovered"].groupby(["evaluation", "model"])["value"].mean()
    over_seeds = metrics[metrics["seed"].isna()].set_index(["model", "strategy", "metric"])["value"]
    lines = []
    for model in STAGE3:
        name = names.model_in_line(model)
        shallow = mean.get(("shallow_classifier", model))
        topline = mean.get(("shallow_classifier", topline_of(metrics["model"])))
        if shallow is not None and topline is not None:
            lines.append(
                [name, f"shallow mAP at least the topline’s, {topline:.3f}", f"{shallow:.3f}", shallow >= topline]
            )
        recovered = gap.get(("query_by_example", model))
        if recovered is not None:
            lines.append(
                [name, "at least 60 % of the query-by-example gap", f"{100 * recovered:.0f} %", recovered >= 0.6]
            )
        medians = over_seeds[
            [
                key[0] == model and key[1].startswith("cluster") and key[2] == "label_reduction_median"
                for key in over_seeds.index
            ]
        ]
        if len(medians):
            strategy = medians.idxmax()[1]
            for metric, goal in (("median", 5), ("best", 10)):
                value = over_seeds[model, strategy, f"label_reduction_{metric}"]
                aim = f"label reduction of at least {goal}× ({metric})"
                lines.append([name, aim, f"{value:.2f}× ({names.strategy(strategy).lower()})", value >= goal])
    words = {True: "reached", False: "missed"}
    return Table(["embedding", "goal", "measured", "outcome"], [[*cells, words[bool(met)]] for *cells, met in lines])


def headline_model(metrics: pd.DataFrame) -> str | None:
    """The row that :func:`headlines` are of: the first whose label efficiency is measured, else the last one learnt."""
    efficient = metrics.loc[(metrics["evaluation"] == "label_efficiency") & (metrics["model"] != "log_mel"), "model"]
    if len(efficient):
        return efficient.iloc[0]
    learnt = [name for name in names.in_order(metrics["model"].unique()) if name not in ("log_mel", *TOPLINES)]
    return learnt[-1] if learnt else None


def headlines(metrics: pd.DataFrame) -> list[Headline]:
    """The numbers to read first, of :func:`headline_model`: those of them that were measured."""
    model = headline_model(metrics)
    found = []
    for evaluation, title in (("query_by_example", "Query by example"), ("shallow_classifier", "Shallow classifier")):
        rows = metrics[metrics["evaluation"] == evaluation]
        precision = rows[rows["metric"] == "mAP"].groupby("model")["value"]
        mean = precision.mean()
        if model in mean:
            beside = [f"{names.END_WORDS[end]} {mean[name]:.3f}" for name, end in names.ends(mean.index).items()]
            chance = rows.loc[rows["metric"] == "chance", "value"]
            beside += [f"chance {chance.mean():.3f}"] if len(chance) else []
            found.append(Headline(f"{title}, mAP", spread(precision.get_group(model)), " · ".join(beside)))
        gap = rows.loc[(rows["metric"] == "gap_recovered") & (rows["model"] == model), "value"]
        if len(gap):
            beside = "of the way from the features to the supervised topline"
            found.append(Headline(f"{title}, gap recovered", _percent(gap), beside))
    rows = metrics[(metrics["evaluation"] == "label_efficiency") & (metrics["model"] == model)]
    medians = rows[(rows["metric"] == "label_reduction_median") & rows["seed"].isna()]
    medians = medians.set_index("strategy")["value"].drop("ceiling", errors="ignore")  # nobody can choose that
    if len(medians):
        best = medians.idxmax()
        beside = names.strategy(best)
        if len(medians) > 1:  # the best of several is chosen by the number itself
            beside += f", the best of {len(medians)} strategies"
        if "cluster" in medians and best != "cluster":
            beside += f"; one per cluster, propagated: {medians['cluster']:.1f}×"
        reduction = _reduction(rows[rows["strategy"] == best], "label_reduction_median")
        found.append(Headline("Label reduction, median", reduction, beside))
    return found


def headline_lines(metrics: pd.DataFrame) -> list[str]:
    """:func:`headlines` in two lines of text, for the end of a run; less where less was measured."""
    found = headlines(metrics)
    scores = [f"{each.title} {each.value.partition(' ')[0]} ({each.beside})" for each in found if "mAP" in each.title]
    lines = [f"{names.model_in_line(headline_model(metrics))}: {'; '.join(scores)}"] if scores else []
    return lines + [f"{each.title}: {each.value}, {each.beside}" for each in found if "reduction" in each.title]


def _percent(shares: pd.Series) -> str:
    """Mean share in percent, with the lowest and the highest in brackets."""
    spread = f" ({100 * shares.min():.0f}–{100 * shares.max():.0f})" if len(shares) > 1 else ""
    return f"{100 * shares.mean():.0f} %{spread}"
