"""A made-up experiment: log-mel values give three classes away; recordings differ in length."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from c3 import config
from c3.data import manifest, store
from c3.data.store import Extract

CLASSES = ["/m/a", "/m/b", "/m/c"]


def write_experiment(folder, segments=60, seed=0):
    """Manifest, classes, one shard, embeddings, clusters and a history under ``folder``."""
    rng = np.random.default_rng(seed)
    features = config.Features(frame_pixels=8)
    rows, extracts = [], []
    for number in range(segments):
        split = "train" if number < segments // 2 else "evaluation"
        labels = [CLASSES[number % 3]] + ([CLASSES[(number + 1) % 3]] if number % 5 == 0 else [])
        recording = f"rec{number:04d}"
        rows.append((f"{recording}_0", recording, "a.wav", "a.mp4", 0.0, 5.0, 0.0, labels, split))
        length = int(rng.integers(2, 5)) * 96 + int(rng.integers(0, 96))
        patch = rng.normal(size=(length, features.mel_bands)).astype(np.float32)
        for label in labels:
            patch[:, CLASSES.index(label) * 10 : CLASSES.index(label) * 10 + 10] += 2
        frames = rng.integers(0, 255, (3 if number % 4 else 0, 8, 8, 3), dtype=np.uint8)
        times = np.arange(len(frames), dtype=np.float32)
        extracts.append(Extract(patch, frames, times, length / 100))
    columns = [name for name in manifest.COLUMNS]
    table = pd.DataFrame(rows, columns=columns)
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(table, folder / "manifest.parquet")
    pd.DataFrame({"label": CLASSES, "name": ["Ape", "Bee", "Cat"]}).to_csv(folder / "classes.csv", index=False)
    (folder / "features").mkdir(exist_ok=True)
    index = store.write_shard(
        zip(table.itertuples(), extracts, strict=True),
        features,
        0,
        folder / "features" / "shard-000.npy",
        folder / "features" / "shard-000.frames.npy",
    )
    store.write_index(index, features, folder / "features" / "index.parquet")
    opened = store.Features(folder / "features" / "index.parquet")
    windows = opened.window_table()
    log_mel = opened.grid_windows().reshape(len(windows), -1)
    for number in range(2):
        projection = np.random.default_rng(number).normal(size=(log_mel.shape[1], 16)) / 40
        embedding = (log_mel @ projection).astype(np.float32)
        path = folder / "embeddings" / f"{number}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, embedding)
        loudest = log_mel.reshape(-1, 96, 64).mean(axis=1)[:, :30].reshape(-1, 3, 10).mean(axis=2).argmax(axis=1)
        noise = np.random.default_rng(number).integers(0, 3, len(windows))
        path = folder / "clusters" / f"{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        clusters = windows.assign(
            cluster=(loudest * 3 + noise).astype(np.int32),
            confidence=np.random.default_rng(number).random(len(windows)).astype(np.float32),
        )
        clusters.to_parquet(path, index=False)
    return folder


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    folder = write_experiment(tmp_path_factory.mktemp("experiment"))
    return SimpleNamespace(
        folder=folder,
        index=folder / "features" / "index.parquet",
        manifest=folder / "manifest.parquet",
        classes=folder / "classes.csv",
        embeddings=[folder / "embeddings" / f"{number}.npy" for number in range(2)],
        clusters=[folder / "clusters" / f"{number}.parquet" for number in range(2)],
    )
