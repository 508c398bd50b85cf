"""Evaluate one label strategy: the classifier's mAP against the number of labels asked."""

import logging

from c3.cli import replacing, run, section
from c3.config import Evaluation
from c3.evaluation import label_efficiency, metrics, results
from c3.evaluation.inputs import Inputs
from c3.evaluation.shallow_classifier import Bench
from c3.labels.strategies import STRATEGIES, Pool


def main(args):
    logging.basicConfig(format="%(message)s")
    settings = Evaluation(**args.evaluation)
    inputs = Inputs(args.index, args.manifest, args.classes)
    segments, truth = inputs.scored(settings.split)
    metrics.check_classes(truth, inputs.classes["name"], args.manifest)
    networks = zip(args.clusters, inputs.clusters(args.clusters), inputs.vectors(args.embeddings), strict=True)
    pools, benches = [], []
    for path, table, vectors in list(networks)[: len(settings.seeds)]:
        pools.append(Pool.of(table, path, vectors))
        benches.append(Bench(vectors, inputs.windows, segments, truth, inputs.labels))
    numbers = label_efficiency.evaluate(
        args.strategy,
        args.budgets or [None],
        pools,
        benches,
        inputs.manifest,
        settings.classifier,
        settings.seeds,
    )
    with replacing(args.out) as out:
        results("label_efficiency", args.model, numbers).to_csv(out, index=False)


if __name__ == "__main__":
    run(
        main,
        model={"help": "name in the tables"},
        strategy={"choices": list(STRATEGIES)},
        budgets={"nargs": "*", "type": int, "default": [], "help": "numbers of labels; none for `all`"},
        index={"help": "features/index.parquet"},
        embeddings={"nargs": "+", "help": "one file per training seed"},
        clusters={"nargs": "+", "help": "one file per training seed"},
        manifest={},
        classes={},
        evaluation={"type": section, "help": "JSON of split, seeds, classifier"},
        out={},
    )
