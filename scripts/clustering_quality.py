"""Judge clusters against labels that nothing was trained on: those of the network, and as many by k-means."""

import numpy as np

from c3 import clustering
from c3.cli import replacing, run
from c3.evaluation import results
from c3.evaluation.inputs import Inputs
from c3.evaluation.shallow_classifier import label_sets


def main(args):
    inputs = Inputs(args.index, args.manifest, args.classes)
    train = (inputs.windows["split"] == "train").to_numpy()
    codes, hot = label_sets(inputs.labels_of(inputs.windows["segment_id"][train]), inputs.labels)
    numbers = []
    networks = zip(args.seeds, inputs.clusters(args.clusters), inputs.vectors(args.embeddings), strict=True)
    for seed, table, vectors in networks:
        head = table["cluster"].to_numpy()[train]
        rival = clustering.kmeans(clustering.unit(vectors[train]), len(np.unique(head)), seed, args.kmeans)
        for strategy, clusters in (("cluster", head), ("kmeans", rival)):
            scores = clustering.quality(clusters, codes, hot)
            numbers += [
                {"strategy": strategy, "seed": seed, "metric": metric, "value": value}
                for metric, value in scores.items()
            ]
    with replacing(args.out) as out:
        results("clustering", args.model, numbers).to_csv(out, index=False)


if __name__ == "__main__":
    run(
        main,
        model={"help": "name in the tables"},
        index={"help": "features/index.parquet"},
        clusters={"nargs": "+", "help": "one file per training seed"},
        embeddings={"nargs": "+", "help": "one file per training seed"},
        seeds={"nargs": "+", "type": int, "help": "the training seeds, in the order of the clusters"},
        manifest={},
        classes={},
        kmeans={"help": "library: scikit-learn or faiss"},
        out={},
    )
