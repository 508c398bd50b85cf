"""Refuse what the data cannot give before anything is computed from them: batches, clusters, ΔT, labels, classes."""

from c3 import config
from c3.cli import replacing, run, section
from c3.data import manifest
from c3.data.reading import read_table
from c3.evaluation import metrics
from c3.evaluation.shallow_classifier import label_sets


def main(args):
    settings = config.load(args.config)
    table = manifest.read(args.manifest)
    settings.check(manifest.extent(table, settings.features.window_seconds, args.manifest))
    classes = read_table(args.classes, ["label", "name"], dtype=str, keep_default_na=False)
    if len(classes):
        scored = table[table["split"] == settings.evaluation.split]
        codes, hot = label_sets(scored["labels"], classes["label"])
        metrics.check_classes(hot[codes], args.manifest, metrics.PAIR)
    with replacing(args.out) as path:
        path.write_text("The manifest has what the configuration asks for.\n")


if __name__ == "__main__":
    run(main, config={"type": section, "help": "JSON of the configuration"}, manifest={}, classes={}, out={})
