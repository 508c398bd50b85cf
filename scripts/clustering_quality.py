"""Judge clusters against labels that nothing was trained on: those of the network, and as many by k-means."""

import numpy as np

from c3 import clustering, sphere
from c3.evaluation import inputs
from c3.evaluation.shallow_classifier import label_sets


def numbers(args, settings, data):
    train = (data.windows["split"] == "train").to_numpy()
    codes, hot = label_sets(data.labels_of(data.windows["segment_id"][train]), data.labels)
    networks = zip(settings.seeds, data.clusters(args.clusters), data.vectors(args.embeddings), strict=True)
    for seed, table, vectors in networks:
        head = table["cluster"].to_numpy()[train]
        rival = clustering.kmeans(sphere.unit(vectors[train]), len(np.unique(head)), seed, settings.kmeans)
        for strategy, clusters in (("cluster", head), ("kmeans", rival)):
            for metric, value in clustering.quality(clusters, codes, hot).items():
                yield {"strategy": strategy, "seed": seed, "metric": metric, "value": value}


if __name__ == "__main__":
    inputs.run("clustering", numbers, clusters={"nargs": "+", "help": "one file per training seed"})
