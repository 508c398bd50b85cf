"""Draw all figures as PNG and PDF."""

from pathlib import Path

import numpy as np
import pandas as pd

from c3 import figures
from c3.cli import replacing, run


def main(args):
    metrics = pd.read_csv(args.metrics, dtype={"budget": "Int64", "seed": "Int64"})
    histories = {(Path(path).parent.name, Path(path).stem): pd.read_csv(path) for path in args.histories}
    with np.load(args.portraits) as portraits:
        drawn = {
            "query_by_example": figures.query_by_example(metrics),
            "shallow_classifier": figures.shallow_classifier(metrics),
            "label_efficiency": figures.label_efficiency(metrics),
            "clustering": figures.clustering(metrics),
            "training_curves": figures.training_curves(histories),
            "cluster_portrait": figures.cluster_portrait(dict(portraits)),
        }
    for path in map(Path, args.out):
        with replacing(path) as out:
            figures.save(drawn[path.stem], out)


if __name__ == "__main__":
    run(
        main,
        metrics={},
        histories={"nargs": "+", "help": "history/<model>/<seed>.csv"},
        portraits={},
        out={"nargs": "+", "help": "files to draw: <figure>.png or <figure>.pdf"},
    )
