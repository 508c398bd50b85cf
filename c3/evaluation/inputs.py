"""What the evaluations read: the windows, the vectors and clusters aligned with them, and the true labels."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from c3 import cli, config, evaluation
from c3.data import manifest as manifests
from c3.data.reading import read_parquet, read_table
from c3.data.store import Features
from c3.errors import C3Error


class LogMel:
    """The baseline as an embedding: each window's own log-mel values, (windows, 6144), read when indexed."""

    def __init__(self, features: Features):
        self._features = features
        self.shape = (int(features.window_counts.sum()), int(np.prod(features.spec.window_shape)))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self._features.grid_windows(rows).reshape(-1, self.shape[1])


class Inputs:
    """An index, a manifest and a table of classes read together.

    ``windows`` is the window table, ``classes`` has the columns label and name.
    """

    def __init__(self, index: str | Path, manifest: str | Path, classes: str | Path):
        self.index_path, self.manifest_path = Path(index), Path(manifest)
        self.features = Features(index)
        self.windows = self.features.window_table()
        self.manifest = manifests.read(manifest)
        self.classes = read_table(classes, ["label", "name"], dtype=str, keep_default_na=False)
        self.labels = self.classes["label"].tolist()

    def scored(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """The segments of ``split`` that have a window, and their truth: bool (segments, classes)."""
        segments = self.windows.loc[self.windows["split"] == split, "segment_id"].unique()
        if not len(segments):
            raise C3Error(f"{self.index_path}: no segment of the split {split}; allowed is at least one.")
        column = {label: number for number, label in enumerate(self.labels)}
        truth = np.zeros((len(segments), len(column)), bool)
        for row, labels in enumerate(self.labels_of(segments)):
            truth[row, [column[label] for label in labels]] = True
        return segments, truth

    def labels_of(self, segments: Sequence[str]) -> list[list[str]]:
        """The true labels of segments: for scoring and judging only."""
        labels = self.manifest.set_index("segment_id")["labels"]
        return labels.loc[segments].tolist()

    def windows_of(self, segments: Sequence[str]) -> list[np.ndarray]:
        """The rows of the window table that belong to each segment."""
        rows_of = self.windows.groupby("segment_id").indices
        return [np.asarray(rows_of[segment]) for segment in segments]

    def vectors(self, paths: Sequence[str | Path]) -> list:
        """The embeddings in ``paths``, memory-mapped; with no path, the log-mel baseline."""
        return [self.features.vectors(path) for path in paths] or [LogMel(self.features)]

    def clusters(self, paths: Sequence[str | Path]) -> list[pd.DataFrame]:
        """The clusters files in ``paths``, as :func:`read_clusters` gives them."""
        return [read_clusters(path, self.windows, self.index_path) for path in paths]


def read_clusters(path: str | Path, windows: pd.DataFrame, index_path: str | Path) -> pd.DataFrame:
    """A clusters file; C3Error unless it lists the windows of the index in their order."""
    table = read_parquet(path, ["segment_id", "split", "window"])
    same = len(table) == len(windows) and all(
        (table[column].to_numpy() == windows[column].to_numpy()).all() for column in ("segment_id", "split", "window")
    )
    if not same:
        raise C3Error(f"{path} lists other windows than {index_path}; allowed are the same in the same order.")
    return table


Numbers = Callable[[argparse.Namespace, config.Evaluation, Inputs], Iterable[dict]]


def run(name: str, numbers: Numbers, **arguments: dict) -> None:
    """The evaluation ``name`` as a script: parse, read what every evaluation reads, write the table of its numbers.

    numbers: takes the options, the part of the section `evaluation` that the script was given, and the inputs;
    returns what :func:`c3.evaluation.results` takes. arguments: further options, as :func:`c3.cli.run` takes them.
    """

    def main(args):
        data = Inputs(args.index, args.manifest, args.classes)
        found = list(numbers(args, config.Evaluation(**args.evaluation), data))
        with cli.replacing(args.out) as out:
            evaluation.results(name, args.model, found).to_csv(out, index=False)

    cli.run(
        main,
        model={"help": "name in the tables"},
        evaluation={"type": cli.section, "help": "JSON of the keys of the section evaluation that matter here"},
        index={"help": "features/index.parquet"},
        manifest={},
        classes={},
        embeddings={"nargs": "*", "default": [], "help": "one file per training seed; none: log-mel features"},
        out={},
        **arguments,
    )
