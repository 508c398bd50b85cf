"""Which windows and frames make a batch: B pairs from B different recordings.

Every batch is a function of (seed, step) alone, so that an interrupted training goes on with the same batches.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from c3.config import PAIRS, UNSUPERVISED
from c3.data.store import Features
from c3.errors import C3Error
from c3.training.augmentation import augment


def classes_of(labels: pd.DataFrame) -> list[str]:
    """All labels in a table of weak labels, each once, sorted: the order of the targets' columns."""
    return sorted(set(labels["labels"].explode().dropna()))


def targets_of(labels: pd.DataFrame) -> np.ndarray:
    """A table of weak labels as (rows, classes) float32: 1 where a row carries it; columns: :func:`classes_of`."""
    classes = classes_of(labels)
    column_of = {label: column for column, label in enumerate(classes)}
    targets = np.zeros((len(labels), len(classes)), np.float32)
    for row, carried in enumerate(labels["labels"]):
        targets[row, [column_of[label] for label in carried]] = 1.0
    return targets


class LabelledRows:
    """Draws rows of a table of weak labels, each as often as its ``weight`` says, if there is such a column."""

    def __init__(self, labels: pd.DataFrame):
        self._count = len(labels)
        self._upper = labels["weight"].to_numpy().cumsum() if "weight" in labels else None

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """``count`` positions in the table, int64."""
        if self._upper is None:
            return rng.integers(self._count, size=count)
        return np.searchsorted(self._upper, rng.random(count) * self._upper[-1], side="right")


