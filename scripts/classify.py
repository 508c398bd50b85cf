"""Recognise: the classes of every segment, by the classifier head of a consolidated network."""

import pandas as pd

from c3.cli import import_keras, replacing, run


def main(args):
    import_keras()
    from c3.data.reading import read_array
    from c3.data.store import Features
    from c3.models import network as networks

    features = Features(args.index)
    network = networks.load(args.model, features.spec)
    probabilities = network.classify(read_array(args.embeddings))
    windows = features.window_table()
    table = pd.DataFrame(probabilities, columns=network.classes).groupby(windows["segment_id"], sort=False).mean()
    with replacing(args.out) as path:
        table.reset_index().to_parquet(path, index=False)


if __name__ == "__main__":
    run(main, model={}, embeddings={}, index={}, out={})
