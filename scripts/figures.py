"""Draw figures as PNG and PDF: those that are asked for, from what is given."""

import json
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd

from c3.cli import replacing, run
from c3.report import figures


def main(args):
    paths = {}
    for path in map(Path, args.out):
        paths.setdefault(path.stem, []).append(path)
    with ProcessPoolExecutor(args.threads) as pool:
        list(pool.map(draw, paths, paths.values(), repeat(args)))


def draw(name, paths, args):
    """One figure, in each of its formats."""
    metrics = pd.read_csv(args.metrics, dtype={"budget": "Int64", "seed": "Int64"})
    figure = getattr(figures, name)(*content(name, metrics, args))
    for path in paths:
        with replacing(path) as out:
            figures.save(figure, out)


def content(name, metrics, args):
    """What the function of a figure takes."""
    if name == "training_curves":
        return ({(Path(path).parent.name, Path(path).stem): pd.read_csv(path) for path in args.histories},)
    if name == "cluster_portrait":
        with np.load(args.portraits) as portraits:
            return (dict(portraits),)
    if name == "embedding_map":
        return (pd.read_parquet(args.maps),)
    return (metrics, args.sweeps) if name == "sweeps" else (metrics,)


if __name__ == "__main__":
    run(
        main,
        metrics={},
        histories={"nargs": "*", "default": [], "help": "history/<model>/<seed>.csv"},
        portraits={"default": None},
        maps={"default": None},
        sweeps={"type": json.loads, "default": {}, "help": "JSON: sweep → model, key, rows"},
        threads={"type": int, "default": 1, "help": "figures drawn at a time"},
        out={"nargs": "+", "help": "files to draw: <figure>.png or <figure>.pdf"},
    )
