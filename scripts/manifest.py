"""Segment CSVs and media in AudioSet's formats → the manifest, its classes, and what is missing."""

from c3.cli import replacing, run
from c3.data import audioset, manifest


def main(args):
    table, classes, missing = audioset.manifest(
        args.train, args.evaluation, args.class_labels, args.media, args.validation_share, args.seed
    )
    manifest.check_evaluated(table, classes, args.manifest)
    with replacing(args.missing) as missing_path, replacing(args.classes) as classes_path:
        missing.to_csv(missing_path, index=False)
        classes.to_csv(classes_path, index=False)
        with replacing(args.manifest) as path:
            manifest.write(table, path)


if __name__ == "__main__":
    run(
        main,
        train={"nargs": "+"},
        evaluation={"nargs": "+"},
        class_labels={},
        media={},
        validation_share={"type": float},
        seed={"type": int},
        manifest={},
        classes={},
        missing={},
    )
