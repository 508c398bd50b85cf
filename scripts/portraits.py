"""Portray the biggest clusters: typical windows with a frame, and what is truly in them."""

import numpy as np

from c3 import clustering
from c3.cli import replacing, run
from c3.evaluation.inputs import Inputs
from c3.evaluation.shallow_classifier import label_sets


def main(args):
    inputs = Inputs(args.index, args.manifest, args.classes)
    (table,) = inputs.clusters([args.clusters])
    train = np.flatnonzero(inputs.windows["split"] == "train")
    table = table.iloc[train]
    codes, hot = label_sets(inputs.labels_of(table["segment_id"]), inputs.labels)
    counts = clustering.label_counts(table["cluster"].to_numpy(), codes, hot)
    portraits = clustering.portraits(table, counts, inputs.classes["name"].tolist(), clusters=12, exemplars=4, names=4)
    exemplars = portraits.pop("exemplars")
    there = exemplars >= 0
    rows = train[exemplars[there]]
    spectrograms = np.full((*exemplars.shape, *inputs.features.spec.window_shape), np.nan, np.float32)
    spectrograms[there] = inputs.features.grid_windows(rows)
    context = np.full((*exemplars.shape, 2, *inputs.features.spec.window_shape), np.nan, np.float32)
    context[there] = neighbours(inputs.features, inputs.windows["segment_id"].to_numpy(), rows)
    frames = np.zeros((*exemplars.shape, *inputs.features.spec.frame_shape), np.uint8)
    has_frame = np.zeros(exemplars.shape, bool)
    for place in np.argwhere(there):
        frame = nearest_frame(inputs.features, table.iloc[exemplars[tuple(place)]])
        if frame is not None:
            frames[tuple(place)], has_frame[tuple(place)] = frame, True
    segments = np.full(exemplars.shape, "", object)
    segments[there] = inputs.windows["segment_id"].to_numpy()[rows]
    numbers = np.full(exemplars.shape, -1)
    numbers[there] = inputs.windows["window"].to_numpy()[rows]
    with replacing(args.out) as out:
        np.savez_compressed(
            out,
            model=args.model,
            windows=len(table),
            spectrograms=spectrograms,
            context=context,
            frames=frames,
            has_frame=has_frame,
            segments=segments.astype(str),
            numbers=numbers,
            seconds=inputs.features.spec.window_seconds,
            low_hz=inputs.features.spec.mel_min_hz,
            high_hz=inputs.features.spec.mel_max_hz,
            **portraits,
        )


def neighbours(features, segments, rows):
    """The windows before and after ``rows`` (n,) of the grid: (n, 2, rows, bands); NaN where the segment has none.

    segments: the segment of each row of the grid.
    """
    out = np.full((len(rows), 2, *features.spec.window_shape), np.nan, np.float32)
    for side, step in enumerate((-1, 1)):
        beside = np.clip(rows + step, 0, len(segments) - 1)
        same = (beside != rows) & (segments[beside] == segments[rows])
        out[same, side] = features.grid_windows(beside[same])
    return out


def nearest_frame(features, window):
    """The frame of the window's segment that is nearest to its middle; None if the segment has no frames."""
    segment = features.index["segment_id"].searchsorted(window.segment_id)
    if not features.frame_counts[segment]:
        return None
    middle = (window.window + 0.5) * features.spec.window_seconds
    number = np.abs(features.index["frame_times"].iloc[segment] - middle).argmin()
    return features.frames(np.array([segment]), np.array([number]))[0]


if __name__ == "__main__":
    run(
        main,
        model={"help": "name in the figure"},
        index={"help": "features/index.parquet"},
        clusters={},
        manifest={},
        classes={},
        out={},
    )
