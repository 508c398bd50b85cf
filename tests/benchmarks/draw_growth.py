"""How cost grows with size: draws what the benchmarks' last lines say, given on standard input, a panel for each unit.

python tests/benchmarks/draw_growth.py docs/figures/growth.png < docs/performance.jsonl
"""

import json
import sys

from matplotlib.figure import Figure

MARKERS = "os^vD"


def main(path: str) -> None:
    panels = {}
    for line in sys.stdin:
        result = json.loads(line)
        for curve in result.get("growth", []):
            panels.setdefault((result["name"], curve["unit"]), []).append(curve)
    columns = -(-len(panels) // 2)
    figure = Figure(figsize=(4.2 * columns, 7.5), layout="constrained")
    for axes, ((name, unit), curves) in zip(figure.subplots(2, columns).flat, panels.items(), strict=False):
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
