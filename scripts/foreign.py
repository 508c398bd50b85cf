"""Align an embedding made elsewhere with the windows, so that it stands in the comparison."""

import numpy as np

from c3.cli import replacing, run
from c3.data.store import Features
from c3.evaluation import foreign


def main(args):
    features = Features(args.index)
    vectors = foreign.read(args.vectors, features.window_table(), features.spec.window_seconds)
    with replacing(args.out) as path:
        np.save(path, vectors)


if __name__ == "__main__":
    run(main, vectors={"help": "table or array of vectors"}, index={"help": "features/index.parquet"}, out={})
