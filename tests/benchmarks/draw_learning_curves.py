"""Draws docs/results/learning_curves.csv: mAP on held-out recordings against steps, a line of panels for each set.

python draw_learning_curves.py docs/results/learning_curves.csv docs/figures/learning_curves.png
"""

import sys

import pandas as pd
from common import axis_of_counts
from matplotlib.figure import Figure

EVALUATIONS = {"query_by_example": "query by example", "shallow_classifier": "shallow classifier"}
COLOURS = {"topline plus": "#555555", "audio–audio, as in the paper": "#CC7A00"}  # all others: the plus rows


def main(table: str, path: str) -> None:
    curves = pd.read_csv(table)
    sets = curves["set"].unique()
    figure = Figure(figsize=(8.4, 3.2 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), len(EVALUATIONS), squeeze=False)
    for line, name in zip(grid, sets, strict=True):
        for axes, (evaluation, title) in zip(line, EVALUATIONS.items(), strict=True):
            of_set = curves[curves["set"] == name].groupby("row", sort=False)
            ends = of_set[evaluation].last().rank(method="first") - (of_set.ngroups + 1) / 2  # names keep apart
            for row, points in of_set:
                colour = COLOURS.get(row, "#0B6E99")
                axes.plot(points["steps"], points[evaluation], marker="o", color=colour)
                last = points.iloc[-1]
                place = (last["steps"], last[evaluation])
                name_of = row.replace(", ", "\n")
                axes.annotate(
                    name_of, place, (8, -3 + 8 * ends[row]), textcoords="offset points", color=colour, fontsize=9
                )
            axis_of_counts(axes, curves["steps"], "steps in all")
            axes.set_xlim(400, 16_000)  # room for the names
            axes.margins(y=0.15)
            axes.set(title=f"{name}: {title}", ylabel="mean average precision")
            axes.grid(color="#E6E6E6")
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
