"""Evaluate embeddings by query by example."""

from c3.cli import replacing, run, section
from c3.config import Evaluation
from c3.evaluation import per_seed, query_by_example, results
from c3.evaluation.inputs import Inputs
from c3.progress import progress


def main(args):
    settings = Evaluation(**args.evaluation)
    inputs = Inputs(args.index, args.manifest, args.classes)
    segments, truth = inputs.scored(settings.split)
    query_by_example.check(truth, inputs.classes["name"], args.manifest)
    windows_of = inputs.windows_of(segments)
    numbers = []
    seeds = progress(settings.seeds, f"query_by_example {args.model}")
    for seed, vectors in per_seed(seeds, inputs.vectors(args.embeddings)):
        scores = query_by_example.evaluate(vectors, windows_of, truth, settings.examples, seed, args.threads)
        numbers += [{"seed": seed, "metric": metric, "value": value} for metric, value in scores.items()]
    with replacing(args.out) as out:
        results("query_by_example", args.model, numbers).to_csv(out, index=False)


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
        threads={"type": int, "default": 1, "help": "classes ranked side by side where examples is null"},
        evaluation={"type": section, "help": "JSON of split, seeds, examples"},
        out={},
    )
