"""Evaluate embeddings by a shallow classifier trained on all labels."""

from c3.evaluation import inputs, metrics, per_seed
from c3.evaluation.shallow_classifier import Bench
from c3.labels.annotation import GroundTruth
from c3.labels.strategies import STRATEGIES, Pool
from c3.progress import progress


def numbers(args, settings, data):
    segments, truth = data.scored(settings.split)
    metrics.check_classes(truth, args.manifest)
    yield from metrics.left_out(truth, data.classes["name"])
    pool = Pool.of(data.windows, args.index)
    labels = STRATEGIES["all"](pool, None, None, GroundTruth(data.manifest))
    benches = [
        Bench(vectors, data.windows, segments, truth, data.labels)
        for vectors in data.vectors(args.embeddings)[: len(settings.seeds)]
    ]
    for seed, bench in per_seed(progress(settings.seeds, f"shallow_classifier {args.model}"), benches):
        scores = bench.score(labels, settings.classifier, seed)
        yield from ({"seed": seed, "metric": metric, "value": value} for metric, value in scores.items())


if __name__ == "__main__":
    inputs.run("shallow_classifier", numbers)
