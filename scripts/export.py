"""Write a network as ONNX or LiteRT: sound in, embedding and the probabilities of clusters and classes out."""

import sys

from c3.cli import import_keras, replacing, run


def main(args):
    import_keras()
    import pandas as pd

    from c3 import export
    from c3.evaluation import summary
    from c3.models import network as networks

    export.format_of(args.out)
    network = networks.read(args.model)
    card = dict(network.card)
    if args.metrics:
        metrics = pd.read_csv(args.metrics, dtype={"budget": "Int64", "seed": "Int64"})
        card["evaluations"] = summary(metrics[metrics["model"] == card.get("name")])
    with replacing(args.out) as path:
        export.write(network, path, card)
    if not card:
        print(f"c3: {args.model} has no card, so that {args.out} has none.", file=sys.stderr)


if __name__ == "__main__":
    run(
        main,
        model={"positional": True, "help": "the .keras file of a row"},
        out={"positional": True, "help": "where to write: a file that ends in .onnx or .tflite"},
        metrics={"default": None, "help": "metrics.csv of the experiment, for the numbers of the card"},
    )
