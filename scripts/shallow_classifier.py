"""Evaluate embeddings by a shallow classifier trained on all labels."""

from c3.cli import replacing, run, section
from c3.config import Evaluation
from c3.evaluation import metrics, per_seed, results
from c3.evaluation.inputs import Inputs
from c3.evaluation.shallow_classifier import Bench
from c3.labels.annotation import GroundTruth
from c3.labels.strategies import STRATEGIES, Pool
from c3.progress import progress


def main(args):
    settings = Evaluation(**args.evaluation)
    inputs = Inputs(args.index, args.manifest, args.classes)
    segments, truth = inputs.scored(settings.split)
    metrics.check_classes(truth, inputs.classes["name"], args.manifest)
    pool = Pool.of(inputs.windows, args.index)
    labels = STRATEGIES["all"](pool, None, None, GroundTruth(inputs.manifest))
    benches = [
        Bench(vectors, inputs.windows, segments, truth, inputs.labels)
        for vectors in inputs.vectors(args.embeddings)[: len(settings.seeds)]
    ]
    numbers = []
    for seed, bench in per_seed(progress(settings.seeds, f"shallow_classifier {args.model}"), benches):
        scores = bench.score(labels, settings.classifier, seed)
        numbers += [{"seed": seed, "metric": metric, "value": value} for metric, value in scores.items()]
    with replacing(args.out) as out:
        results("shallow_classifier", args.model, numbers).to_csv(out, index=False)


if __name__ == "__main__":
    run(
        main,
        model={"help": "name in the tables"},
        index={"help": "features/index.parquet"},
        embeddings={
            "nargs": "*",
            "default": [],
            "help": "one file per training seed; none: log-mel features",
        },
        manifest={},
        classes={},
        evaluation={"type": section, "help": "JSON of split, seeds, classifier"},
        out={},
    )
