"""The numbers of all folds of a benchmark in one table, and a page with published numbers beside them."""

import pandas as pd

from c3.cli import replacing, run
from c3.data.sources import benchmark
from c3.report import folds


def main(args):
    form = benchmark.form_of(args.tables[0])
    listed = pd.concat([benchmark.read(path).assign(table=path) for path in args.tables])
    names = [f"fold {fold}" for fold in args.folds] or ["official split"]
    sizes = [(listed["fold"] == fold).sum() for fold in args.folds] or [(listed["table"] == args.tables[-1]).sum()]
    indices = [pd.read_parquet(path)["split"].value_counts() for path in args.indices]
    splits = ("train", "validation", "evaluation")
    clips = pd.DataFrame(
        [
            (name, *(int(index.get(split, 0)) for split in splits), size)
            for name, index, size in zip(names, indices, sizes, strict=True)
        ],
        columns=["fold", *splits, "listed"],
    )
    table = folds.joined([pd.read_csv(path) for path in args.metrics], names)
    with replacing(args.table) as path:
        table.to_csv(path, index=False, float_format="%.6f")
    text = folds.page(args.experiment, form.whose, form.clips, table, clips, pd.read_csv(args.published))
    with replacing(args.page) as path:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(
        main,
        experiment={},
        tables={"nargs": "+", "help": "the tables of the data set"},
        folds={"nargs": "*", "type": int, "help": "the folds that are held out; none: the official split"},
        metrics={"nargs": "+", "help": "metrics.csv of each fold"},
        indices={"nargs": "+", "help": "features/index.parquet of each fold"},
        published={"help": "numbers of others: data, system, metric, value, what, source"},
        table={},
        page={},
    )
