"""Evaluate embeddings by query by example."""

from c3.evaluation import inputs, metrics, per_seed, query_by_example
from c3.progress import progress


def numbers(args, settings, data):
    segments, truth = data.scored(settings.split)
    metrics.check_classes(truth, args.manifest, metrics.PAIR)
    yield from metrics.left_out(truth, data.classes["name"], metrics.PAIR)
    truth = truth[:, metrics.judged(truth, metrics.PAIR)]
    windows_of = data.windows_of(segments)
    seeds = progress(settings.seeds, f"query_by_example {args.model}")
    for seed, vectors in per_seed(seeds, data.vectors(args.embeddings)):
        scores = query_by_example.evaluate(vectors, windows_of, truth, settings.examples, seed, args.threads)
        yield from ({"seed": seed, "metric": metric, "value": value} for metric, value in scores.items())


if __name__ == "__main__":
    threads = {"type": int, "default": 1, "help": "classes ranked side by side where examples is null"}
    inputs.run("query_by_example", numbers, threads=threads)
