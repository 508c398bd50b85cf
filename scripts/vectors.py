"""The embeddings of a row or an encoder as a table for other tools: segment_id, time, vector."""

from c3.cli import replacing, run
from c3.data.store import Features
from c3.evaluation import foreign


def main(args):
    features = Features(args.index)
    windows = features.window_table()
    with replacing(args.out) as path:
        foreign.write(path, features.vectors(args.embeddings), windows, features.spec.window_seconds)


if __name__ == "__main__":
    run(
        main,
        embeddings={"help": "the .npy file of a training or an encoder"},
        index={"help": "features/index.parquet"},
        out={"help": "a .parquet file"},
    )
