"""A folder of recordings → the manifest, its classes (none), and what cannot be read."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data import folder, manifest


def main(args):
    table, classes, missing = folder.manifest(config.Folder(**args.settings), args.validation_share, args.seed)
    with replacing(args.missing) as missing_path, replacing(args.classes) as classes_path:
        missing.to_csv(missing_path, index=False)
        classes.to_csv(classes_path, index=False)
        with replacing(args.manifest) as path:
            manifest.write(table, path)


if __name__ == "__main__":
    run(
        main,
        settings={"type": section, "help": "JSON of the section folder"},
        validation_share={"type": float},
        seed={"type": int},
        manifest={},
        classes={},
        missing={},
    )
