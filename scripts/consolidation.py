"""Evaluate the consolidated network itself: its classifier head, trained on the labels that it has paid for."""

import pandas as pd

from c3.evaluation import inputs, metrics


def numbers(args, settings, data):
    segments, truth = data.scored(settings.split)
    metrics.check_classes(truth, args.manifest)
    for seed, predictions, asked in zip(settings.seeds, args.predictions, args.asked, strict=True):
        recognised = pd.read_parquet(predictions).set_index("segment_id").reindex(segments)
        # a class that no paid label has named is not recognised in any segment
        scores = recognised.reindex(columns=data.labels).fillna(0).to_numpy()
        values = {
            **metrics.classification(truth, scores),
            "labels_asked": float(len(pd.read_csv(asked))),
            "classes_known": float(recognised.shape[1]),
        }
        for metric, value in values.items():
            yield {"strategy": args.strategy, "budget": args.budget, "seed": seed, "metric": metric, "value": value}


if __name__ == "__main__":
    inputs.run(
        "consolidation",
        numbers,
        strategy={},
        budget={"type": int, "default": None},
        predictions={"nargs": "+", "help": "one file per training seed"},
        asked={"nargs": "+", "help": "what was asked, one file per training seed"},
    )
