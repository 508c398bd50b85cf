"""A collage of sound files and pictures: mkv files, segment CSVs and class labels in one folder."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data import collage


def main(args):
    with (
        replacing(args.class_labels) as class_labels,
        replacing(args.evaluation_csv) as evaluation_csv,
        replacing(args.train_csv) as train_csv,
    ):
        collage.write(config.Collage(**args.collage), args.seed, args.threads, train_csv, evaluation_csv, class_labels)


if __name__ == "__main__":
    run(
        main,
        collage={"type": section},
        seed={"type": int},
        threads={"type": int, "default": 1},
        train_csv={},
        evaluation_csv={},
        class_labels={},
    )
