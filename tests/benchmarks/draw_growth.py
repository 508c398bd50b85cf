"""How cost grows with size: draws what the benchmarks' last lines say, given on standard input, a panel for each unit.

cat features.json clustering_loss.json query_by_example.json clustering.json | python draw_growth.py growth.png
"""

import json
import sys

from matplotlib.figure import Figure

MARKERS = "os^vD"


def main(path: str) -> None:
    panels = {}
    for line in sys.stdin:
        result = json.loads(line)
        for curve in result["growth"]:
            panels.setdefault((result["name"], curve["unit"]), []).append(curve)
    rows = min(2, len(panels))
    columns = -(-len(panels) // rows)
    figure = Figure(figsize=(4.2 * columns, 3.75 * rows), layout="constrained")
    for axes, ((name, unit), curves) in zip(
        figure.subplots(rows, columns, squeeze=False).flat, panels.items(), strict=False
    ):
        for marker, curve in zip(MARKERS, curves, strict=False):
            label = f"{curve['label']}: exponent {curve['slope']:.2f}"
            axes.loglog(curve["sizes"], curve["seconds"], marker=marker, label=label)
        axes.set(title=f"bench_{name}", xlabel=unit, ylabel="seconds")
        axes.grid(color="#E6E6E6")
        axes.set_ylim(top=20 * axes.get_ylim()[1])  # room for the legend
        axes.legend(fontsize=8, loc="upper left")
    for axes in figure.axes[len(panels) :]:
        axes.remove()
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
