"""Lay out the scored segments in a plane, for each of several embeddings, with their true classes."""

import numpy as np
import pandas as pd

from c3.cli import replacing, run
from c3.errors import C3Error
from c3.evaluation import embedding_map
from c3.evaluation.inputs import Inputs


def main(args):
    inputs = Inputs(args.index, args.manifest, args.classes)
    segments, truth = inputs.scored(args.split)
    if len(segments) < 4:
        raise C3Error(f"{args.index} has {len(segments)} segments in {args.split}; allowed are 4 or more to lay out.")
    windows_of = inputs.windows_of(segments)
    names = inputs.classes["name"].to_numpy()
    alone = np.where(truth.sum(axis=1) == 1, names[truth.argmax(axis=1)], "")
    maps = []
    embeddings = [*inputs.vectors([]), *inputs.vectors(args.embeddings)]
    for model, vectors in zip(args.models, embeddings, strict=True):
        x, y = embedding_map.lay_out(vectors, windows_of).T
        maps.append(pd.DataFrame({"model": model, "segment_id": segments, "class": alone, "x": x, "y": y}))
    with replacing(args.out) as out:
        pd.concat(maps).to_parquet(out, index=False)


if __name__ == "__main__":
    run(
        main,
        models={"nargs": "+", "help": "names in the figure: log_mel, then one for each of the embeddings"},
        index={"help": "features/index.parquet"},
        embeddings={"nargs": "+"},
        split={},
        manifest={},
        classes={},
        out={},
    )
