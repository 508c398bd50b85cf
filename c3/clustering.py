"""Categorization: which cluster a window belongs to, how big clusters are, how well they match labels.

Plain arrays in, plain arrays out. The labels that :func:`label_counts` takes are used for judging only.
"""

from __future__ import annotations

import warnings

import numpy as np

from c3.errors import C3Error

NEIGHBOURS = 10
ROWS, CLUSTERS = 2048, 1024  # largest block of logits: 8 MiB, which stays in the processor's cache


def assign(
    embeddings: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    rows: int = ROWS,
    clusters: int = CLUSTERS,
) -> tuple[np.ndarray, np.ndarray]:
    """The most probable cluster of each embedding under softmax(embedding · kernel + bias), and how probable.

    embeddings (n, d), kernel (d, K), bias (K) → cluster int32 (n), confidence float32 (n). Works in blocks of
    ``rows`` × ``clusters`` with a running maximum and a running log-sum-exp: the n × K matrix never exists.
    """
    count = len(embeddings)
    cluster = np.zeros(count, np.int32)
    confidence = np.zeros(count, np.float32)
    for start in range(0, count, rows):
        block = np.asarray(embeddings[start : start + rows], np.float32)
        highest = np.full(len(block), -np.inf, np.float32)
        total = np.zeros(len(block), np.float64)  # sum of exp(logit - highest)
        best = np.zeros(len(block), np.int32)
        for first in range(0, kernel.shape[1], clusters):
            logits = block @ kernel[:, first : first + clusters]
            logits += bias[first : first + clusters]
            position = logits.argmax(axis=1)
            here = logits[np.arange(len(block)), position]
            best = np.where(here > highest, first + position, best)
            raised = np.maximum(highest, here)
            total *= np.exp(highest - raised)
            logits -= raised[:, None]
            total += np.exp(logits, out=logits).sum(axis=1)
            highest = raised
        cluster[start : start + rows] = best
        confidence[start : start + rows] = 1 / total  # exp(highest - logsumexp)
    return cluster, confidence


