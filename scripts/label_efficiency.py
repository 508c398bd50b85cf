"""Evaluate one label strategy: the classifier's mAP against the number of labels asked."""

import logging

from c3.evaluation import inputs, label_efficiency, metrics
from c3.evaluation.shallow_classifier import Bench
from c3.labels.strategies import STRATEGIES, Pool


def numbers(args, settings, data):
    logging.basicConfig(format="%(message)s")
    segments, truth = data.scored(settings.split)
    metrics.check_classes(truth, args.manifest)
    embeddings = data.vectors(args.embeddings)[: len(settings.seeds)]
    tables = data.clusters(args.clusters) or [data.windows] * len(embeddings)
    sources = args.clusters or args.embeddings or [args.index]
    pools = [Pool.of(*each) for each in zip(tables, sources, by_distance(args, embeddings), strict=True)]
    benches = [Bench(vectors, data.windows, segments, truth, data.labels) for vectors in embeddings]
    budgets = args.budgets or [None]
    return label_efficiency.evaluate(
        args.strategy, budgets, pools, benches, data.manifest, settings.classifier, settings.seeds, args.batch
    )


def by_distance(args, embeddings):
    """The embeddings for a strategy that compares them; log-mel features, which are many, are compared by none."""
    return embeddings if args.embeddings else [None] * len(embeddings)


if __name__ == "__main__":
    inputs.run(
        "label_efficiency",
        numbers,
        strategy={"choices": [*STRATEGIES, *label_efficiency.REFERENCES]},
        budgets={"nargs": "*", "type": int, "default": [], "help": "numbers of labels; none for `all`"},
        batch={"type": int, "default": None, "help": "labels asked at once; none: the whole budget"},
        clusters={"nargs": "*", "default": [], "help": "one file per training seed; none: not asked by"},
    )
