"""Query by example over all pairs against scikit-learn's average_precision_score, called per class; growth with N.

Ours ranks classes side by side on all cores, and once on one; scikit-learn uses one. Both sides turn the same vectors
into the same cosines, class by class, and rank all of them. Labels are spread as in AudioSet's evaluation set: 2.7 a
segment, two classes with a quarter of the segments each, most with 0.3 %.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # in all pairs as in scikit-learn, a product of matrices is on one core

import common
import numpy as np

from c3.evaluation import query_by_example

D = 128


def data(segments: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors on the unit sphere (segments, 128), nearer to each other within a class; truth (segments, classes)."""
    rng = np.random.default_rng(0)
    share = np.maximum(0.25 * np.arange(1, classes + 1) ** -1.2, 0.003)
    share[:2] = 0.25
    truth = rng.random((segments, classes)) < share
    truth[:2] = True
    vectors = rng.normal(size=(segments, D)) + 0.5 * truth @ rng.normal(size=(classes, D))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


def ours(units: np.ndarray, truth: np.ndarray) -> list[float]:
    return query_by_example.all_pairs(units, truth)


def scikit_learn(units: np.ndarray, truth: np.ndarray) -> list[float]:
    from sklearn.metrics import average_precision_score

    precisions = []
    for positive in truth.T:
        inside = units[positive]
        within = (inside @ inside.T)[np.triu_indices(len(inside), 1)]
        across = (inside @ units[~positive].T).ravel()
        same = np.repeat([True, False], [len(within), len(across)])
        precisions.append(average_precision_score(same, np.concatenate([within, across])))
    return precisions


def peak_gib(side: str, segments: int, classes: int) -> float:
    """Memory that a process needs at most for ranking all pairs, above what it needs for making the data."""
    code = (
        "import re, bench_query_by_example as bench\n"
        f"units, truth = bench.data({segments}, {classes})\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 2**20\n"
        f"bench.{side}(units[:50], truth[:50, :1]); before = peak(); bench.{side}(units, truth)\n"
        "print(peak() - before)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True)
    return float(run.stdout)


def main() -> None:
    full = common.arguments(__doc__).full
    segments, classes = (20_000, 527) if full else (5_000, 200)
    sizes = (400, 4_000, 40_000) if full else (200, 2_000, 20_000)
    units, truth = data(segments, classes)
    scores = {}
    ours(units[:50], truth[:50, :1])  # compiles
    sides = {
        "ours": lambda: scores.update(ours=query_by_example.all_pairs(units, truth, os.cpu_count())),
        "one_thread": lambda: ours(units, truth),
        "scikit_learn": lambda: scores.update(rival=scikit_learn(units, truth)),
    }
    seconds = common.alternately(sides, warmup=0)
    positives = truth.sum(axis=0)
    growth = []
    for size in sizes:
        at_size = data(size, classes)
        growth.append(median(common.alternately({"ours": lambda d=at_size: ours(*d)}, 1 if full else 3, 0)["ours"]))
    common.report(
        "query_by_example",
        common.ratio(seconds["ours"], seconds["scikit_learn"]),
        "scikit-learn's average_precision_score called per class",
        segments=segments,
        classes=classes,
        labels_per_segment=float(positives.sum() / segments),
        median_positives=int(np.median(positives)),
        most_positives=int(positives.max()),
        pairs_across=int((positives * (segments - positives)).sum()),
        repeats=common.REPEATS,
        threads=os.cpu_count(),
        ours_seconds=median(seconds["ours"]),
        one_thread_seconds=median(seconds["one_thread"]),
        one_thread_ratio=round(common.ratio(seconds["one_thread"], seconds["scikit_learn"]), 3),
        scikit_learn_seconds=median(seconds["scikit_learn"]),
        largest_difference=f"{np.abs(np.subtract(scores['ours'], scores['rival'])).max():.1e}",
        growth=[common.growth("all pairs, one thread", "segments", sizes, growth)],
        ours_peak_gib=[round(peak_gib("ours", size, classes), 3) for size in sizes],
        scikit_learn_peak_gib=round(peak_gib("scikit_learn", segments, classes), 3),
    )


if __name__ == "__main__":
    main()
