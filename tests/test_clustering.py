"""Assignments against a float64 softmax; sizes, ranks and judgements against hand-worked examples."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from c3 import clustering, sphere
from c3.errors import C3Error


@settings(max_examples=30)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 60),
    st.integers(1, 17),
    st.integers(1, 23),
    st.sampled_from([0.1, 1.0, 100.0]),
)
def test_assign_is_a_float64_softmax_in_blocks_of_any_size(seed, windows, k, rows, clusters, scale):
    rng = np.random.default_rng(seed)
    embeddings = (scale * rng.normal(size=(windows, 8))).astype(np.float32)
    kernel, bias = rng.normal(size=(8, k)).astype(np.float32), rng.normal(size=k).astype(np.float32)
    cluster, confidence = clustering.assign(embeddings, kernel, bias, rows, clusters)
    logits = embeddings.astype(np.float64) @ kernel.astype(np.float64) + bias
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    assert cluster.dtype == np.int32 and confidence.dtype == np.float32
    chosen = softmax[np.arange(windows), cluster]
    np.testing.assert_allclose(chosen, softmax.max(axis=1), rtol=1e-4)  # the same up to near ties
    np.testing.assert_allclose(confidence, chosen, rtol=2e-4)


def test_a_million_clusters_need_little_memory():
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(4, 1_000_000)).astype(np.float32)
    cluster, confidence = clustering.assign(rng.normal(size=(20, 4)), kernel, np.zeros(1_000_000, np.float32))
    assert cluster.max() > 8192 and (confidence > 1e-6).all()


def test_of_equal_logits_the_first_cluster_wins_across_blocks():
    cluster, confidence = clustering.assign(np.ones((3, 2)), np.ones((2, 6), np.float32), np.zeros(6, np.float32), 2, 2)
    assert cluster.tolist() == [0, 0, 0]
    np.testing.assert_allclose(confidence, 1 / 6, rtol=1e-6)


def test_rank_biggest_first_then_by_number_without_empty_ones():
    clusters = np.array([5, 5, 2, 2, 9, 0, 0, 0])
    assert clustering.rank(clusters).tolist() == [0, 2, 5, 9]
    assert clustering.sizes(clusters, 12).tolist() == [3, 0, 2, 0, 0, 2, 0, 0, 0, 1, 0, 0]


def test_purity_and_counts_by_hand():
    # cluster 0: {a}, {a, b}, {b}, {c} → majority a (or b), 2 of 4; cluster 2: {b}, {b, c} → b, 2 of 2
    hot = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]], bool)
    codes, clusters = np.array([0, 1, 2, 3, 2, 4]), np.array([0, 0, 0, 0, 2, 2])
    counts = clustering.label_counts(clusters, codes, hot)
    assert counts.toarray().tolist() == [[2, 2, 1], [0, 0, 0], [0, 2, 1]]
    assert clustering.purity(counts, 6) == pytest.approx(4 / 6)
    quality = clustering.quality(clusters, codes, hot)
    assert quality["active_clusters"] == 2 and quality["largest_cluster_share"] == pytest.approx(4 / 6)


def test_mutual_information_is_scikit_learns_over_window_label_pairs():
    rng = np.random.default_rng(0)
    hot = rng.random((7, 4)) < 0.5
    hot[:, 0] |= ~hot.any(axis=1)
    codes, clusters = rng.integers(0, 7, 300), rng.integers(0, 9, 300)
    window, label = np.nonzero(hot[codes])
    expected = normalized_mutual_info_score(clusters[window], label)
    counts = clustering.label_counts(clusters, codes, hot)
    assert clustering.normalized_mutual_information(counts) == pytest.approx(expected, rel=1e-9)


def test_mutual_information_of_one_cluster_and_one_label_is_one_by_convention():
    counts = clustering.label_counts(np.zeros(3, int), np.zeros(3, int), np.ones((1, 1), bool))
    assert clustering.normalized_mutual_information(counts) == 1


def test_portraits_show_the_surest_windows_of_different_recordings():
    table = pd.DataFrame(
        {
            "recording_id": ["r", "r", "s", "t", "u"],
            "cluster": [3, 3, 3, 3, 1],
            "confidence": [0.5, 0.9, 0.2, 0.7, 0.1],
        }
    )
    hot = np.array([[True, False], [True, True]])
    counts = clustering.label_counts(table["cluster"].to_numpy(), np.array([0, 0, 1, 0, 1]), hot)
    portraits = clustering.portraits(table, counts, ["Ape", "Bee"], clusters=3, exemplars=4, names=3)
    assert portraits["cluster"].tolist() == [3, 1] and portraits["size"].tolist() == [4, 1]
    assert portraits["exemplars"].tolist() == [[1, 3, 2, -1], [4, -1, -1, -1]]
    assert portraits["names"].tolist() == [["Ape", "Bee", ""], ["Ape", "Bee", ""]]
    assert portraits["shares"].tolist() == [[1, 0.25, 0], [1, 1, 0]]


@pytest.mark.parametrize("library", ["scikit-learn", "faiss"])
def test_kmeans_finds_directions_whatever_the_length(library):
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(3), 10, axis=0) * rng.uniform(0.1, 9, (30, 1)) + rng.normal(size=(30, 3)) * 1e-3
    clusters = clustering.kmeans(sphere.unit(vectors), 3, 0, library)
    assert [len(set(clusters[i : i + 10])) for i in (0, 10, 20)] == [1, 1, 1] and len(set(clusters)) == 3
    np.testing.assert_allclose(np.linalg.norm(sphere.unit(vectors), axis=1), 1, rtol=1e-6)


def test_faiss_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(C3Error, match=r"^evaluation\.kmeans is faiss, which is not installed; allowed is scikit-learn"):
        clustering.kmeans(np.eye(3, dtype=np.float32), 2, 0, "faiss")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("clusters", [1, 2, 11])
def test_merged_clusters_are_scipys_ward(seed, clusters):
    means = np.random.default_rng(seed).normal(size=(clusters, 3))
    for k in range(1, clusters + 1):
        groups = clustering.merge(means, k)
        expected = hierarchy.fcluster(hierarchy.ward(means), k, "maxclust") if clusters > 1 else [1]
        assert len(groups) == clusters and set(groups) == set(range(k))
        assert adjusted_rand_score(expected, groups) == 1


@pytest.mark.filterwarnings("error")
def test_merging_joins_neighbours_and_goes_on_when_none_is_left():
    """Three far groups of 20 clusters: the graph of neighbours falls into three, and two groups are asked for."""
    rng = np.random.default_rng(0)
    means = np.repeat([[0.0, 0], [10, 0], [100, 0]], 20, axis=0) + rng.normal(size=(60, 2)) * 0.1
    assert [len(set(clustering.merge(means, 3)[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    two = clustering.merge(means, 2)
    assert len(set(two[:40])) == 1 and len(set(two[40:])) == 1 and two[0] != two[40]