def uniform(rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """One integer from each closed interval [low, high]; int64, the shape of ``low``."""
    return rng.integers(low, np.maximum(low, high) + 1)


def coincident_windows(rng, first_rows, last_row, window_rows, reach):
    """A second window within ``reach`` rows of each first one, and apart from it where the segment has room.

    Windows that overlap would give the pair away by their common samples.

    Args:
        first_rows: (B,) row at which each first window begins.
        last_row: (B,) last row at which a window of the segment may begin.
        window_rows: rows in a window.
        reach: ΔT in rows.

    Returns:
        (B,) row at which each second window begins.
    """
    low = np.maximum(first_rows - reach, 0)
    high = np.minimum(first_rows + reach, last_row)
    before = np.maximum(first_rows - window_rows - low + 1, 0)
    after = np.maximum(high - (first_rows + window_rows) + 1, 0)
    apart = before + after
    pick = uniform(rng, np.zeros_like(apart), apart - 1)
    separate = np.where(pick < before, low + pick, first_rows + window_rows + pick - before)
    return np.where(apart > 0, separate, uniform(rng, low, high))


def windows_near_frames(rng, frame_rows, last_row, window_rows, reach):
    """A window at most ``reach`` rows away from each frame; ``reach`` 0 means that they overlap.

    Args:
        frame_rows: (B,) time of each frame in rows.
        last_row, window_rows, reach: as in :func:`coincident_windows`.

    Returns:
        (B,) row at which each window begins.
    """
    low = np.clip(np.ceil(frame_rows - window_rows - reach), 0, last_row).astype(np.int64)
    high = np.clip(np.floor(frame_rows + reach), 0, last_row).astype(np.int64)
    return uniform(rng, low, high)


@dataclass
class StoredSampler:
    """Draws batches of stored embeddings, for a row that trains only the cluster head.

    Args:
        features: the stored features; windows of the split ``train`` are drawn.
        embeddings: (windows, d) of all windows of the grid, in its order.
        batch: B, windows in a batch, each once; all of them where there are fewer.
        seed: seed of all draws.
        labels: weak labels of windows (segment_id, window, labels; weight), for the classification loss.
    """

    features: Features
    embeddings: np.ndarray
    batch: int
    seed: int
    labels: pd.DataFrame | None = None

    def __post_init__(self):
        of_training = self.features.index["split"] == "train"
        self.windows = np.flatnonzero(np.repeat(of_training, self.features.window_counts))
        if self.labels is not None:
            self.targets, self.among_labels = targets_of(self.labels), LabelledRows(self.labels)
            places = pd.MultiIndex.from_frame(self.features.window_table()[["segment_id", "window"]])
            self.labelled = places.get_indexer(pd.MultiIndex.from_frame(self.labels[["segment_id", "window"]]))

    def draw(self, step: int) -> dict[str, np.ndarray]:
        """The batch of ``step``: ``stored`` (B, d); with labels ``stored_labelled`` (B, d) and ``targets`` too."""
        rng = np.random.default_rng([self.seed, step])
        size = min(self.batch, len(self.windows))
        chosen = rng.choice(self.windows, size, replace=False)
        batch = {"stored": np.asarray(self.embeddings[np.sort(chosen)], np.float32)}
        if self.labels is not None:
            drawn = self.among_labels.draw(rng, size)
            batch["stored_labelled"] = np.asarray(self.embeddings[self.labelled[drawn]], np.float32)
            batch["targets"] = self.targets[drawn]
        return batch


@dataclass
class Sampler:
    """Draws the batches of one row of the curriculum.

    Args:
        features: the stored features.
        split: the split to draw from.
        losses: names of the losses; they decide whether second windows, frames and labelled windows are drawn.
        delta_t: ΔT in seconds.
        batch: B.
        seed: seed of all draws.
        augmentation: whether windows are changed by :func:`c3.training.augmentation.augment`.
        labels: weak labels of windows (segment_id, window, labels; weight), for the losses of windows with labels.

    Raises:
        C3Error: fewer than B recordings (with pictures, if the loss needs them), or ΔT beyond every recording.
    """

    features: Features
    split: str
    losses: tuple[str, ...]
    delta_t: float
    batch: int
    seed: int
    augmentation: bool = False
    labels: pd.DataFrame | None = None

    def __post_init__(self):
        index, spec = self.features.index, self.features.spec
        self.hop, self.window_rows = spec.stft_hop_seconds, spec.window_rows
        usable = index["split"] == self.split
        if "audio_visual" in self.losses:
            usable &= self.features.frame_counts > 0
        self.positions = np.flatnonzero(usable)
        table = index.iloc[self.positions]
        self.last_row = table["rows"].to_numpy() - self.window_rows
        self.frame_times = table["frame_times"].to_list()
        codes, recordings = pd.factorize(table["recording_id"])
        order = np.argsort(codes, kind="stable")
        self.members = np.split(order, np.cumsum(np.bincount(codes, minlength=len(recordings)))[:-1])
        if set(UNSUPERVISED) & set(self.losses) and len(recordings) < self.batch:
            kind = "recordings with pictures" if "audio_visual" in self.losses else "recordings"
            raise C3Error(
                f"training.batch is {self.batch}, but {self.features.path} has {len(recordings)} {kind} in the split"
                f" {self.split}; allowed is at most that."
            )
        longest = table["seconds"].max()
        if PAIRS & set(self.losses) and self.delta_t > longest + spec.stft_hop_seconds:
            raise C3Error(
                f"delta_t is {self.delta_t:g} s, longer than every segment in {self.features.path};"
                f" allowed is up to {longest:.2f} s."
            )
        if self.labels is not None:
            row_of = {segment: position for position, segment in enumerate(index["segment_id"])}
            self.labelled_positions = self.labels["segment_id"].map(row_of).to_numpy()
            self.labelled_rows = self.labels["window"].to_numpy() * self.window_rows
            self.targets, self.among_labels = targets_of(self.labels), LabelledRows(self.labels)
            self.windows_with = [np.flatnonzero(column) for column in self.targets.T]

    def draw(self, step: int) -> dict[str, np.ndarray]:
        """The batch of ``step``: inputs of :meth:`c3.models.network.Network.call`, and what the labelled ones are.

        ``targets``, ``anchor_targets`` and ``positive_targets`` are (B, classes). A positive shares a label with
        its anchor; every label is that label equally often, however rare.
        """
        rng = np.random.default_rng([self.seed, step])
        batch = self._unlabelled(rng) if set(UNSUPERVISED) & set(self.losses) else {}
        if "classification" in self.losses:
            drawn = self.among_labels.draw(rng, self.batch)
            batch["labelled"], batch["targets"] = self._labelled(drawn)
        if "triplet_labels" in self.losses:
            shared = rng.integers(len(self.windows_with), size=self.batch)
            for name in ("anchor", "positive"):
                drawn = np.array([rng.choice(self.windows_with[label]) for label in shared])
                batch[name], batch[f"{name}_targets"] = self._labelled(drawn)
        if self.augmentation:
            for name, array in batch.items():
                if array.ndim == 3:  # windows
                    batch[name] = augment(rng, array)
        return batch

    def _labelled(self, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Windows and targets at these rows of the labels."""
        windows = self.features.windows(self.labelled_positions[drawn], self.labelled_rows[drawn])
        return windows, self.targets[drawn]

    def _unlabelled(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """B windows of B recordings, and for each a second window and a frame as the losses need them."""
        chosen = rng.choice(len(self.members), self.batch, replace=False)
        rows = np.array([self.members[recording][rng.integers(len(self.members[recording]))] for recording in chosen])
        positions, last_row = self.positions[rows], self.last_row[rows]
        reach = round(self.delta_t / self.hop)
        batch = {}
        if "audio_visual" in self.losses:
            frames = np.array([rng.integers(len(self.frame_times[row])) for row in rows])
            times = np.array([self.frame_times[row][frame] for row, frame in zip(rows, frames, strict=True)])
            first_rows = windows_near_frames(rng, times / self.hop, last_row, self.window_rows, reach)
            batch["frame"] = self.features.frames(positions, frames)
        else:
            first_rows = uniform(rng, np.zeros_like(last_row), last_row)
        batch["audio"] = self.features.windows(positions, first_rows)
        if {"audio_audio", "triplet_proximity"} & set(self.losses):
            seconds = coincident_windows(rng, first_rows, last_row, self.window_rows, reach)
            batch["pair"] = self.features.windows(positions, seconds)
        return batch
