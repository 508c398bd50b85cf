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
    portraits = clustering.portraits(
        table, counts, inputs.classes["name"].tolist(), clusters=12, exemplars=4, names=4
    )
    spec = inputs.features.spec
    shape = portraits["exemplars"].shape
    spectrograms = np.full((*shape, *spec.window_shape), np.nan, np.float32)
    frames = np.zeros((*shape, *spec.frame_shape), np.uint8)
    has_frame = np.zeros(shape, bool)
    segment_rows = inputs.features.index.reset_index().set_index("segment_id")["index"]
    for place, row in np.ndenumerate(portraits["exemplars"]):
        if row < 0:
            continue
        window = table.iloc[row]
        segment = segment_rows[window["segment_id"]]
        spectrograms[place] = inputs.features.grid_windows(train[[row]])[0]
        times = np.asarray(inputs.features.index["frame_times"].iloc[segment])
        if len(times):
            middle = (window["window"] + 0.5) * spec.window_seconds
            nearest = np.abs(times - middle).argmin()
            frames[place] = inputs.features.frames(np.array([segment]), np.array([nearest]))[0]
            has_frame[place] = True
    with replacing(args.out) as out:
        np.savez_compressed(
            out,
            model=args.model,
            windows=len(table),
            spectrograms=spectrograms,
            frames=frames,
            has_frame=has_frame,
            **{name: value for name, value in portraits.items() if name != "exemplars"},
        )


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
