"""Vectors that no row learns → a row for each window: read from a file, or joined from an encoder's shards."""

import numpy as np

from c3.cli import replacing, run
from c3.data.reading import read_array
from c3.data.store import Features
from c3.evaluation import foreign


def main(args):
    features = Features(args.index)
    if args.shards:
        parts = [read_array(path) for path in args.shards]
        vectors = np.concatenate([part for part in parts if len(part)])
    else:
        vectors = foreign.read(args.vectors, features.window_table(), features.spec.window_seconds)
    with replacing(args.out) as path:
        np.save(path, vectors)


if __name__ == "__main__":
    run(
        main,
        vectors={"default": None, "help": "table or array of vectors"},
        shards={"nargs": "*", "default": [], "help": "shards of scripts/encode.py, in order"},
        index={"help": "features/index.parquet"},
        out={},
    )
