"""The page of results: what was asked, what came out, in tables and figures, and what made them.

It is written twice from the same content: as Markdown for repositories, and as one HTML file that opens without a
network and lets the exemplars of the clusters be heard. Plain tables in, text out; the templates lie beside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup, escape

from c3.evaluation import LEFT_OUT
from c3.report import names, tables
from c3.report.figures import COLOURS
from c3.report.tables import Table

MOST_DOTS = 4000
"""in all maps of a page; with more, the map is the figure alone"""
MAP_PIXELS = 300
"""side of a map, in units of its own"""
INTRODUCTION = (
    "Learning to recognise sounds from unlabelled recordings and a handful of labels: the systems of Jansen et al. "
    "(ICASSP 2020), each trained and evaluated on the same recordings."
)
ALT = {
    "query_by_example": "Bars: mean average precision of each embedding in query by example",
    "shallow_classifier": "Bars: mean average precision of a shallow classifier on each embedding",
    "stages": "Lines: mean average precision after each stage of the curriculum, as in the paper and of the plus rows",
    "embedding_map": "Scatter plots: the scored segments laid out in a plane, coloured by class, for each embedding",
    "label_efficiency": "Lines: mean average precision against labels asked for each strategy, and the label reduction",
    "clustering": "Bars: purity, agreement with the classes and sizes of the clusters, beside k-means",
    "cluster_portrait": "Spectrograms, a frame and the true classes of each of the biggest clusters",
    "training_curves": "Lines: losses and held-out measures of each training against its steps",
}


class Figure(NamedTuple):
    """A figure of the page; places are relative to the page."""

    name: str
    image: str
    vector: str | None = None
    """the same as PDF"""

    @property
    def alt(self) -> str:
        return ALT.get(self.name, self.name.replace("_", " "))


class Section(NamedTuple):
    """A part of the page. ``text`` is Markdown of paragraphs and ``*emphasis*`` alone."""

    name: str
    title: str
    text: str
    tables: list[tuple[str, Table]]
    """each with its heading, which may be empty"""
    figures: list[Figure]


class Page(NamedTuple):
    """All that both formats show."""

    experiment: str
    introduction: str
    reading: str
    """how the numbers are to be read"""
    headlines_of: str
    headlines: list[tables.Headline]
    sections: list[Section]
    commit: str
    config: str
    """YAML"""
    links: dict[str, str]
    """name → place of a file with more, relative to the page"""


def page(
    metrics: pd.DataFrame,
    config: dict,
    seeds: Sequence[int],
    commit: str,
    figures: Sequence[Figure],
    links: dict[str, str],
    accounts: pd.DataFrame | None = None,
) -> Page:
    """The content of the page: of the sections, those that have a table or a figure.

    metrics: the rows of metrics.csv, which may lack evaluations; config: at least ``experiment``; seeds: those of the
    trainings; accounts: the rows of accounts.csv.
    """
    drawn = {figure.name: figure for figure in figures}
    measured = set(metrics["evaluation"])
    efficient = metrics.loc[metrics["evaluation"] == "label_efficiency", "model"].unique()
    goals = tables.goals(metrics)

    def section(name, title, text, shown, of_figures):
        return Section(name, title, text, shown, [drawn[figure] for figure in of_figures if figure in drawn])

    sections = [
        section(
            "goals",
            "Goals",
            "What the paper lets one hope for, and what was measured here.",
            [("", goals)] if goals.rows else [],
            [],
        ),
        section(
            "embedding",
            "The embedding",
            "*Query by example*: do two sounds of one class lie closer together than two of different classes? "
            "*Shallow classifier*: how well does a small classifier do on the frozen embedding, with all labels? "
            "*Gap recovered*: how much of the way from the features to the topline, which is trained with all labels. "
            "*Chance*: the mAP of a query by example that knows nothing.",
            [("", tables.embeddings(metrics))] if measured & {"query_by_example", "shallow_classifier"} else [],
            ["query_by_example", "shallow_classifier", "stages"],
        ),
        section(
            "map",
            "A map of the embedding",
            "A dot is a segment that nothing was trained on; neighbours in the map are neighbours in the embedding "
            "(t-SNE). Distances between groups that are far apart mean nothing.",
            [],
            ["embedding_map"],
        ),
        section(
            "labels",
            "What a label buys",
            "A strategy chooses the segments that an annotator is shown; the same classifier is trained on the same "
            "embedding with the labels that were paid for. *Label reduction*: how many times fewer labels than random "
            "segments for the same mAP, of the mean curve; in brackets those of single draws, whose best may be more. "
            "*Area*: mean mAP over the logarithm of the labels, as far as all curves reach. "
            "*Of the ceiling*: what is gained in area over random segments, as a share of what one would gain who knew "
            "the classes beforehand.",
            [(names.model_in_line(model), tables.label_efficiency(metrics, model)) for model in efficient]
            + (
                [("Whole networks, trained with so many labels", tables.systems(metrics))]
                if "system" in measured
                else []
            ),
            ["label_efficiency"],
        ),
        section(
            "clusters",
            "The clusters",
            "Judged by the true classes of the training windows, which nothing was trained on.",
            [("", tables.clustering(metrics))] if "clustering" in measured else [],
            ["clustering", "cluster_portrait"],
        ),
        section(
            "training",
            "Training",
            "Losses are means over the training steps since the point before; all else is measured on held-out "
            "recordings.",
            [],
            ["training_curves"],
        ),
        section(
            "files",
            "The files",
            "What became of each file below the folder of media: in the *manifest*, with at least one segment that is "
            "used; *missing*, without a segment; *quarantined*, without one that can be used; *ignored*, no media.",
            [("", tables.accounts(accounts))] if accounts is not None else [],
            [],
        ),
    ]
    model = tables.headline_model(metrics)
    return Page(
        experiment=config["experiment"],
        introduction=INTRODUCTION,
        reading=_reading(seeds, sorted(metrics["seed"].dropna().unique())) + _left_out(metrics),
        headlines_of=names.model_in_line(model) if model else "",
        headlines=tables.headlines(metrics),
        sections=[each for each in sections if each.tables or each.figures],
        commit=commit,
        config=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        links=links,
    )


def _reading(seeds: Sequence[int], evaluation_seeds: Sequence[int]) -> str:
    return (
        f"Training seeds: {', '.join(map(str, seeds))}; evaluation seeds: {', '.join(map(str, evaluation_seeds))} "
        "(evaluation seed number i takes the network of training seed number i, from the first again where there are "
        "more). Numbers are means over these, with the lowest and the highest in brackets. Nothing was trained on the "
        "recordings that are scored. Rows named *plus* are not the paper's: in training, each window is given another "
        "pitch, microphone, distance and background, and coincidence is a choice out of the batch."
    )


def _left_out(metrics: pd.DataFrame) -> str:
    """Which classes the averages lack, for want of scored segments; nothing if none."""
    rows = metrics[metrics["metric"] == LEFT_OUT]
    of_all = list(dict.fromkeys(rows.loc[rows["evaluation"] == "shallow_classifier", "strategy"]))
    of_pairs = [name for name in dict.fromkeys(rows["strategy"]) if name not in of_all]
    text = ""
    if of_all:
        text += f" Classes without a scored segment, left out of all averages ({len(of_all)}): {'; '.join(of_all)}."
    if of_pairs:
        text += f" Classes with too few for query by example, left out of it ({len(of_pairs)}): {'; '.join(of_pairs)}."
    return text


def markdown(content: Page) -> str:
    """The page for repositories."""
    return _templates().get_template("report.md.jinja").render(page=content)


def html(content: Page, clusters: dict | None = None, maps: pd.DataFrame | None = None) -> str:
    """The page for browsers, one file but for what it links to.

    clusters: what scripts/exemplars.py lists, files relative to the page; they take the place of the figure
    ``cluster_portrait``. maps: model, segment_id, class (empty for segments of several), x, y; they take that of the
    figure ``embedding_map``.
    """
    drawn = drawing(maps) if maps is not None and len(maps) <= MOST_DOTS else None
    replaced = {"cluster_portrait"} if clusters else set()
    if drawn:
        replaced.add("embedding_map")
    return (
        _templates()
        .get_template("index.html.jinja")
        .render(page=content, clusters=clusters, map=drawn, replaced=replaced, pixels=MAP_PIXELS)
    )


def drawing(maps: pd.DataFrame) -> dict:
    """The maps as dots to draw: ``classes``, the colour of each by name, most frequent first (grey after the first ten,
    as in the figure); ``panels``: for each model its name and ``dots``, each (x, y, class) in :data:`MAP_PIXELS`.
    """
    first = maps[maps["model"] == maps["model"].iloc[0]]
    counts = first.loc[first["class"] != "", "class"].value_counts().sort_index()
    order = counts.sort_values(ascending=False, kind="stable").index
    classes = {name: COLOURS[number] if number < len(COLOURS) else "" for number, name in enumerate(order)}
    panels = []
    for model, rows in maps.groupby("model", sort=False):
        low, high = rows[["x", "y"]].min(), rows[["x", "y"]].max()
        span = max((high - low).max(), 1e-9)
        places = 10 + (rows[["x", "y"]] - (low + high) / 2 + span / 2) / span * (MAP_PIXELS - 20)
        dots = zip(places["x"].round(1), (MAP_PIXELS - places["y"]).round(1), rows["class"], strict=True)
        # those with a colour are drawn last, over the others
        panels.append((names.model_in_line(model), sorted(dots, key=lambda dot: bool(classes.get(dot[2])))))
    return {"classes": classes, "panels": panels}


def numeric(table: Table) -> list[bool]:
    """Which columns hold numbers alone, and are to stand flush right."""
    columns = zip(*table.rows, strict=True)
    return [all(re.fullmatch(r"[-–\d., %×()]*", cell) for cell in cells) and any(cells) for cells in columns]


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["markdown"] = tables.markdown
    environment.filters["model"] = names.model_in_line
    environment.filters["numeric"] = numeric
    environment.filters["thousands"] = "{:,}".format
    environment.filters["emphasis"] = _emphasis
    return environment


def _emphasis(text: str) -> Markup:
    """``*words*`` as HTML; all else stays as it is."""
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", str(escape(text))))
