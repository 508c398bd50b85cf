"""Train one row of the curriculum for one seed, embed all windows, and recognise the classes that it has learnt."""

import json
import os
import shutil

import numpy as np
import pandas as pd

from c3 import config
from c3.cli import import_keras, replacing, run, section
from c3.errors import C3Error

CHUNK = 2048  # windows read at a time


def main(args):
    import_keras()
    from c3.data.reading import read_parquet
    from c3.data.store import Features
    from c3.labels.propagation import propagate
    from c3.models import card, replicas
    from c3.models import network as networks
    from c3.training import curriculum, sampling

    curriculum.set_threads(args.threads)
    features = Features(args.index)
    row, training = config.Row(**args.row), config.Training(**args.training)
    labels = read_parquet(args.labels, ["segment_id", "window", "labels"]) if args.labels else None
    if labels is not None:
        row = row.with_labels(labels["segment_id"].nunique())
    classes = sampling.classes_of(labels) if "classification" in row.losses else []
    if "classification" in row.losses and not classes:
        raise C3Error(
            f"{args.labels} has no label; allowed is at least one: of own recordings, name sheets in folder.sheets."
        )
    stored = features.vectors(args.stored) if args.stored else None
    if row.propagated:
        labels = propagate(labels, features.window_table(), stored)
    checkpoint = curriculum.Checkpoint(args.checkpoint, key=depends_on(args))
    name = f"{args.name} seed {args.seed}"
    with replicas.scope():
        previous = networks.load(args.after, features.spec) if args.after else None
        spec = config.Network(**args.network)
        if not spec.trunk:  # the vectors are as long as they are
            spec = spec.model_copy(update={"embedding": stored.shape[1]})
        embedding = config.Embedding(**args.embedding) if args.embedding else None
        longest = round(float(features.index["seconds"].max()), 3)
        network = curriculum.start(
            spec, features.spec, args.seed, previous, classes, training.precision, embedding, longest
        )
        history = curriculum.train(network, row, training, features, args.seed, checkpoint, labels, name, stored)
    with replacing(args.embeddings) as path:
        if row.frozen:
            shutil.copyfile(args.stored, path)  # the trunks are those of the row before
        else:
            embed(network, features, path)
    with replacing(args.predictions) as path:
        recognised(network, features, features.vectors(args.embeddings)).to_parquet(path, index=False)
    with replacing(args.history) as path:
        history.to_csv(path, index=False, float_format="%.6g")
    before = previous.card if previous else None
    network.card = card.make(args.name, args.seed, row, training, features.index, history, classes, args.about, before)
    with replacing(args.card) as path:
        path.write_text(card.markdown(network.card), encoding="utf-8")
    with replacing(args.out) as path:
        network.save(path)
    checkpoint.remove()


def embed(network, features, path) -> None:
    """Write the embeddings (windows, d) float32 of the window table, in its order."""
    count = int(features.window_counts.sum())
    embeddings = np.lib.format.open_memmap(path, "w+", np.float32, (count, network.spec["embedding"]))
    for first in range(0, count, CHUNK):
        rows = np.arange(first, min(first + CHUNK, count))
        embeddings[rows] = network.embed(features.grid_windows(rows))
    embeddings.flush()


def recognised(network, features, embeddings) -> pd.DataFrame:
    """A row per segment: segment_id, and the probability of each class the network knows, the mean over windows."""
    segments = features.window_table()["segment_id"]
    probabilities = pd.DataFrame(index=segments.index)
    if network.classes:
        probabilities[network.classes] = network.classify(embeddings)
    return probabilities.groupby(segments, sort=False).mean().reset_index()


def depends_on(args) -> str:
    """All that the result depends on: options, and size and date of the inputs."""
    inputs = [
        (path, os.stat(path).st_size, os.stat(path).st_mtime_ns)
        for path in (args.index, args.after, args.labels, args.stored)
        if path
    ]
    return json.dumps([args.row, args.training, args.network, args.seed, inputs], sort_keys=True)


if __name__ == "__main__":
    run(
        main,
        name={},
        row={"type": section},
        training={"type": section},
        network={"type": section},
        about={"type": section, "help": "JSON of what the card says of the data"},
        seed={"type": int},
        threads={"type": int},
        index={},
        after={"default": None},
        labels={"default": None},
        stored={"default": None},
        embedding={"type": section, "default": None, "help": "JSON of whom the stored vectors are by, if by no row"},
        checkpoint={},
        out={},
        card={},
        history={},
        embeddings={},
        predictions={},
    )
