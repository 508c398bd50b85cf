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
    spectrograms = np.full((*exemplars.shape, *inputs.features.spec.window_shape), np.nan, np.float32)
    spectrograms[exemplars >= 0] = inputs.features.grid_windows(train[exemplars[exemplars >= 0]])
    frames = [nearest_frame(inputs.features, table.iloc[rows[rows >= 0]]) for rows in exemplars]
    with replacing(args.out) as out:
        np.savez_compressed(
            out,
            model=args.model,
            windows=len(table),
            spectrograms=spectrograms,
            frames=np.array([np.zeros(inputs.features.spec.frame_shape) if f is None else f for f in frames], np.uint8),
            seconds=inputs.features.spec.window_seconds,
            low_hz=inputs.features.spec.mel_min_hz,
            high_hz=inputs.features.spec.mel_max_hz,
            has_frame=np.array([f is not None for f in frames]),
            **portraits,
        )


def nearest_frame(features, windows):
    """The frame nearest to the middle of the first of the windows whose segment has frames; None without any."""
    for window in windows.itertuples():
        segment = features.index["segment_id"].searchsorted(window.segment_id)
        if features.frame_counts[segment]:
            middle = (window.window + 0.5) * features.spec.window_seconds
            number = np.abs(features.index["frame_times"].iloc[segment] - middle).argmin()
            return features.frames(np.array([segment]), np.array([number]))[0]
    return None


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
