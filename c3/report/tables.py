"""The results table as Markdown for readers. Each function takes the rows of metrics.csv and returns a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from c3.evaluation.label_efficiency import curve
from c3.report import names

STAGE3 = ("stage3", f"stage3{names.PLUS}")


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def spread(values: pd.Series, digits: int = 3) -> str:
    """Mean (lowest–highest); the mean alone of one value, nothing of none."""
    if values.empty:
        return ""
    if len(values) == 1:
        return f"{values.mean():.{digits}f}"
    return f"{values.mean():.{digits}f} ({values.min():.{digits}f}–{values.max():.{digits}f})"


def embeddings(metrics: pd.DataFrame) -> str:
    """A line for each embedding: mAP and recovered gap of both evaluations, d′, and chance."""

    def values(model, evaluation, metric):
        rows = metrics[(metrics["model"] == model) & (metrics["evaluation"] == evaluation)]
        return rows.loc[rows["metric"] == metric, "value"]

    def gap(model, evaluation):
        share = values(model, evaluation, "gap_recovered")
        return f"{100 * share.mean():.0f} % ({100 * share.min():.0f}–{100 * share.max():.0f})" if len(share) else ""

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
    chance = metrics.loc[metrics["metric"] == "chance", "value"].mean()
    return markdown(header, [*rows, ["*chance*", f"{chance:.3f}", "", "", "", ""]])


def label_efficiency(metrics: pd.DataFrame, model: str) -> str:
    """A line for each strategy of a model: mAP for each number of labels, and the label reduction."""
    rows = metrics[(metrics["evaluation"] == "label_efficiency") & (metrics["model"] == model)]
    budgets = sorted(rows["budget"].dropna().unique())
    header = ["labels asked", *(f"{budget:,}" for budget in budgets), "all", "label reduction, median", "best"]
    ceiling = curve(rows, model, "all")["mAP"]
    lines = []
    for strategy in [name for name in rows["strategy"].unique() if name != "all"]:
        of_strategy = rows[rows["strategy"] == strategy]
        mean = of_strategy[of_strategy["metric"] == "mAP"].groupby("budget")["value"].mean()
        cells = [f"{mean[budget]:.3f}" if budget in mean else "" for budget in budgets]
        for metric in ("label_reduction_median", "label_reduction_best"):
            cells.append(_reduction(of_strategy, metric))
        cells.insert(len(budgets), f"{ceiling.iloc[0]:.3f}" if strategy == "random" and len(ceiling) else "")
        lines.append([names.strategy(strategy), *cells])
    return markdown(header, lines)


def _reduction(rows: pd.DataFrame, metric: str) -> str:
    """Label reduction of the mean curve, and from the lowest to the highest seed."""
    rows = rows[rows["metric"] == metric]
    mean, seeds = rows.loc[rows["seed"].isna(), "value"], rows.loc[rows["seed"].notna(), "value"]
    if mean.empty:
        return ""
    return f"{mean.iloc[0]:.1f}×" + (f" ({seeds.min():.1f}–{seeds.max():.1f})" if len(seeds) > 1 else "")


def clustering(metrics: pd.DataFrame) -> str:
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
    return markdown(header, lines)


def goals(metrics: pd.DataFrame) -> str:
    """What the paper lets one hope for, and what was measured, for stage 3 as in the paper and with augmentation.

    The label reduction is that of the strategy of highest median among those that ask by the network's clusters.
    """
    mean = metrics[metrics["metric"] == "mAP"].groupby(["evaluation", "model"])["value"].mean()
    gap = metrics[metrics["metric"] == "gap_recovered"].groupby(["evaluation", "model"])["value"].mean()
    over_seeds = metrics[metrics["seed"].isna()].set_index(["model", "strategy", "metric"])["value"]
    lines = []
    for model in STAGE3:
        name = names.model_in_line(model)
        shallow, topline = mean.get(("shallow_classifier", model)), mean.get(("shallow_classifier", "topline"))
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
                lines.append([name, aim, f"{value:.1f}× ({names.strategy(strategy).lower()})", value >= goal])
    words = {True: "reached", False: "missed"}
    return markdown(["embedding", "goal", "measured", ""], [[*cells, words[bool(met)]] for *cells, met in lines])
