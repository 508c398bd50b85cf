"""Embed all windows, of every split, with a trained network."""

import numpy as np

from c3.cli import import_keras, replacing, run

CHUNK = 2048  # windows read at a time


def main(args):
    import_keras()
    from tqdm import tqdm

    from c3 import curriculum
    from c3.data.store import Features
    from c3.models import network as networks

    curriculum.set_threads(args.threads)
    features = Features(args.index)
    network = networks.load(args.model, features.spec)
    count = int(features.window_counts.sum())
    with replacing(args.out) as path:
        embeddings = np.lib.format.open_memmap(path, "w+", np.float32, (count, network.spec["embedding"]))
        for first in tqdm(range(0, count, CHUNK), desc=f"embed {args.model}", mininterval=5):
            rows = np.arange(first, min(first + CHUNK, count))
            embeddings[rows] = network.embed(features.grid_windows(rows))
        embeddings.flush()


if __name__ == "__main__":
    run(main, model={}, index={}, threads={"type": int}, out={})
