"""A made-up experiment whose recordings are tones, so that a test hears what a clip holds."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from c3 import config
from c3.data import accounts, features, manifest, store
from c3.data.store import Extract
from c3.evaluation import COLUMNS

ROOT = Path(__file__).parents[2]
WINDOW, WINDOWS, RATE = 0.96, 4, 16_000
MEDIA_START = 0.5  # s: where the segments begin in their files
NAMES = {"/m/a": "Ape", "/m/b": 'Bee <b class="x">', "/m/c": "Cat & mouse"}


def tone(segment: int, window: int) -> float:
    """Frequency (Hz) that a window of a segment consists of; no two windows of a segment share one."""
    return 400.0 + 300 * window + 20 * segment


def metrics() -> pd.DataFrame:
    rows = []
    for model, precision in (("log_mel", 0.2), ("topline", 0.6), ("stage3", 0.45)):
        for seed in (0, 1):
            for evaluation in ("query_by_example", "shallow_classifier"):
                rows.append((model, evaluation, None, None, seed, "mAP", precision + 0.02 * seed))
            rows += [(model, "query_by_example", None, None, seed, "chance", 0.111)]
            rows += [(model, "shallow_classifier", None, None, seed, "d_prime", 1.0)]
            if model == "stage3":
                rows.append((model, "query_by_example", None, None, seed, "gap_recovered", 0.6 + 0.05 * seed))
                for kind in ("cluster", "kmeans"):
                    judged = {"purity": 0.5, "nmi": 0.25, "active_clusters": 3, "largest_cluster_share": 0.4}
                    rows += [(model, "clustering", kind, None, seed, *item) for item in judged.items()]
                common = (model, "label_efficiency")
                rows += [(*common, "all", None, seed, "mAP", 0.47), (*common, "all", None, seed, "labels_asked", 9)]
                for strategy, better in (("random", 0.0), ("cluster", 0.1)):
                    for budget in (2, 4):
                        rows.append((*common, strategy, budget, seed, "mAP", 0.1 + better + budget / 20))
                        rows.append((*common, strategy, budget, seed, "labels_asked", budget))
    rows.append(("stage3", "label_efficiency", "cluster", None, None, "label_reduction_median", 2.25))
    rows.append(("stage3", "label_efficiency", "cluster", None, None, "label_reduction_best", 3.5))
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"budget": "Int64", "seed": "Int64"})
    table.insert(0, "experiment", "toy")
    return table


def write_recordings(folder):
    """Nine recordings of four windows with a tone each, and their manifest, features, classes and clusters."""
    spec, rows, extracts = config.Features(frame_pixels=8), [], []
    (folder / "media").mkdir(parents=True)
    for number in range(9):
        time = np.arange(round(WINDOW * RATE)) / RATE
        sound = [0.1 * np.sin(2 * np.pi * tone(number, window) * time) for window in range(WINDOWS)]
        sound = np.concatenate([np.zeros(round(MEDIA_START * RATE)), *sound, np.zeros(RATE // 20)])
        path = folder / "media" / f"{number}.wav"
        soundfile.write(path, sound, RATE)
        label = list(NAMES)[number % 3]
        end = MEDIA_START + WINDOWS * WINDOW + 0.05
        rows.append((f"s{number}", f"r{number}", str(path), None, MEDIA_START, end, MEDIA_START, [label], "train"))
        log_mel = features.log_mel(sound[round(MEDIA_START * RATE) :].astype(np.float32), spec)
        frames = np.full((2 * (number % 2), 8, 8, 3), 20 * number, np.uint8)
        extracts.append(Extract(log_mel, frames, np.arange(len(frames), dtype=np.float32), end - MEDIA_START))
    table = pd.DataFrame(rows, columns=manifest.COLUMNS)
    manifest.write(table, folder / "manifest.parquet")
    files = [(path, accounts.MANIFEST, "", np.nan, accounts.version(path), "") for path in table["audio_path"]]
    pd.DataFrame(files, columns=accounts.FILE_COLUMNS).to_csv(folder / "files.csv", index=False)
    (folder / "features").mkdir()
    places = [folder / "features" / f"shard-000{suffix}" for suffix in (".npy", ".frames.npy")]
    index = store.write_shard(zip(table.itertuples(), extracts, strict=True), spec, 0, *places)
    store.write_index(index, spec, folder / "features" / "index.parquet")
    pd.DataFrame(NAMES.items(), columns=["label", "name"]).to_csv(folder / "classes.csv", index=False)
    windows = store.window_table(index)
    segment = windows["segment_id"].str[1:].astype(int)
    # of recording n, the network is surest of window n mod 4: at the start, in the middle and at the end
    surest = np.where(windows["window"] == segment % WINDOWS, 0.9 - segment / 100, 0.5).astype(np.float32)
    windows.assign(cluster=(segment % 3).astype(np.int32), confidence=surest).to_parquet(folder / "clusters.parquet")
    rng = np.random.default_rng(0)
    classes = [*NAMES.values(), ""] * 5
    maps = [
        pd.DataFrame(
            {"model": model, "segment_id": range(20), "class": classes, "x": rng.random(20), "y": rng.random(20)}
        )
        for model in ("log_mel", "stage3")
    ]
    pd.concat(maps).to_parquet(folder / "maps.parquet")
    pd.DataFrame({"step": [10, 20], "loss": [2.0, 1.0]}).to_csv(folder / "0.csv", index=False)
    metrics().to_csv(folder / "metrics.csv", index=False)


def script(name, *arguments):
    command = [sys.executable, ROOT / "scripts" / f"{name}.py", *arguments]
    subprocess.run(list(map(str, command)), check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
