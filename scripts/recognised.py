"""The predictions of all training seeds → what is recognised: a table of segments."""

import pandas as pd

from c3.cli import replacing, run
from c3.data import manifest


def main(args):
    predictions = [pd.read_parquet(path).set_index("segment_id") for path in args.predictions]
    mean = (sum(predictions) / len(predictions)).round(4)
    segments = manifest.read(args.manifest).set_index("segment_id").loc[mean.index]
    table = manifest.places(segments).join(mean).sort_values(["file", "start"]).reset_index()
    with replacing(args.segments) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    run(
        main,
        predictions={"nargs": "+", "help": "one file per training seed"},
        manifest={},
        segments={"help": "all segments with the probability of each class, CSV"},
    )
