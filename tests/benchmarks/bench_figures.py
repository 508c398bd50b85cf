"""All figures of an experiment of the default's size, redrawn by the script that the rule calls; growth with rows.

The bound is a Python that does nothing but import matplotlib and pandas.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import common
import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
TARGET = 10.0  # seconds
FIGURES = (
    "query_by_example shallow_classifier stages label_efficiency clustering embedding_map training_curves "
    "cluster_portrait"
).split()
MODELS = "topline correspondence stage1 stage2 stage3 stage1_plus stage2_plus stage3_plus stage4_plus".split()
CLUSTERED = ["stage3", "stage3_plus", "stage4_plus"]
BUDGETS = {
    "random": 2 ** np.arange(3, 11),
    "cluster": 2 ** np.arange(3, 7),
    "cluster_unpropagated": 2 ** np.arange(3, 7),
    "cluster_merged": 2 ** np.arange(3, 7),
    "all": [1357],
}


def make(folder: Path, times: int = 1) -> list[str]:
    """Results of an experiment with ``times`` the default's seeds, steps and segments; the options of the script."""
    rng = np.random.default_rng(0)
    seeds, numbers = range(3 * times), []
    for seed in seeds:
        for model in ["log_mel", *MODELS]:
            for evaluation, metrics in (
                ("query_by_example", ("mAP", "chance")),
                ("shallow_classifier", ("mAP", "d_prime", "accuracy")),
            ):
                numbers += [
                    (model, evaluation, None, None, seed, metric, 0.3 + 0.2 * rng.random()) for metric in metrics
                ]
        for model in CLUSTERED:
            for strategy in ("cluster", "kmeans"):
                for metric in ("purity", "nmi", "active_clusters", "largest_cluster_share"):
                    numbers.append((model, "clustering", strategy, None, seed, metric, rng.random()))
        for model in ("stage3_plus", "stage3"):
            for strategy, budgets in BUDGETS.items():
                for budget in budgets:
                    what = (model, "label_efficiency", strategy, None if strategy == "all" else budget, seed)
                    precision = 0.05 * np.log(budget) + 0.01 * rng.random()
                    numbers += [(*what, "mAP", precision), (*what, "labels_asked", budget)]
                    numbers += [(*what, "d_prime", rng.random()), (*what, "accuracy", rng.random())]
    columns = ["model", "evaluation", "strategy", "budget", "seed", "metric", "value"]
    table = pd.DataFrame(numbers, columns=columns).assign(experiment="bench")
    table["budget"] = table["budget"].astype("Int64")
    folder.mkdir()
    table.to_csv(folder / "metrics.csv", index=False)
    for model in MODELS:
        steps = np.arange(100, 400 * times, 100)
        history = pd.DataFrame({"step": steps, "loss": rng.random(len(steps))})
        names = ["triplet_labels"] if model == "topline" else ["audio_visual", "auc_audio_visual", "embedding_spread"]
        if model[:6] in ("stage2", "stage3", "stage4"):
            names += ["audio_audio", "auc_audio_audio"]
        if model in CLUSTERED:
            names += ["clustering", "active_clusters", "mean_entropy", "entropy_of_mean"]
        for name in names:
            history[name] = rng.random(len(steps))
        (folder / "history" / model).mkdir(parents=True)
        history.to_csv(folder / "history" / model / "0.csv", index=False)
    segments = 400 * times
    classes = rng.choice([f"Class {number}" for number in range(32)] + [""] * 16, segments)
    places = [
        pd.DataFrame({"model": model, "segment_id": range(segments), "class": classes}).assign(
            x=rng.normal(size=segments), y=rng.normal(size=segments)
        )
        for model in ("log_mel", "stage3_plus", "topline")
    ]
    pd.concat(places).to_parquet(folder / "maps.parquet")
    np.savez_compressed(
        folder / "portraits.npz",
        model="stage3_plus",
        windows=13_570,
        seconds=0.96,
        low_hz=125.0,
        high_hz=7500.0,
        cluster=np.arange(12),
        size=np.arange(24, 12, -1),
        spectrograms=rng.normal(size=(12, 4, 96, 64)).astype(np.float32),
        frames=rng.integers(0, 255, (12, 4, 64, 64, 3), dtype=np.uint8),
        has_frame=np.tile(np.arange(12)[:, None] % 4 > 0, (1, 4)),
        names=np.array([["Purr", "Bell", "Speech", "A class with a long name"]] * 12),
        shares=np.array([[0.5, 0.3, 0.2, 0.1]] * 12),
    )
    return [
        *("--metrics", folder / "metrics.csv", "--portraits", folder / "portraits.npz"),
        *("--maps", folder / "maps.parquet", "--histories", *sorted(folder.glob("history/*/*.csv"))),
        *("--threads", os.cpu_count()),
        *("--out", *(folder / f"{name}.{suffix}" for name in FIGURES for suffix in ("png", "pdf"))),
    ]


def python(*arguments) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True, cwd=ROOT)


def main() -> None:
    sizes = (1, 4, 16, 64) if common.arguments(__doc__).full else (1, 4, 16)
    with tempfile.TemporaryDirectory() as folder:
        options = {times: make(Path(folder, str(times)), times) for times in sizes}
        rows = [len(pd.read_csv(Path(folder, str(times), "metrics.csv"))) for times in sizes]
        script = ROOT / "scripts" / "figures.py"
        runs = {
            "ours": lambda: python(script, *options[1]),
            "bound": lambda: python("-c", "import matplotlib, pandas"),
        }
        seconds = common.alternately(runs)
        growth = [median(seconds["ours"])]
        for times in sizes[1:]:
            growth.append(
                median(common.alternately({"ours": lambda t=times: python(script, *options[t])}, 3, 0)["ours"])
            )
    common.report(
        "figures",
        common.ratio(seconds["ours"], seconds["bound"]),
        "bound: a Python that only imports matplotlib and pandas",
        ours_seconds=median(seconds["ours"]),
        bound_seconds=median(seconds["bound"]),
        target_seconds=TARGET,
        figures=len(FIGURES),
        growth_rows=rows,
        growth_seconds=[round(value, 3) for value in growth],
        slope=common.slope(rows, growth),
    )


if __name__ == "__main__":
    main()
