"""Assign every window to a cluster: a forward pass of the cluster head over the embeddings."""

from c3.cli import import_keras, replacing, run


def main(args):
    import_keras()
    from c3 import clustering
    from c3.data.store import Features
    from c3.models import network as networks

    features = Features(args.index)
    network = networks.load(args.model, features.spec)
    embeddings = features.vectors(args.embeddings)
    clusters, confidence = clustering.assign_factored(embeddings, *network.cluster_head.get_weights(), network.factors)
    with replacing(args.out) as path:
        features.window_table().assign(cluster=clusters, confidence=confidence).to_parquet(path, index=False)


if __name__ == "__main__":
    run(main, model={}, embeddings={}, index={}, out={})
