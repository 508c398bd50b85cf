"""Evaluate the consolidated network itself: its classifier head, trained on the labels that it has paid for."""

import pandas as pd

from c3.cli import replacing, run
from c3.evaluation import metrics, results
from c3.evaluation.inputs import Inputs


def main(args):
    inputs = Inputs(args.index, args.manifest, args.classes)
    segments, truth = inputs.scored(args.split)
    metrics.check_classes(truth, inputs.classes["name"], args.manifest)
    numbers = []
    for seed, predictions, asked in zip(args.seeds, args.predictions, args.asked, strict=True):
        recognised = pd.read_parquet(predictions).set_index("segment_id").reindex(segments)
        # a class that no paid label has named is not recognised in any segment
        scores = recognised.reindex(columns=inputs.labels).fillna(0).to_numpy()
        values = {
            **metrics.classification(truth, scores),
            "labels_asked": float(len(pd.read_csv(asked))),
            "classes_known": float(recognised.shape[1]),
        }
        numbers += [
            {"strategy": args.strategy, "budget": args.budget, "seed": seed, "metric": metric, "value": value}
            for metric, value in values.items()
        ]
    with replacing(args.out) as out:
        results("consolidation", args.model, numbers).to_csv(out, index=False)


if __name__ == "__main__":
    run(
        main,
        model={"help": "name in the tables"},
        strategy={},
        budget={"type": int, "default": None},
        index={"help": "features/index.parquet"},
        predictions={"nargs": "+", "help": "one file per training seed"},
        asked={"nargs": "+", "help": "what was asked, one file per training seed"},
        seeds={"nargs": "+", "type": int, "help": "the training seeds, in the order of the predictions"},
        split={},
        manifest={},
        classes={},
        out={},
    )
