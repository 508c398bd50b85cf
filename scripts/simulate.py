"""A simulated AudioSet: mp4 files, segment CSVs and class labels in one folder."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data import synthetic


def main(args):
    with (
        replacing(args.class_labels) as class_labels,
        replacing(args.evaluation_csv) as evaluation_csv,
        replacing(args.train_csv) as train_csv,
    ):
        synthetic.write(
            config.Synthetic(**args.synthetic), args.seed, args.threads, train_csv, evaluation_csv, class_labels
        )


if __name__ == "__main__":
    run(
        main,
        synthetic={"type": section},
        seed={"type": int},
        threads={"type": int, "default": 1},
        train_csv={},
        evaluation_csv={},
        class_labels={},
    )
