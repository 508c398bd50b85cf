"""How well plain log-mel statistics tell whether two windows come from one recording: a number about data alone.

    python tests/benchmarks/measure_recordings.py results/esc10 results/synthetic

For each experiment whose features are made, the area under the ROC curve of a distance between windows: pairs of one
recording (not neighbours in time) against pairs of two recordings, and against pairs of two recordings with the same
classes. 0.5: recordings cannot be told; 1: microphone, room and background give each away. The distance is between
statistics over the 96 frames of a window, standardised over all training windows: the mean of each band, its
deviation, and its lowest decile, which is what lies below the sounds.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from c3.data import manifest
from c3.data.store import Features

PAIRS = 20_000
STATISTICS = {
    "mean": lambda windows: windows.mean(axis=1),
    "deviation": lambda windows: windows.std(axis=1),
    "lowest decile": lambda windows: np.quantile(windows, 0.1, axis=1),
}


def measure(folder: Path) -> pd.DataFrame:
    """Statistic → the two areas, of the training windows of an experiment."""
    features = Features(folder / "features/index.parquet")
    windows = features.window_table()
    rows = np.flatnonzero(windows["split"] == "train")
    segments = manifest.read(folder / "manifest.parquet").set_index("segment_id").loc[windows["segment_id"].iloc[rows]]
    recording, _ = pd.factorize(segments["recording_id"].to_numpy())
    classes, _ = pd.factorize(segments["labels"].map(lambda labels: ",".join(sorted(labels))).to_numpy())
    within, across, same_class = draw(recording, classes, np.random.default_rng(0))
    values = features.grid_windows(rows)
    found = {}
    for name, statistic in STATISTICS.items():
        points = statistic(values)
        points = (points - points.mean(axis=0)) / (points.std(axis=0) + 1e-3)  # a band above the source's rate is flat
        near, far, alike = (-np.linalg.norm(points[a] - points[b], axis=1) for a, b in (within, across, same_class))
        found[name] = [area(near, far), area(near, alike)]
    return pd.DataFrame(found, index=["any other recording", "of the same classes"]).T


def draw(recording: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Pairs of windows, (2, n) each: of one recording, of two, and of two with the same classes."""
    by_recording = pd.Series(range(len(recording))).groupby(recording).indices
    by_classes = pd.Series(range(len(classes))).groupby(classes).indices
    long = [members for members in by_recording.values() if len(members) >= 3]
    within, across, same_class = [], [], []
    for _ in range(PAIRS):
        members = long[rng.integers(len(long))]
        first, second = members[np.sort(rng.choice(len(members), 2, replace=False))]
        if second - first > 1:
            within.append((first, second))
        alike = by_classes[classes[first]]
        for pairs, other in ((across, rng.integers(len(recording))), (same_class, alike[rng.integers(len(alike))])):
            if recording[other] != recording[first]:
                pairs.append((first, other))
    return [np.array(pairs).T for pairs in (within, across, same_class)]


def area(near: np.ndarray, far: np.ndarray) -> float:
    return roc_auc_score(np.r_[np.ones(len(near)), np.zeros(len(far))], np.r_[near, far])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", type=Path, help="results/<experiment>, with features")
    for path in parser.parse_args().results:
        print(f"{path.name}\n{measure(path).round(3).to_string()}")
