"""Cluster-head assignment against faiss, k-means of the product against plain faiss.Kmeans; cost of N and of K.

Everything on one thread, as in a job.
"""

import os
from statistics import median

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

import common
import faiss
import numpy as np

from c3 import clustering, sphere

D = 128


def embeddings(n: int) -> np.ndarray:
    """Unit vectors (n, 128) around 500 centres."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(500, D))
    return sphere.unit((centres[rng.integers(0, 500, n)] + rng.normal(size=(n, D))).astype(np.float32))


def head(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (128, k) and bias (k) of a cluster head; without a bias, as an inner-product index has none."""
    return np.random.default_rng(1).normal(size=(D, k)).astype(np.float32), np.zeros(k, np.float32)


def assignment(n: int, k: int) -> dict[str, list[float]]:
    vectors, (kernel, bias) = embeddings(n), head(k)
    index = faiss.IndexFlatIP(D)
    index.add(np.ascontiguousarray(kernel.T))
    sides = {
        "ours": lambda: clustering.assign(vectors, kernel, bias),  # and how probable the cluster is
        "faiss": lambda: index.search(vectors, 1),
    }
    ours, theirs = clustering.assign(vectors, kernel, bias)[0], index.search(vectors, 1)[1][:, 0]
    assert (ours == theirs).mean() > 0.999
    return common.alternately(sides, warmup=0)


def kmeans(n: int, k: int) -> dict[str, list[float]]:
    vectors = embeddings(n)

    def plain():
        rival = faiss.Kmeans(D, k, seed=0, min_points_per_centroid=1)
        rival.train(vectors)
        rival.index.search(vectors, 1)

    sides = {
        "faiss": lambda: clustering.kmeans(vectors, k, 0, "faiss"),
        "scikit_learn": lambda: clustering.kmeans(vectors, k, 0),
        "plain": plain,
    }
    return common.alternately(sides, warmup=0)


def main() -> None:
    full = common.arguments(__doc__).full
    n, k = (1_000_000 if full else 40_000), 1024
    ns, ks = [n // 100, n // 10, n], [k // 16, k // 4, k, 4 * k]
    points, centres = n // 4, 128
    by_n = [assignment(size, k) for size in ns]
    by_k = [assignment(n, size) for size in ks]
    means_by_n = [kmeans(points * factor, centres) for factor in (1, 2, 4)]
    means_by_k = [means_by_n[0], *(kmeans(points, centres * factor) for factor in (2, 4))]

    def medians(runs, side):
        return [median(run[side]) for run in runs]

    assigning = {"ours": "assignment", "faiss": "assignment, faiss"}
    by_kmeans = {"scikit_learn": "k-means, scikit-learn", "faiss": "k-means, faiss"}
    common.report(
        "clustering",
        common.ratio(by_n[-1]["ours"], by_n[-1]["faiss"]),
        "faiss IndexFlatIP search of the nearest",
        windows=n,
        clusters=k,
        threads=1,
        repeats=common.REPEATS,
        assign_seconds=median(by_n[-1]["ours"]),
        faiss_seconds=median(by_n[-1]["faiss"]),
        kmeans_faiss_ratio=round(common.ratio(means_by_n[0]["faiss"], means_by_n[0]["plain"]), 3),
        kmeans_scikit_learn_ratio=round(common.ratio(means_by_n[0]["scikit_learn"], means_by_n[0]["plain"]), 3),
        growth=[
            common.growth(name, unit, sizes, medians(runs, side))
            for sides, unit, sizes, runs in (
                (assigning, "windows", ns, by_n),
                (assigning, "clusters", ks, by_k),
                (by_kmeans, "windows", [points, 2 * points, 4 * points], means_by_n),
                (by_kmeans, "clusters", [centres, 2 * centres, 4 * centres], means_by_k),
            )
            for side, name in sides.items()
        ],
    )


if __name__ == "__main__":
    main()
