"""Label efficiency: how good is the classifier for the labels that were paid for?"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from c3.config import Classifier
from c3.evaluation import per_seed
from c3.evaluation.shallow_classifier import Bench
from c3.labels.annotation import GroundTruth
from c3.labels.strategies import STRATEGIES, BudgetError, Pool, ceiling

REFERENCES = {"all": STRATEGIES["all"], "ceiling": ceiling}
"""Always drawn beside the strategies: with all labels, and with labels chosen by one who knows them."""
log = logging.getLogger(__name__)


def evaluate(
    strategy: str,
    budgets: Sequence[int | None],
    pools: Sequence[Pool],
    benches: Sequence[Bench],
    manifest: pd.DataFrame,
    settings: Classifier,
    seeds: Sequence[int],
    batch: int | None = None,
) -> list[dict]:
    """Numbers of one strategy's curve: mAP, d_prime, accuracy and labels_asked for each budget and seed.

    Pools and benches: one for each training seed (:func:`c3.evaluation.per_seed`). The labels that the
    classifier is trained on come from an annotator made anew for each budget and seed; the benches read the
    labels of the scored segments for scoring alone. With one seed, a smaller budget asks for a part of what a
    bigger one asks for, unless the strategy makes as many clusters as it asks for labels. A budget that is more
    than the strategy can spend ends its curve, with a line in the log. batch: labels asked at once.
    """
    choose, numbers = {**STRATEGIES, **REFERENCES}[strategy], []
    for seed, pool, bench in per_seed(seeds, pools, benches):
        for budget in sorted(budgets, key=lambda b: b or 0):
            annotator = GroundTruth(manifest, batch)
            try:
                weak = choose(pool, budget, np.random.default_rng(seed), annotator)
            except BudgetError as error:
                log.warning("Skipped strategy %s at seed %s: %s", strategy, seed, error)
                break
            scores = {**bench.score(weak, settings, seed), "labels_asked": float(annotator.cost)}
            numbers += [
                {"strategy": strategy, "budget": budget, "seed": seed, "metric": metric, "value": value}
                for metric, value in scores.items()
            ]
    return numbers


SYSTEM = "system"
"""The evaluation of whole networks, each trained with so many labels; what is a model there is a sweep of budgets."""


def systems(results: pd.DataFrame, swept: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """What networks trained with more and more labels recognise, as curves; swept: system → the rows that make it."""
    rows = results[results["evaluation"] == "consolidation"]
    return pd.concat(
        [rows[rows["model"].isin(models)].assign(evaluation=SYSTEM, model=name) for name, models in swept.items()]
    )


def curve(
    results: pd.DataFrame,
    model: str,
    strategy: str | None = None,
    seed: int | None = None,
    evaluation: str = "label_efficiency",
) -> pd.DataFrame:
    """A model's curve by one strategy in a results table: labels, mAP (mean over seeds, or of one), lowest, highest.

    ``labels`` is the number asked for, not the budget. Only budgets that every seed could spend are kept.
    """
    rows = results[(results["evaluation"] == evaluation) & (results["model"] == model)]
    seeds = rows["seed"].nunique()
    rows = rows if strategy is None else rows[rows["strategy"] == strategy]
    rows = rows.assign(budget=lambda table: table["budget"].fillna(0))
    points = rows[rows["metric"] == "mAP"].merge(
        rows[rows["metric"] == "labels_asked"], on=["budget", "seed"], suffixes=("", "_asked")
    )
    points = points[points.groupby("budget")["seed"].transform("size") == seeds]
    if seed is not None:
        points = points[points["seed"] == seed]
    return (
        points.groupby("budget")
        .agg(
            labels=("value_asked", "mean"),
            mAP=("value", "mean"),
            lowest=("value", "min"),
            highest=("value", "max"),
        )
        .reset_index(drop=True)
    )


def labels_needed(labels: np.ndarray, precision: np.ndarray, target: float) -> float:
    """Labels at which a curve first reaches ``target``, linear in log labels between its points.

    labels rise; ``target`` is at least the first precision and at most the highest.
    """
    after = int(np.argmax(precision >= target))
    if after == 0:
        return float(labels[0])
    low, high = precision[after - 1], precision[after]
    share = (target - low) / (high - low)
    return float(np.exp((1 - share) * np.log(labels[after - 1]) + share * np.log(labels[after])))


def label_reduction(random: pd.DataFrame, c3: pd.DataFrame, targets: int = 101) -> pd.DataFrame:
    """Labels ``random`` needs over labels ``c3`` needs, at mAPs that both curves span.

    Both have columns labels, mAP. Columns of the result: mAP (``targets`` of them, evenly spaced from the
    higher of the two first points to the lower of the two highest), random, c3, reduction; no rows if the
    curves share no mAP. One of a single point has that of its point. (Talk, evaluation 3.)
    """
    lowest = max(random["mAP"].iloc[0], c3["mAP"].iloc[0]) if len(random) and len(c3) else np.inf
    highest = min(random["mAP"].max(), c3["mAP"].max()) if len(random) and len(c3) else -np.inf
    table = pd.DataFrame({"mAP": np.linspace(lowest, highest, targets) if lowest <= highest else np.array([])})
    for name, points in (("random", random), ("c3", c3)):
        labels, precision = points["labels"].to_numpy(float), points["mAP"].to_numpy(float)
        table[name] = np.array([labels_needed(labels, precision, target) for target in table["mAP"]], float)
    return table.assign(reduction=table["random"] / table["c3"])


def reductions(results: pd.DataFrame, model: str) -> list[dict]:
    """Median and best label reduction of each strategy of a model, and of the ceiling, against ``random`` of the same.

    For each seed, and (seed empty) for the curves averaged over seeds. A strategy whose curve shares no range
    of mAP with that of ``random`` has none.
    """
    rows = results[(results["evaluation"] == "label_efficiency") & (results["model"] == model)]
    numbers = []
    for strategy in [name for name in rows["strategy"].unique() if name not in ("random", "all")]:
        for seed in [None, *sorted(rows["seed"].dropna().unique())]:
            table = label_reduction(curve(rows, model, "random", seed), curve(rows, model, strategy, seed))
            numbers += [{"strategy": strategy, "seed": seed, **number} for number in _median_and_best(table)]
    return numbers


def system_reductions(results: pd.DataFrame, systems: Sequence[str]) -> dict[str, list[dict]]:
    """The same of each system against the first one: how many fewer labels a whole network needs; by system."""
    seeds = [None, *sorted(results.loc[results["evaluation"] == SYSTEM, "seed"].dropna().unique())]

    def numbers(name: str) -> Iterator[dict]:
        for seed in seeds:
            first, other = (curve(results, each, seed=seed, evaluation=SYSTEM) for each in (systems[0], name))
            yield from ({"seed": seed, **number} for number in _median_and_best(label_reduction(first, other)))

    return {name: list(numbers(name)) for name in systems[1:]}


def areas(results: pd.DataFrame, model: str) -> list[dict]:
    """Area under each strategy's curve of a model: its mean mAP over the logarithm of the labels; share of the ceiling.

    Over the labels that all of the curves span, for each seed; nothing where they span none in common. (BioDCASE 2026,
    task 4.) ``share_of_ceiling`` is what a strategy gains in area over random segments, as a share of what the ceiling
    gains: 1 for one who knows the classes, 0 for random choice, less for what is worse.
    """
    rows = results[(results["evaluation"] == "label_efficiency") & (results["model"] == model)]
    names = [name for name in rows["strategy"].unique() if name != "all"]
    numbers = []
    for seed in sorted(rows["seed"].dropna().unique()):
        curves = {name: curve(rows, model, name, seed) for name in names}
        curves = {name: points for name, points in curves.items() if len(points)}
        first = max((points["labels"].min() for points in curves.values()), default=np.inf)
        last = min((points["labels"].max() for points in curves.values()), default=-np.inf)
        if first >= last:
            continue
        places = np.linspace(np.log(first), np.log(last), 101)
        means = {
            name: np.trapezoid(np.interp(places, np.log(points["labels"]), points["mAP"]), places)
            for name, points in curves.items()
        }
        values = {("area", name): mean / (places[-1] - places[0]) for name, mean in means.items()}
        if means.keys() >= {"random", "ceiling"} and means["ceiling"] > means["random"]:
            gain = means["ceiling"] - means["random"]
            others = [name for name in means if name not in ("random", "ceiling")]
            values |= {("share_of_ceiling", name): (means[name] - means["random"]) / gain for name in others}
        numbers += [
            {"strategy": name, "seed": seed, "metric": metric, "value": value}
            for (metric, name), value in values.items()
        ]
    return numbers


def _median_and_best(table: pd.DataFrame) -> list[dict]:
    """Both numbers of a :func:`label_reduction`, none of one without rows."""
    found = (("median", table["reduction"].median()), ("best", table["reduction"].max()))
    return [{"metric": f"label_reduction_{metric}", "value": value} for metric, value in found if len(table)]
