"""What to expect of a classifier, from the labels alone that were paid for: one page of text for people."""

import numpy as np
import pandas as pd

from c3.cli import replacing, run
from c3.data.store import Features
from c3.evaluation import expectations
from c3.labels.strategies import Pool


def main(args):
    features = Features(args.index)
    windows = features.window_table()
    labels = pd.read_parquet(args.labels).groupby("segment_id", sort=True)["labels"].first()
    vectors = features.vectors(args.embeddings)
    segments, unit = Pool.of(windows, args.index, vectors, windows["segment_id"].isin(labels.index)).unit_segments()
    said = [tuple(labels[segment]) for segment in segments]
    with replacing(args.out) as path:
        path.write_text(text(args.name, expectations.table(unit, said), len(said)), encoding="utf-8")


def text(name, table, labels):
    """The page in Markdown: how many kinds of sound are still to be found, and how well each is told apart."""
    counts = table["segments"].tolist()
    found = expectations.rarefaction(counts, labels)
    half = max(labels // 2, 1)
    lines = [
        f"# What to expect of {name}, from its {labels} labels",
        "",
        f"- {len(counts)} kinds of sound were found in {labels} labels; in {half} of them {found[half - 1]:.1f} are"
        " to be expected.",
        "- The next label shows a new kind with a chance of about"
        f" {100 * expectations.chance_of_a_new_class(counts, labels):.0f} %.",
        "",
        "| kind of sound | labelled segments | average precision (95 % interval) | by guessing | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        known = (
            "" if np.isnan(row.average_precision) else f"{row.average_precision:.2f} ({row.low:.2f} to {row.high:.2f})"
        )
        lines.append(f"| {row[1]} | {row.segments} | {known or 'not known'} | {row.share:.2f} | {row.note} |")
    lines += [
        "",
        "Average precision: how far the segments with this sound stand before those without, 1 at best. Each labelled"
        " segment was judged by a classifier that had not seen its label (cross-validation, logistic regression on the"
        " frozen embedding). The labelled segments were chosen for being unlike each other, so that over all recordings"
        " the numbers can be higher or lower; what is confirmed on the review page says more.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    run(
        main,
        name={"help": "the row that the labels are for"},
        labels={"help": "weak labels of windows, parquet"},
        embeddings={"help": "the embedding that the labels were asked by"},
        index={"help": "features/index.parquet"},
        out={"help": "Markdown"},
    )
