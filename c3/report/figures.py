"""Results in, figures out. Each function takes tables or arrays and returns a matplotlib Figure.

Figures read only metrics.csv, the histories and the cluster portraits, so they are redrawn without any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from c3.evaluation import TOPLINES
from c3.evaluation.label_efficiency import REFERENCES, SYSTEM, curve, label_reduction
from c3.report import names

QUANTITIES = {
    "loss": ("Total loss", "weighted sum of the losses"),
    "audio_visual": ("Audio–visual coincidence", "loss (nats)"),
    "audio_audio": ("Audio–audio coincidence", "loss (nats)"),
    "clustering": ("Clustering", "loss (nats)"),
    "classification": ("Classification", "loss (nats)"),
    "triplet_proximity": ("Triplets close in time", "loss (squared distance)"),
    "triplet_labels": ("Triplets of one label", "loss (squared distance)"),
    "auc_audio_visual": ("Audio–visual pairs, held out", "AUC (0.5 = chance)"),
    "auc_audio_audio": ("Audio–audio pairs, held out", "AUC (0.5 = chance)"),
    "active_clusters": ("Clusters in use, held out", "clusters with a window"),
    "mean_entropy": ("Doubt about a window's cluster", "mean entropy (nats)"),
    "entropy_of_mean": ("Variety of clusters", "entropy of the mean (nats)"),
    "embedding_spread": ("Spread of the embedding", "0 = collapsed, 1 = all directions"),
}
EVALUATIONS = {"query_by_example": "Query by example", "shallow_classifier": "Shallow classifier"}
CLUSTERING = {
    "purity": ("Purity", "share of majority class"),
    "nmi": ("Agreement with classes", "normalized mutual inf."),
    "active_clusters": ("Clusters in use", "clusters with a window"),
    "largest_cluster_share": ("Biggest cluster", "share of all windows"),
}
CLUSTERINGS = {"cluster": "the network's cluster head", "kmeans": "k-means of the same embedding, as many clusters"}
OF_HEAD = {
    "auc_audio_visual": "audio_visual",
    "auc_audio_audio": "audio_audio",
    "active_clusters": "clustering",
    "mean_entropy": "clustering",
    "entropy_of_mean": "clustering",
}
"""What is measured of a head → the loss that trains it."""
# Okabe and Ito's palette, told apart by colour-blind readers, and three more for those who have many rows
BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C8C",
)  # fmt: skip
COLOURS = [BLUE, ORANGE, GREEN, RED, PINK, SKY, "#000000", "#7A4B94", "#B8A100", "#7F5539"]
KINDS = {
    "baseline": GREY,
    "topline": "#404040",
    "as in the paper": BLUE,
    "plus": GREEN,
    "other": ORANGE,
}
STRATEGY_COLOURS = {"random": GREY, "cluster": BLUE, "cluster_unpropagated": ORANGE, "cluster_merged": GREEN}
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # words on lines
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 150,
}


def save(figure: Figure, path: str | Path) -> None:
    """Write PNG or PDF, by the suffix; without dates or versions, so that equal figures are equal files.

    The layout is computed once, at the resolution of the PNG, and then stays: matplotlib would compute it for each
    file, in a draw of its own. Places are rounded, since the solver of the layout sums in the order of addresses in
    memory, so that last digits differ between runs.
    """
    nothing = {".png": ["Software"], ".pdf": ["Creator", "Producer", "CreationDate"]}[Path(path).suffix]
    with rc_context(STYLE | {"figure.constrained_layout.use": False}):
        if figure.get_layout_engine():
            figure.set_dpi(STYLE["savefig.dpi"])
            figure.get_layout_engine().execute(figure)
            figure.set_layout_engine(None)
            for axes in figure.axes:
                axes.set_position(np.round(axes.get_position(original=True).bounds, 6))
        figure.savefig(path, metadata=dict.fromkeys(nothing))


def query_by_example(metrics: pd.DataFrame) -> Figure:
    """A bar for each model; lines of baseline, topline and chance."""
    rows = metrics[metrics["evaluation"] == "query_by_example"]
    chance = rows.loc[rows["metric"] == "chance", "value"].mean()
    title = "Query by example", "Do two sounds of one class lie closer together than two of different classes?"
    return _bars(rows, title, "Mean average precision of same-class pairs (mAP)", chance)


def shallow_classifier(metrics: pd.DataFrame) -> Figure:
    """A bar for each model; lines of baseline and topline."""
    rows = metrics[metrics["evaluation"] == "shallow_classifier"]
    title = "Shallow classifier", "How well does a small classifier do on the frozen embedding, with all labels?"
    return _bars(rows, title, "Mean average precision over classes (mAP)")


def _bars(rows: pd.DataFrame, title: tuple[str, str], axis: str, chance: float | None = None) -> Figure:
    """Mean mAP of each model with whiskers from the lowest to the highest seed; models from the top down."""
    seeds = rows.loc[rows["metric"] == "mAP"].groupby("model")["value"]
    order = names.in_order(rows["model"].unique())
    mean, lowest, highest = (seeds.agg(how).reindex(order) for how in ("mean", "min", "max"))
    place = -np.arange(len(mean))
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.7 + 0.62 * len(mean)))
        axes = figure.subplots()
        kinds = [_kind(model) for model in mean.index]
        axes.barh(place, mean, height=0.62, color=[KINDS[kind] for kind in kinds])
        for at, low, middle, high in zip(place, lowest, mean, highest, strict=True):
            if high > low:
                axes.plot([low, high], [at, at], color="black", lw=1.2)
                axes.plot([low, high], [at, at], "|", color="black", ms=7)
            axes.annotate(f"{middle:.3f}", (high, at), (6, 0), textcoords="offset points", va="center", bbox=CLEAR)
        for name in names.ends(mean.index):
            axes.axvline(mean[name], color=KINDS[_kind(name)], lw=1, ls=":")
        if chance is not None:
            axes.axvline(chance, color="black", lw=1, ls="--")
            # above the first bar, clear of its number
            note = f"chance {chance:.3f}"
            axes.annotate(note, (chance, 0.5), (4, 0), textcoords="offset points", va="center", bbox=CLEAR)
        axes.set_yticks(place, [names.model(model) for model in mean.index])
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, highest.max() * 1.12)
        axes.set_ylim(place[-1] - 0.5, 0.7)
        axes.set_xlabel(axis)
        handles = [Patch(color=colour, label=kind) for kind, colour in KINDS.items() if kind in kinds]
        note = f"{_experiment(rows)} · bar: mean, whisker: lowest to highest of {_seeds(rows)}"
        _title(figure, *title, note, handles, len(handles))
    return figure


def label_efficiency(metrics: pd.DataFrame) -> Figure:
    """A line of panels for each model: mAP against labels asked, with the ceilings and a ruler; the label reduction.

    Below them, where there are systems, a line for whole networks, each trained with so many labels.

    Where log-mel features are among the models, they are no panel, but a line in those of the others.
    """
    rows = metrics[metrics["evaluation"] == "label_efficiency"]
    models = [name for name in rows["model"].unique() if name != "log_mel"] or ["log_mel"]
    strategies = [name for name in rows["strategy"].unique() if name not in REFERENCES]
    references = (
        {"Random segments, log-mel features": curve(rows, "log_mel", "random")} if models != ["log_mel"] else {}
    )
    spare = [*(colour for colour in COLOURS if colour not in STRATEGY_COLOURS.values()), "#86BC25"]
    unknown = [name for name in strategies if name not in STRATEGY_COLOURS]
    colours = STRATEGY_COLOURS | {name: spare[number % len(spare)] for number, name in enumerate(unknown)}
    systems = list(metrics.loc[metrics["evaluation"] == SYSTEM, "model"].unique())
    with rc_context(STYLE):
        lines = len(models) + bool(systems)
        figure = Figure(figsize=(10.5, 2.1 + 3.3 * lines))
        grid = figure.subplots(lines, 2, width_ratios=[2.1, 1], sharex="col", sharey="col", squeeze=False)
        for model, (left, right) in zip(models, grid, strict=False):
            random = curve(rows, model, "random")
            curves = {name: curve(rows, model, name) for name in strategies}
            reductions = {name: label_reduction(random, curves[name]) for name in strategies if name != "random"}
            named = {names.strategy(name): points for name, points in curves.items()}
            _curves(left, named, [colours[name] for name in curves])
            _all_labels(left, curve(rows, model, "all"))
            _references(left, {"Ceiling: knows the true classes": curve(rows, model, "ceiling"), **references})
            _ruler(left, reductions, colours)
            _reductions(right, reductions, colours)
            left.set_title(f"{names.model_in_line(model)}: what a label buys")
            right.set_title("Label reduction")  # of the row that the left panel names
        shown = left.get_legend_handles_labels()[0]
        left, right = grid[-1]
        if systems:
            _systems(left, right, metrics, systems)
        # the axes of a column are shared: what is set on one holds for all
        left.set_xscale("log", base=2)
        left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        left.xaxis.set_minor_locator(NullLocator())
        left.set_xlabel("Labels asked (segments, logarithmic)")
        right.set_xlabel("mAP to be reached")
        _title(
            figure,
            "Label efficiency",
            "How good does the classifier get for the labels that were paid for?",
            f"{_experiment(rows)} · line: mean, band: lowest to highest of {_seeds(rows)}",
            shown,
            min(3, len(strategies)),
        )
    return figure


def _systems(left, right, metrics: pd.DataFrame, systems: list[str]) -> None:
    """mAP against labels asked of whole networks, and how many fewer labels they need than the first of them."""
    curves = {name: curve(metrics, name, evaluation=SYSTEM) for name in systems}
    colours = dict(zip(systems, ["#555555", *COLOURS], strict=False))
    first, *others = systems
    _curves(left, {names.system(name): points for name, points in curves.items()}, list(colours.values()))
    left.legend(fontsize=8, frameon=False, loc="lower right")
    reductions = {name: label_reduction(curves[first], curves[name]) for name in others}
    _ruler(left, reductions, colours)
    _reductions(right, reductions, colours)
    left.set_title("Whole networks: what a label buys")
    right.set_title("Label reduction, against the first")
    right.set_ylabel("Times fewer labels than from scratch")


def _curves(axes, curves: dict[str, pd.DataFrame], colours: list[str]) -> None:
    """mAP against labels asked, in a line for each of ``curves``, which are named as in the legend.

    Each with its band; of many, whose bands hide each other, the first alone.
    """
    banded = curves if len(curves) <= 6 else list(curves)[:1]
    for (name, points), colour in zip(curves.items(), colours, strict=True):
        if name in banded:
            axes.fill_between(points["labels"], points["lowest"], points["highest"], color=colour, alpha=0.18, lw=0)
        axes.plot(points["labels"], points["mAP"], "o-", color=colour, lw=2, ms=5, label=name)
    axes.set_ylabel("Mean average precision (mAP)")
    axes.margins(y=0.12)  # room for words


def _all_labels(axes, ceiling: pd.DataFrame) -> None:
    """The mAP that all labels give, in words and a line."""
    if len(ceiling):
        labels, best = ceiling["labels"].iloc[0], ceiling["mAP"].iloc[0]
        axes.axhline(best, color="black", ls="--", lw=1)
        axes.annotate(
            f"all {labels:,.0f} labels: {best:.3f}",
            (0.99, best),  # the words of the ruler stand further left
            (0, 4),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
        )


def _references(axes, curves: dict[str, pd.DataFrame]) -> None:
    """What the strategies lie between, in thin lines."""
    for style, (name, points) in zip((":", "-."), curves.items(), strict=False):
        if len(points):
            axes.plot(points["labels"], points["mAP"], style, color="black", lw=1.2, label=name)


def _ruler(axes, reductions: dict[str, pd.DataFrame], colours: dict[str, str]) -> None:
    """A ruler where one of the curves is furthest ahead; its words left of it or below its end, where there is room."""
    rows = [table.loc[table["reduction"].idxmax()].rename(name) for name, table in reductions.items() if len(table)]
    if not rows:
        return
    best = max(rows, key=lambda row: row["reduction"])
    colour = colours[best.name]
    axes.annotate(
        "",
        (best["c3"], best["mAP"]),
        (best["random"], best["mAP"]),
        arrowprops={"arrowstyle": "|-|,widthA=0.4,widthB=0.4", "shrinkA": 0, "shrinkB": 0, "lw": 1.5, "color": colour},
    )
    fewer = best["reduction"] >= 1
    start, end = sorted([best["c3"], best["random"]])
    # of all panels of the column, which share the axis
    spans = np.array([each.dataLim.intervalx for each in axes.get_shared_x_axes().get_siblings(axes)])
    first, last = spans[:, 0].min(), spans[:, 1].max()
    words = 0.25 * np.log(last / first)  # as wide as these, about
    room = np.log(start / first) > words
    leftwards = room or np.log(last / end) < words
    axes.annotate(
        f"{best['reduction']:.1f}× fewer labels" if fewer else f"{1 / best['reduction']:.1f}× more labels",
        (start if room else end, best["mAP"]),
        (-6 if leftwards else 6, 4 if room else -4),
        textcoords="offset points",
        ha="right" if leftwards else "left",
        va="bottom" if room else "top",
        color=colour,
        weight="bold",
        path_effects=[withStroke(linewidth=3, foreground="white")],  # a curve may pass behind
    )


def _reductions(axes, reductions: dict[str, pd.DataFrame], colours: dict[str, str]) -> None:
    """The whole curve of label reduction; its median in numbers."""
    summary = []
    for name, table in reductions.items():
        if len(table):
            drawn = table.drop_duplicates("mAP")
            axes.plot(drawn["mAP"], drawn["reduction"], "o-" if len(drawn) == 1 else "-", color=colours[name], lw=2)
            summary.append((colours[name], f"median {table['reduction'].median():.1f}×, "
                                           f"best {table['reduction'].max():.1f}×"))  # fmt: skip
    line, size = (14, 10) if len(summary) <= 3 else (11, 8)  # points
    for number, (colour, text) in enumerate(summary):
        axes.annotate(
            text,
            (0.03, 1),
            (0, -4 - line * number),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            va="top",
            weight="bold",
            fontsize=size,
        )
    if not summary:
        axes.annotate("No mAP that\nboth curves reach", (0.5, 0.5), xycoords="axes fraction", ha="center")
    axes.axhline(1, color="black", lw=1, ls="--")
    # room for the words above the curves, in all panels of a shared axis
    high = max([2.0, *(table["reduction"].max() for table in reductions.values() if len(table))])
    words = min(0.6, (4 + line * len(summary)) / 160)  # share of a panel's height
    axes.set_ylim(0, max(axes.get_ylim()[1], high / (1 - words) * 1.05))
    axes.set_ylabel("Times fewer labels than random")


def stages(metrics: pd.DataFrame) -> Figure:
    """What each stage adds: mAP of both evaluations from stage to stage, as in the paper and of the plus rows.

    Beside it, where there are such rows (`stage1_to_2`): the stage before, trained on alone for as many steps.
    """
    steps = [name for name in names.MODELS if name.startswith("stage") and name[5:].isdigit()]
    with rc_context(STYLE):
        figure = Figure(figsize=(10.5, 4.6))
        for axes, (evaluation, title) in zip(figure.subplots(1, 2), EVALUATIONS.items(), strict=True):
            rows = metrics[(metrics["evaluation"] == evaluation) & (metrics["metric"] == "mAP")]
            seeds = rows.groupby("model")["value"]
            mean, low, high = seeds.mean(), seeds.min(), seeds.max()
            for offset, suffix in ((-0.04, ""), (0.04, names.PLUS)):
                there = [(place, step + suffix) for place, step in enumerate(steps) if step + suffix in mean]
                if there:
                    places, models = np.array([place for place, _ in there]) + offset, [model for _, model in there]
                    spread = np.abs(np.stack([low[models], high[models]]) - mean[models].to_numpy())
                    kind = _kind(models[0])
                    axes.errorbar(
                        places, mean[models], spread, fmt="o-", color=KINDS[kind], lw=2, capsize=4, label=kind
                    )
                    for place, step in enumerate(steps):
                        longer = [(later, f"{step}_to_{to[5:]}{suffix}") for later, to in enumerate(steps)]
                        alone = [(place, step + suffix), *(each for each in longer if each[1] in mean)]
                        if len(alone) > 1:
                            axes.plot(
                                np.array([place for place, _ in alone]) + offset,
                                mean[[model for _, model in alone]],
                                "o--",
                                color=KINDS[kind],
                                markerfacecolor="white",
                                lw=1.2,
                                zorder=1,
                                label=f"{kind}, the stage before for as long" if place == 0 else None,
                            )
            kinds = names.ends(mean.index)
            ends = mean[list(kinds)]
            for name, value in ends.items():
                kind = kinds[name]
                axes.axhline(value, color=KINDS[kind], ls=":", lw=1.5)
                above = value == ends.max()  # however close the lines, their names stand apart
                axes.annotate(
                    f"{kind} {value:.3f}",
                    (0.99, value),
                    (0, 3 if above else -3),
                    xycoords=("axes fraction", "data"),
                    textcoords="offset points",
                    ha="right",
                    va="bottom" if above else "top",
                    color=KINDS[kind],
                )
            axes.set_xticks(
                range(len(steps)),
                [names.model(step).replace(" coincidence", "\ncoincidence") for step in steps],
                fontsize=8.5,
            )
            axes.set_xlim(-0.5, len(steps) + 0.3)  # beside the last stage stand the names of the lines
            axes.margins(y=0.12)
            axes.set_title(title)
            axes.set_ylabel("mean average precision (mAP)")
        _title(
            figure,
            "Stage by stage",
            "What does each stage of the curriculum add to the one before?",
            f"{_experiment(metrics)} · dot: mean, whisker: lowest to highest of {_seeds(rows)}",
            axes.get_legend_handles_labels()[0],
            2,
        )
    return figure


def embedding_map(maps: pd.DataFrame) -> Figure:
    """A panel for each embedding: segments laid out so that neighbours are alike, coloured by their one class.

    maps: model, segment_id, class (empty for segments of several), x, y.
    """
    models = list(maps["model"].unique())
    alone = maps[(maps["model"] == models[0]) & (maps["class"] != "")]["class"]
    shown = list(alone.value_counts(sort=True).sort_index().sort_values(ascending=False, kind="stable").index[:10])
    colours = dict(zip(shown, COLOURS, strict=False))
    with rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(4.3 * len(models), 5.6))
        for axes, model in zip(figure.subplots(1, len(models), squeeze=False)[0], models, strict=True):
            rows = maps[maps["model"] == model]
            others = rows[~rows["class"].isin(shown)]
            axes.scatter(others["x"], others["y"], s=9, color="#D9D9D9", lw=0)
            for number, name in enumerate(shown):
                of_class = rows[rows["class"] == name]
                marker = "os^D"[number // 5]
                axes.scatter(of_class["x"], of_class["y"], s=24, marker=marker, color=colours[name], lw=0, label=name)
            axes.set_title(names.model_in_line(model), fontsize=10)
            axes.set_aspect("equal")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.grid(visible=True)
        handles, labels = axes.get_legend_handles_labels()
        for handle, label in zip(handles, labels, strict=True):
            handle.set_label(label if len(label) < 22 else f"{label[:20]}…")
        _title(
            figure,
            "Map of the embedding",
            "Do segments of one class lie together? Neighbours in the map are neighbours in the embedding (t-SNE).",
            f"a dot: a segment that nothing was trained on · grey: of several classes, or of none of the {len(shown)}",
            handles,
            5,
        )
    return figure


def sweeps(metrics: pd.DataFrame, swept: dict[str, dict]) -> Figure:
    """A column for each sweep, a line of panels for each evaluation: mAP against the value of one key.

    Sweeps over ``steps`` share a column: the learning curves of several rows.

    swept: sweep → ``model``, ``key`` and ``rows``, a list of (value, row of the curriculum that has it).
    """
    columns: dict[str, list[dict]] = {}
    for name, sweep in swept.items():
        columns.setdefault("steps" if sweep["key"] == "steps" else name, []).append(sweep)
    with rc_context(STYLE):
        figure = Figure(figsize=(max(7.0, 2.5 * len(columns) + 0.8), 6.2))
        grid = figure.subplots(2, len(columns), squeeze=False, sharey="row")
        for column, (name, together) in zip(grid.T, columns.items(), strict=True):
            values = sorted({value for sweep in together for value, _ in sweep["rows"]})
            for axes, evaluation in zip(column, EVALUATIONS, strict=True):
                scored = metrics[(metrics["evaluation"] == evaluation) & (metrics["metric"] == "mAP")]
                seeds = scored.groupby("model")["value"]
                for sweep, colour in zip(together, [GREEN, *(each for each in COLOURS if each != GREEN)], strict=False):
                    _sweep(axes, seeds, sweep, values, colour)
                axes.set_xticks(np.arange(len(values)), [f"{value:g}" for value in values])
                axes.margins(x=0.12, y=0.15)
            first = names.model(together[0]["model"]).splitlines()[0]
            column[0].set_title(
                "Learning curves" if name == "steps" else f"{name.replace('_', ' ')}\n{first}", fontsize=10
            )
            column[1].set_xlabel("steps in all" if name == "steps" else together[0]["key"])
            if len(together) > 1:
                column[0].legend(fontsize=8, frameon=False)
        for axes, label in zip(grid[:, 0], EVALUATIONS.values(), strict=True):
            axes.set_ylabel(f"{label}\nmAP")
        _title(
            figure,
            "Sensitivity",
            "How much hangs on one setting, everything else as in the row that is varied?",
            f"{_experiment(metrics)} · line: mean, band: lowest to highest of {_seeds(metrics)}"
            " · ring: the row's own value",
        )
    return figure


def _sweep(axes, seeds, sweep: dict, values: list[float], colour: str) -> None:
    """One line: the mean of the seeds of each row against the place of its value among ``values``."""
    rows = sorted(sweep["rows"])
    places = [values.index(value) for value, _ in rows]
    mean, low, high = (seeds.agg(how).reindex([row for _, row in rows]) for how in ("mean", "min", "max"))
    axes.fill_between(places, low, high, color=colour, alpha=0.18, lw=0)
    axes.plot(places, mean, "o-", color=colour, lw=2, ms=5, label=names.model_in_line(sweep["model"]))
    own = [number for number, (_, row) in enumerate(rows) if row == sweep["model"]]
    axes.plot([places[number] for number in own], mean.iloc[own], "o", ms=11, mfc="none", mec="black")


def clustering(metrics: pd.DataFrame) -> Figure:
    """A panel for each measure of a clustering; for each model a bar of its cluster head and one of k-means."""
    rows = metrics[metrics["evaluation"] == "clustering"]
    models = names.in_order(rows["model"].unique())
    place = -np.arange(len(models), dtype=float)
    with rc_context(STYLE):
        figure = Figure(figsize=(10.5, 2.0 + 0.75 * len(models)))
        grid = figure.subplots(1, len(CLUSTERING), sharey=True)
        for axes, (metric, (title, unit)) in zip(grid, CLUSTERING.items(), strict=True):
            for offset, (strategy, label) in zip((0.19, -0.19), CLUSTERINGS.items(), strict=True):
                values = rows[(rows["strategy"] == strategy) & (rows["metric"] == metric)].groupby("model")["value"]
                mean, low, high = (values.agg(how).reindex(models) for how in ("mean", "min", "max"))
                colour = STRATEGY_COLOURS["cluster"] if strategy == "cluster" else GREY
                axes.barh(place + offset, mean, height=0.36, color=colour, label=label)
                axes.hlines(place + offset, low, high, color="black", lw=1.2)
                for at, value, end in zip(place + offset, mean, high, strict=True):
                    text = f"{value:,.0f}" if value > 1 else f"{value:.2f}"
                    axes.annotate(text, (end, at), (5, 0), textcoords="offset points", va="center", fontsize=9)
            axes.set_title(title)
            axes.set_xlabel(unit, fontsize=9)
            axes.set_xlim(0, axes.get_xlim()[1] * 1.15)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
        grid[0].set_yticks(place, [names.model(model) for model in models])
        handles = grid[0].get_legend_handles_labels()[0]
        question = "Do the clusters hold one kind of sound? Judged by the true classes of their windows."
        seeds = rows["seed"].nunique()
        note = "one training seed" if seeds == 1 else f"bar: mean, line: lowest to highest of {seeds} training seeds"
        _title(figure, "Clusters", question, f"{_experiment(rows)} · {note}", handles, 2)
    return figure


def training_curves(histories: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    """A panel for each quantity of the histories, a line for each model: dashed if augmented, in its pair's colour.

    histories: (model, seed) → history; the line is the mean over seeds, the band goes from lowest to highest.
    """
    table = pd.concat([history.assign(model=model) for (model, _), history in histories.items()])
    models = names.in_order(table["model"].unique())
    pairs = list(dict.fromkeys(model.removesuffix(names.PLUS) for model in models))
    colours = {name: COLOURS[pairs.index(name.removesuffix(names.PLUS)) % len(COLOURS)] for name in [*models, *pairs]}
    trained = {loss: set(table.loc[table[loss].notna(), "model"]) for loss in OF_HEAD.values() if loss in table}
    measured = [name for name in QUANTITIES if name in table and table[name].notna().any()]
    shown = [name for name in measured if name not in OF_HEAD or OF_HEAD[name] in trained]
    columns = min(4, len(shown))
    lines = -(-len(shown) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(3.1 * columns + 0.4, 2.6 * lines + 1.7))
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, name in zip(grid, shown, strict=False):
            for model in models:
                if name in OF_HEAD and model not in trained[OF_HEAD[name]]:
                    continue
                by_step = table[table["model"] == model].groupby("step")[name]
                mean = by_step.mean().dropna()
                if mean.empty:
                    continue
                low, high = by_step.min()[mean.index], by_step.max()[mean.index]
                axes.fill_between(mean.index, low, high, color=colours[model], alpha=0.12, lw=0)
                style = "--" if model.endswith(names.PLUS) else "-"
                marker = "." if len(mean) < 2 else None
                axes.plot(mean.index, mean, color=colours[model], ls=style, lw=1.6, marker=marker)
            title, unit = QUANTITIES[name]
            axes.set_title(title)
            axes.set_ylabel(unit, fontsize=9)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        for axes in grid[len(shown) :]:
            axes.set_visible(False)
        for axes in grid[len(shown) - columns : len(shown)]:
            axes.set_xlabel("training steps")
        handles = [Line2D([], [], color=colours[pair], lw=2, label=names.model_in_line(pair)) for pair in pairs]
        if any(model.endswith(names.PLUS) for model in models):
            for style, label in (("-", "without plus"), ("--", "plus")):
                handles.append(Line2D([], [], color="black", ls=style, lw=1.6, label=label))
        seeds = len({seed for _, seed in histories})
        _title(
            figure,
            "Training curves",
            "Steps count from 0 in each stage; a stage starts from the weights of the one it builds on.",
            "one training seed" if seeds == 1 else f"line: mean, band: lowest to highest of {seeds} training seeds",
            handles,
            min(3, len(handles)),
        )
    return figure


def cluster_portrait(portraits: dict[str, np.ndarray]) -> Figure:
    """For each of the biggest clusters: typical spectrograms, a frame, and the true classes in it.

    portraits: what scripts/portraits.py writes: model (), windows (), cluster (c), size (c), spectrograms
    (c, exemplars, rows, bands; NaN where there is none), frames (c, exemplars, px, px, 3), has_frame (c, exemplars),
    names and shares (c, n); seconds, low_hz, high_hz (): the extent of a spectrogram.
    """
    spectrograms = portraits["spectrograms"]
    clusters, exemplars = spectrograms.shape[:2]
    lines = -(-clusters // 2)
    low, high = np.nanpercentile(spectrograms, [1, 99.5]) if clusters else (0, 1)
    with rc_context(STYLE | {"axes.grid": False, "figure.constrained_layout.use": False}):
        height = 1.45 * lines + 1.3
        figure = Figure(figsize=(15, height))
        halves = figure.add_gridspec(
            lines, 2, left=0.035, right=0.985, top=1 - 1.15 / height, bottom=0.5 / height, hspace=0.42, wspace=0.09
        )
        for number in range(clusters):
            cells = halves[number % lines, number // lines].subgridspec(
                1, exemplars + 2, width_ratios=[1] * exemplars + [1.05, 2.4], wspace=0.06
            )
            for exemplar in range(exemplars):
                axes = figure.add_subplot(cells[exemplar])
                _bare(axes)
                patch = spectrograms[number, exemplar]
                if not np.isnan(patch).all():
                    axes.imshow(patch.T, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high)
                if exemplar == 0:
                    share = portraits["size"][number] / portraits["windows"]
                    axes.set_title(
                        f"{number + 1}. cluster {portraits['cluster'][number]}: "
                        f"{portraits['size'][number]:,} windows ({share:.1%})",
                        fontsize=9.5,
                    )
                    if number % lines == lines - 1 or number == clusters - 1:
                        axes.set_xlabel(f"{portraits['seconds']:.2f} s", fontsize=8, labelpad=2)
                        axes.set_ylabel(
                            f"{portraits['low_hz']:.0f}–{portraits['high_hz']:.0f} Hz", fontsize=8, labelpad=2
                        )
            axes = figure.add_subplot(cells[exemplars])
            _bare(axes)
            if portraits["has_frame"][number].any():
                first = portraits["has_frame"][number].argmax()
                axes.imshow(portraits["frames"][number, first], aspect="equal", interpolation="nearest")
            else:
                axes.text(0.5, 0.5, "no picture", ha="center", va="center", fontsize=8, color=GREY)
                axes.set_aspect("equal")
            _class_mix(
                figure.add_subplot(cells[exemplars + 1]), portraits["names"][number], portraits["shares"][number]
            )
        _title(
            figure,
            "Portrait of the biggest clusters",
            "The windows the network is surest of, each from another recording; a frame of one of them; "
            "and the true classes of all windows in the cluster.",
            f"{names.model_in_line(str(portraits['model']))} · {portraits['windows']:,} training windows",
        )
    return figure


def _class_mix(axes, names: np.ndarray, shares: np.ndarray) -> None:
    """Bars of the share of windows that carry each class; names inside."""
    place = -np.arange(len(names))
    axes.barh(place, shares, height=0.8, color=[SKY if number == 0 else "#D9D9D9" for number in range(len(names))])
    for at, name, share in zip(place, names, shares, strict=True):
        if name:
            short = name if len(name) <= 26 else f"{name[:25]}…"
            axes.text(0.02, at, f"{share:.0%} {short}", va="center", fontsize=8.5, clip_on=True)
    axes.set_xlim(0, 1)
    axes.set_ylim(-len(names) + 0.4, 0.6)
    _bare(axes)


def _bare(axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _title(figure: Figure, title: str, question: str, note: str, handles: Sequence = (), columns: int = 1) -> None:
    """Title, the question the figure answers, the legend, and at the foot how to read it; the axes between."""
    height = figure.get_size_inches()[1]
    figure.text(0.01, 1 - 0.12 / height, title, ha="left", va="top", weight="bold", fontsize=14)
    figure.text(0.01, 1 - 0.45 / height, question, ha="left", va="top", fontsize=10)
    figure.text(0.01, 0.08 / height, note, ha="left", va="bottom", fontsize=8.5, color="#595959")
    if figure.get_layout_engine():
        above = 0.85 + 0.25 * -(-len(handles) // columns)
        figure.get_layout_engine().set(rect=(0.01, 0.3 / height, 0.98, 1 - (0.3 + above) / height))
        if handles:
            place = (0.01, 1 - 0.77 / height)
            legend = figure.legend(handles=handles, ncols=columns, loc="upper left", borderaxespad=0, borderpad=0)
            legend.set_bbox_to_anchor(place, figure.transFigure)


def _kind(name: str) -> str:
    """One of KINDS."""
    if name == "log_mel" or name in TOPLINES:
        return "baseline" if name == "log_mel" else "topline"
    if name.endswith(names.PLUS):
        return "plus"
    return "as in the paper" if name in names.MODELS else "other"


def _experiment(rows: pd.DataFrame) -> str:
    return f"experiment {rows['experiment'].iloc[0]}"


def _seeds(rows: pd.DataFrame) -> str:
    number = rows["seed"].nunique()
    return "1 evaluation seed" if number == 1 else f"{number} evaluation seeds"
