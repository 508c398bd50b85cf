"""What the benchmarks share: alternating runs in one process, medians, growth with size, one JSON line at the end."""

import argparse
import json
import os
import time
from collections.abc import Callable
from statistics import median

import numpy as np

REPEATS = 5


def arguments(description: str, **further: dict) -> argparse.Namespace:
    """``--full`` measures larger sizes and takes more than five minutes; ``further`` options have argparse settings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--full", action="store_true", help="larger sizes, more than five minutes")
    for name, settings in further.items():
        parser.add_argument(f"--{name}", **settings)
    return parser.parse_args()


def alternately(functions: dict[str, Callable], repeats: int = REPEATS, warmup: int = 1) -> dict[str, list[float]]:
    """Seconds of each function, called in turn so that all see the same machine; ``warmup`` rounds do not count."""
    seconds = {name: [] for name in functions}
    for round_ in range(-warmup, repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if round_ >= 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(ours: list[float], rival: list[float]) -> float:
    """Median over rounds of rival seconds / our seconds: how many times as fast we are."""
    return median(r / o for o, r in zip(ours, rival, strict=True))


def slope(sizes: list[float], seconds: list[float]) -> float:
    """Exponent of the growth: least squares on logarithms; 1 is linear."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def growth(label: str, unit: str, sizes: list[int], seconds: list[float]) -> dict:
    """One curve of how a cost grows, as `draw_growth.py` reads it from the list ``growth`` of a report."""
    return {
        "label": label,
        "unit": unit,
        "sizes": sizes,
        "seconds": [round(s, 4) for s in seconds],
        "slope": slope(sizes, seconds),
    }


def axis_of_counts(axes, counts, label: str) -> None:
    """A logarithmic x axis with a tick at each of these counts."""
    counts = sorted(set(counts))
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{each:,}" for each in counts])
    axes.minorticks_off()
    axes.set_xlabel(label)


def report(name: str, ratio: float | None, rival: str, **medians) -> None:
    """The last line of a benchmark; no ratio if there was nothing to measure."""
    shown = {key: round(value, 6) if isinstance(value, float) else value for key, value in medians.items()}
    rounded = ratio and round(ratio, 3)
    print(json.dumps({"name": name, "ratio": rounded, "rival": rival, "cores": os.cpu_count(), **shown}))
