"""A million clusters end to end: ``scripts/train.py`` learns a cluster head on stored embeddings, as stage3_million.

The embeddings are made up: sources of log-normal frequency, each a point with noise around it. The ratio is the
V-measure of clusters and sources, 1 where each source is one cluster. With --full a million clusters of 1.2 million
windows, 32,768 a step, which wants a GPU (``KERAS_BACKEND`` chooses what computes); else a 32nd of all sizes.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from common import arguments, report
from sklearn.metrics import homogeneity_completeness_v_measure

from c3 import config
from c3.cli import import_keras
from c3.data import store

DIMENSIONS, WINDOWS_EACH = 128, 10
RATE, STEPS = 0.003, 300


def write_features(folder: Path, windows: int) -> Path:
    """An index of so many windows, all segments with the same rows: a frozen row reads only how many there are."""
    spec, rng = config.Features(), np.random.default_rng(0)
    rows = rng.normal(size=(WINDOWS_EACH * spec.window_rows, spec.mel_bands)).astype(np.float32)
    frames = rng.integers(0, 256, (1, *spec.frame_shape), dtype=np.uint8)
    extract = store.Extract(rows, frames, np.array([0.5], np.float32), 10.0)
    segment = SimpleNamespace(segment_id="", recording_id="", split="train")
    index = store.write_shard([(segment, extract)], spec, 0, folder / "shard-000.npy", folder / "shard-000.frames.npy")
    index = index.loc[index.index.repeat(windows // WINDOWS_EACH)]
    names = [f"{number:06d}" for number in range(len(index))]
    split = ["validation"] * 100 + ["train"] * (len(index) - 100)
    index = index.assign(segment_id=names, recording_id=names, split=split)
    store.write_index(index, spec, folder / "index.parquet")
    return folder / "index.parquet"


def made_up(windows: int, sources: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (windows, d) and the source of each."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((sources, DIMENSIONS), np.float32)
    shares = rng.lognormal(size=sources)
    source = rng.choice(sources, windows, p=shares / shares.sum())
    embeddings = centres[source]
    embeddings += 0.7 * rng.standard_normal((windows, DIMENSIONS), np.float32)
    return embeddings, source


def train(folder: Path, index: Path, clusters: int, batch: int) -> float:
    """Seconds that ``scripts/train.py`` takes for all steps, its start and what it writes included."""
    row = {"after": "stage3_plus", "frozen": True, "losses": {"clustering": 1.0}}
    training = {"batch": batch, "steps": STEPS, "learning_rate": RATE, "evaluate_every": STEPS // 2}
    options = {
        "name": "stage3_million",
        "row": json.dumps(config.Row(**row).model_dump()),
        "training": json.dumps(config.Training(**training).model_dump()),
        "network": json.dumps(config.Network(clusters=clusters).model_dump()),
        "seed": 0,
        "threads": 2,
        "index": index,
        "stored": folder / "embeddings.npy",
        "checkpoint": folder / "checkpoint",
        "out": folder / "network.keras",
        "history": folder / "history.csv",
        "about": "{}",
        "card": folder / "network.md",
        "embeddings": folder / "copied.npy",
    }
    script = Path(__file__).parents[2] / "scripts" / "train.py"
    command = [sys.executable, script, *(str(part) for name, value in options.items() for part in (f"--{name}", value))]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def clusters_of(path: Path, embeddings: np.ndarray, rows: int) -> np.ndarray:
    """The most probable cluster of each embedding, on the device of the backend."""
    from keras import ops

    from c3.models import network as networks

    head = networks.load(path, config.Features()).cluster_head
    blocks = (embeddings[first : first + rows] for first in range(0, len(embeddings), rows))
    return np.concatenate([ops.convert_to_numpy(ops.argmax(head(block), axis=1)) for block in blocks])


def main(full: bool) -> None:
    part = 1 if full else 32
    windows, sources, clusters, batch = 1_200_000 // part, 50_000 // part, 1_000_000 // part, 32_768 // part
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        embeddings, source = made_up(windows // WINDOWS_EACH * WINDOWS_EACH, sources)
        np.save(folder / "embeddings.npy", embeddings)
        seconds = train(folder, write_features(folder, windows), clusters, batch)
        print((folder / "history.csv").read_text(), file=sys.stderr)
        import_keras()
        found = clusters_of(folder / "network.keras", embeddings, 2**30 // clusters)
    homogeneity, completeness, v = homogeneity_completeness_v_measure(source, found)
    report(
        "million",
        v,
        "clusters that are the sources",
        clusters=clusters,
        active_clusters=len(np.unique(found)),
        sources=len(np.unique(source)),
        homogeneity=homogeneity,
        completeness=completeness,
        seconds=seconds,
        seconds_per_step=seconds / STEPS,
    )


if __name__ == "__main__":
    main(arguments(__doc__).full)
