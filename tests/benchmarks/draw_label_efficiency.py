"""Draws docs/results/label_efficiency.csv: what labels buy, a panel for each data set.

python draw_label_efficiency.py docs/results/label_efficiency.csv docs/figures/label_efficiency_of_sets.png

The table repeats what stands on the pages of the experiments: set, curve (a key of CURVES), labels, mAP (mean), and of
networks that were trained several times lowest and highest.
"""

import sys

import pandas as pd
from common import axis_of_counts
from matplotlib.figure import Figure

BLUE, ORANGE, GREY, BLACK = "#0B6E99", "#CC7A00", "#8C8C8C", "#222222"
CURVES = {
    "trained_on": ("whole network, trained on by typical segments", {"color": BLUE, "linewidth": 2.6, "marker": "o"}),
    "scratch": ("whole network, from scratch by random segments", {"color": BLACK, "linewidth": 2.6, "marker": "o"}),
    "ceiling": ("frozen, one who knows the true classes", {"color": BLACK, "linestyle": ":"}),
    "spread": ("frozen, typical segments (recommended)", {"color": BLUE, "linestyle": "--", "marker": "."}),
    "talk": ("frozen, one per cluster, as in the paper", {"color": ORANGE, "linestyle": "--", "marker": "."}),
    "random": ("frozen, random segments", {"color": GREY, "linestyle": "--", "marker": "."}),
}


def main(table: str, path: str) -> None:
    measured = pd.read_csv(table)
    sets = measured["set"].unique()
    figure = Figure(figsize=(9.6, 1.7 * len(sets) + 1.0), layout="constrained")
    for axes, name in zip(figure.subplots(-(-len(sets) // 2), 2, squeeze=False).flat, sets, strict=False):
        of_set = measured[measured["set"] == name]
        for curve, (_, style) in CURVES.items():
            points = of_set[of_set["curve"] == curve]
            axes.fill_between(points["labels"], points["lowest"], points["highest"], color=style["color"], alpha=0.15)
            axes.plot(points["labels"], points["mAP"], **style)
        axis_of_counts(axes, of_set["labels"], "labels asked")
        axes.set(title=name, ylabel="mean average precision", ylim=(0, 1.04))
        axes.grid(color="#E6E6E6")
        axes.spines[["top", "right"]].set_visible(False)
    handles = [axes.plot([], [], label=label, **style)[0] for label, style in CURVES.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
