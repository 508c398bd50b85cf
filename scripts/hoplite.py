"""The embeddings of a row or an encoder as a database of Perch-Hoplite."""

from c3.cli import replacing_folder, run
from c3.data import manifest
from c3.data.store import Features
from c3.evaluation import hoplite


def main(args):
    features = Features(args.index)
    windows = features.window_table()
    vectors = features.vectors(args.embeddings)
    segments = manifest.read(args.manifest)
    with replacing_folder(args.out) as folder:
        hoplite.write(folder, vectors, windows, segments, features.spec.window_seconds, args.experiment, args.name)


if __name__ == "__main__":
    run(
        main,
        embeddings={"help": "the .npy file of a training or an encoder"},
        index={"help": "features/index.parquet"},
        manifest={},
        experiment={"help": "the project in the database"},
        name={"help": "the deployment in it"},
        out={"help": "a folder"},
    )
