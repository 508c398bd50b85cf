"""Tables and media, or a folder of recordings → the manifest, its classes, what is missing, all files."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data import accounts, manifest
from c3.data.sources import audioset, benchmark, folder
from c3.data.sources.files import COMPRESSED


def main(args):
    if args.folder:
        settings = config.Folder(**args.folder)
        table, classes, missing, found = folder.manifest(settings, args.validation_share, args.seed)
    else:
        if args.benchmark:
            settings = config.Benchmark(**args.benchmark)
            found = benchmark.manifest(settings, args.validation_share, args.seed)
        else:
            found = audioset.manifest(
                args.train,
                args.evaluation,
                args.class_labels,
                args.media,
                args.validation_share,
                args.seed,
                **args.selection,
            )
        table, classes, missing, below, counts = found
        print(counts)
        if compressed := int((below["ignored"] == COMPRESSED).sum()):
            print(f"compressed tars, passed over ({compressed:,}): decompress them to have them read")
        if len(left_out := manifest.unevaluated(table, classes)):
            names = ", ".join(left_out["name"][:20]) + (", …" if len(left_out) > 20 else "")
            print(f"classes without a segment in evaluation, left out of its averages ({len(left_out)}): {names}")
        found = accounts.of_segments(below, table, missing)
    with (
        replacing(args.missing) as missing_path,
        replacing(args.files) as files_path,
        replacing(args.classes) as classes_path,
    ):
        missing.to_csv(missing_path, index=False)
        found.to_csv(files_path, index=False)
        classes.to_csv(classes_path, index=False)
        with replacing(args.manifest) as path:
            manifest.write(table, path)


if __name__ == "__main__":
    run(
        main,
        folder={"type": section, "default": None, "help": "JSON of the section folder, in the place of the next five"},
        benchmark={"type": section, "default": None, "help": "JSON of the section benchmark, in their place too"},
        train={"nargs": "+", "default": []},
        evaluation={"nargs": "+", "default": []},
        class_labels={"default": None},
        media={"default": None},
        selection={"type": section, "default": {}, "help": "JSON of the keys ontology, classes and sample of audioset"},
        validation_share={"type": float},
        seed={"type": int},
        manifest={},
        classes={},
        missing={},
        files={"help": "every file below the folder of media, and what the manifest has of it, CSV"},
    )
