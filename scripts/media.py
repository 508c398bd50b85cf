"""Make the media of a data set that has none yet: files, segment CSVs and class labels in one folder."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data.sources import collage
from c3.data.sources.synthetic import scenes as synthetic

SOURCES = {"synthetic": (config.Synthetic, synthetic.write), "collage": (config.Collage, collage.write)}


def main(args):
    settings, write = SOURCES[args.source]
    with (
        replacing(args.class_labels) as class_labels,
        replacing(args.evaluation_csv) as evaluation_csv,
        replacing(args.train_csv) as train_csv,
    ):
        write(settings(**args.settings), args.seed, args.threads, train_csv, evaluation_csv, class_labels)


if __name__ == "__main__":
    run(
        main,
        source={"choices": list(SOURCES)},
        settings={"type": section, "help": "JSON of the section of that name"},
        seed={"type": int},
        threads={"type": int, "default": 1},
        train_csv={},
        evaluation_csv={},
        class_labels={},
    )
