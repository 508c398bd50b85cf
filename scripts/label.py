"""Ask for labels and give them to windows: the weak labels of one row. Those of filled-in sheets take their place."""

import numpy as np

from c3.cli import replacing, run
from c3.data import manifest
from c3.data.store import Features
from c3.evaluation.inputs import read_clusters, read_vectors
from c3.labels import annotation, sheets
from c3.labels.strategies import STRATEGIES, Pool


def main(args):
    windows = Features(args.index).window_table()
    weak, receipt = asked(args, windows)
    if args.sheets:
        answers = sheets.read_sheets(args.sheets, manifest.read(args.manifest))
        weak = sheets.answered(answers.labels, windows)
    with replacing(args.labels) as labels, replacing(args.asked) as path:
        weak.to_parquet(labels, index=False)
        receipt.to_csv(path, index=False)


def asked(args, windows):
    """The weak labels that a strategy gets from the annotator, and the receipt."""
    annotator = annotation.GroundTruth(manifest.read(args.manifest))
    table = read_clusters(args.clusters, windows, args.index) if args.clusters else windows
    vectors = read_vectors(args.embeddings, windows, args.index) if args.embeddings else None
    pool = Pool.of(table, args.clusters or args.index, vectors)
    weak = STRATEGIES[args.strategy](pool, args.budget, np.random.default_rng(args.seed), annotator)
    return weak, annotator.receipt()


if __name__ == "__main__":
    run(
        main,
        sheets={"nargs": "+", "default": [], "help": "filled-in sheets and the like, whose labels are used"},
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