def assign_factored(
    embeddings: np.ndarray, kernel: np.ndarray, bias: np.ndarray, factors: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`assign` under a head that is a product: cluster k₁ · K₂ + k₂ has the probability p₁(k₁) p₂(k₂).

    ``factors`` are (K₁, K₂), the columns of ``kernel`` (d, K₁ + K₂) that belong to each; (K,) is a plain head.
    """
    first, cluster, confidence = 0, np.int32(0), np.float32(1)
    for size in factors:
        columns = slice(first, first + size)
        part, probability = assign(embeddings, kernel[:, columns], bias[columns])
        first, cluster, confidence = first + size, cluster * np.int32(size) + part, confidence * probability
    return cluster, confidence


def sizes(clusters: np.ndarray, k: int | None = None) -> np.ndarray:
    """Number of windows in each cluster, (k,); ``k`` defaults to the highest cluster number + 1."""
    return np.bincount(clusters, minlength=k or 0)


def rank(clusters: np.ndarray) -> np.ndarray:
    """The clusters that have a member, biggest first; equally big ones by their number."""
    counts = sizes(clusters)
    order = np.argsort(-counts, kind="stable")
    return order[counts[order] > 0]


def kmeans(units: np.ndarray, k: int, seed: int, library: str = "scikit-learn") -> np.ndarray:
    """The rival of the cluster head: cluster of each unit vector, int32 (n), by k-means of ``units`` (n, d).

    library: scikit-learn (k-means++ start, until at rest) or faiss (random start, 25 rounds, centres from at most
    256 vectors for each: for many vectors and clusters). C3Error if faiss is asked for and not installed.
    """
    if library == "scikit-learn":
        from sklearn.cluster import KMeans

        return KMeans(k, n_init=1, random_state=seed).fit_predict(units)
    try:
        import faiss
    except ImportError:
        raise C3Error(
            "evaluation.kmeans is faiss, which is not installed; allowed is scikit-learn, or faiss after "
            "`pip install 'c3[faiss]'`."
        ) from None
    quantizer = faiss.Kmeans(units.shape[1], k, seed=seed, min_points_per_centroid=1)
    quantizer.train(units)
    return quantizer.index.search(units, 1)[1][:, 0].astype(np.int32)


def merge(means: np.ndarray, k: int) -> np.ndarray:
    """The clusters with these ``means`` (n, d) merged until ``k`` groups are left: the group of each, (n,).

    By Ward's linkage, in which every cluster counts the same, however big; two are merged only if one is among the
    ``NEIGHBOURS`` nearest of the other, so that memory grows with n and not with its square. (Ward, "Hierarchical
    grouping to optimize an objective function", Journal of the American Statistical Association, 1963.)
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.neighbors import kneighbors_graph

    if k == len(means):
        return np.arange(k)
    near = kneighbors_graph(means, min(NEIGHBOURS, len(means) - 1))
    with warnings.catch_warnings(category=UserWarning, action="ignore"):  # far groups get joined by an edge: as meant
        return AgglomerativeClustering(k, connectivity=near).fit_predict(means)


def label_counts(clusters: np.ndarray, codes: np.ndarray, hot: np.ndarray):
    """How many windows of each cluster carry each label: a sparse (K, classes) table.

    ``codes`` (n) points each window to its label set, a row of ``hot`` (sets, classes). A window with several
    labels counts once for each of them.
    """
    from scipy import sparse

    ones = np.ones(len(clusters), np.int64)
    shape = (int(clusters.max(initial=-1)) + 1, len(hot))
    return sparse.csr_matrix((ones, (clusters, codes)), shape) @ sparse.csr_matrix(hot, dtype=np.int64)


def purity(counts, windows: int) -> float:
    """Share of ``windows`` that carry the majority label of their cluster, from :func:`label_counts`.

    The majority label is the one that most windows of the cluster carry. Under multi-label truth a window
    counts as soon as its segment's label set contains that label, whatever else it contains.
    """
    return float(counts.max(axis=1).sum() / windows)


def normalized_mutual_information(counts) -> float:
    """Mutual information of cluster and label over the mean of their entropies, from :func:`label_counts`.

    Under multi-label truth each (window, label) pair is one observation.
    """
    from scipy.stats import entropy
    from sklearn.metrics import mutual_info_score

    by_cluster = np.asarray(counts.sum(axis=1)).ravel()
    by_label = np.asarray(counts.sum(axis=0)).ravel()
    mean_entropy = (entropy(by_cluster) + entropy(by_label)) / 2
    if mean_entropy == 0:  # one cluster, one label: scikit-learn's convention
        return 1.0
    return float(mutual_info_score(None, None, contingency=counts) / mean_entropy)


def quality(clusters: np.ndarray, codes: np.ndarray, hot: np.ndarray) -> dict[str, float]:
    """All numbers of the evaluation ``clustering``, by metric name; the labels are used for judging only."""
    counts = label_counts(clusters, codes, hot)
    members = sizes(clusters)
    return {
        "purity": purity(counts, len(clusters)),
        "nmi": normalized_mutual_information(counts),
        "active_clusters": float((members > 0).sum()),
        "largest_cluster_share": float(members.max() / len(clusters)),
    }


def portraits(
    table, counts, label_names: list[str], clusters: int, exemplars: int, names: int
) -> dict[str, np.ndarray]:
    """The biggest clusters, who is typical for them and what is truly in them.

    table: recording_id, cluster, confidence of the pool's windows; counts: their :func:`label_counts`.
    Returns arrays, a row for each of the biggest clusters: cluster, size, exemplars (positions in ``table``
    of the most confident windows, each from another recording; -1 where there are no more recordings),
    names and shares of the most frequent true labels (a window with several labels counts for each; empty
    and 0 where there are no more).
    """
    members_of = table.reset_index(drop=True).groupby("cluster").indices
    biggest = rank(table["cluster"].to_numpy())[:clusters]
    size = np.array([len(members_of[number]) for number in biggest])
    chosen = np.full((len(biggest), exemplars), -1)
    top = np.full((len(biggest), names), "", object)
    shares = np.zeros((len(biggest), names))
    confidence, recordings = table["confidence"].to_numpy(), table["recording_id"].to_numpy()
    for place, number in enumerate(biggest):
        members = members_of[number]
        members = members[np.argsort(-confidence[members], kind="stable")]
        _, first = np.unique(recordings[members].astype(str), return_index=True)
        best = members[np.sort(first)[:exemplars]]
        chosen[place, : len(best)] = best
        present = counts[[number]].toarray()[0]
        order = np.argsort(-present, kind="stable")[:names]
        order = order[present[order] > 0]
        top[place, : len(order)] = [label_names[label] for label in order]
        shares[place, : len(order)] = present[order] / size[place]
    return {"cluster": biggest, "size": size, "exemplars": chosen, "names": top.astype(str), "shares": shares}
