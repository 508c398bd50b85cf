"""Sheets that a person has filled in → the weak labels of windows, as `label` makes them of the ground truth."""

import pandas as pd

from c3 import annotation
from c3.cli import replacing, run
from c3.data.store import Features


def main(args):
    answers = annotation.read_sheets(args.sheets)
    weak = annotation.answered(answers, Features(args.index).window_table())
    receipt = pd.DataFrame(
        [(number, segment, " | ".join(labels)) for number, (segment, labels) in enumerate(answers.items(), start=1)],
        columns=["order", "segment_id", "labels"],
    )
    with replacing(args.labels) as labels, replacing(args.asked) as asked:
        weak.to_parquet(labels, index=False)
        receipt.to_csv(asked, index=False)


if __name__ == "__main__":
    run(
        main,
        sheets={"nargs": "+"},
        index={"help": "features/index.parquet"},
        labels={"help": "weak labels of windows, parquet"},
        asked={"help": "what was answered, CSV"},
    )
