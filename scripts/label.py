"""Ask the annotator for labels and give them to windows: the weak labels of one row of the curriculum."""

import numpy as np

from c3.annotation import GroundTruth
from c3.cli import replacing, run
from c3.data import manifest
from c3.data.store import Features
from c3.evaluation.inputs import read_clusters, read_vectors
from c3.strategies import STRATEGIES, Pool


def main(args):
    annotator = GroundTruth(manifest.read(args.manifest))
    windows = Features(args.index).window_table()
    table = read_clusters(args.clusters, windows, args.index) if args.clusters else windows
    vectors = read_vectors(args.embeddings, windows, args.index) if args.embeddings else None
    pool = Pool.of(table, args.clusters or args.index, vectors)
    weak = STRATEGIES[args.strategy](pool, args.budget, np.random.default_rng(args.seed), annotator)
    with replacing(args.labels) as labels, replacing(args.asked) as asked:
        weak.to_parquet(labels, index=False)
        annotator.receipt().to_csv(asked, index=False)


if __name__ == "__main__":
    run(
        main,
        manifest={},
        index={"help": "features/index.parquet"},
        clusters={"default": None, "help": "clusters file, for the strategies that ask by cluster"},
        embeddings={"default": None, "help": "embeddings, for the strategies that ask by distance"},
        strategy={"choices": list(STRATEGIES)},
        budget={"type": int, "default": None, "help": "labels to ask for; the strategy all has none"},
        seed={"type": int},
        labels={"help": "weak labels of windows, parquet"},
        asked={"help": "what was asked, in order, CSV"},
    )
