"""The losses against float64 numpy references."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from c3.training import losses

logits_of = lambda shape, low=-8, high=8: arrays(np.float64, shape, elements=st.floats(low, high, width=32))  # noqa: E731


def coincidence_reference(logits):
    p = 1 / (1 + np.exp(-logits))
    batch = len(logits)
    off = ~np.eye(batch, dtype=bool)
    return -np.log(np.diag(p)).sum() / batch - np.log(1 - p[off]).sum() / (batch * (batch - 1))


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def clustering_reference(logits, gamma):
    p = softmax(logits)
    mean = p.mean(axis=0)
    return -(p * np.log(p)).sum(axis=1).mean() + gamma * (mean * np.log(mean)).sum()


def of_logits(logits, gamma):
    """The clustering loss of given logits: an identity for the head."""
    return losses.clustering(logits, np.eye(logits.shape[1]), np.zeros(logits.shape[1]), gamma)


def clustering_gradient(logits, gamma):
    """∂L/∂z_ik = (1/B) p_ik [−(log p_ik + H_i) + γ (log p̄_k − c_i)], c_i = Σ_j p_ij log p̄_j."""
    p = softmax(logits)
    log_mean = np.log(p.mean(axis=0))
    entropy = -(p * np.log(p)).sum(axis=1, keepdims=True)
    c = (p * log_mean).sum(axis=1, keepdims=True)
    return p / len(p) * (-(np.log(p) + entropy) + gamma * (log_mean - c))


@settings(max_examples=25)
@given(logits_of((5, 5)))
def test_coincidence_is_the_formula(logits):
    assert float(losses.coincidence(logits)) == pytest.approx(coincidence_reference(logits), rel=1e-5)


def test_coincidence_stays_finite_where_the_formula_overflows():
    logits = np.full((3, 3), 200.0)
    assert float(losses.coincidence(logits)) == pytest.approx(200.0)


def test_coincidence_by_hand():
    """All logits 0: every pair costs log 2, positives and negatives alike."""
    assert float(losses.coincidence(np.zeros((4, 4)))) == pytest.approx(2 * np.log(2))


@settings(max_examples=25)
@given(logits_of((5, 5)))
def test_softmax_coincidence_is_the_formula(logits):
    picked = [np.diag(softmax(each)) for each in (logits, logits.T)]
    assert float(losses.coincidence_softmax(logits)) == pytest.approx(-np.log(picked).mean(), rel=1e-5, abs=1e-6)


@given(st.integers(2, 9), st.floats(-50, 50))
def test_softmax_coincidence_of_equal_logits_is_chance(batch, value):
    expected = pytest.approx(np.log(batch), rel=1e-5)
    assert float(losses.coincidence_softmax(np.full((batch, batch), value))) == expected


@settings(max_examples=25)
@given(logits_of((5, 5)), st.integers(0, 99), st.floats(1e-3, 1e3))
def test_the_cosine_adds_to_the_logits_whatever_the_lengths(logits, seed, scale):
    f, g = np.random.default_rng(seed).normal(size=(2, 5, 7))
    cosine = f @ g.T / np.linalg.norm(f, axis=1)[:, None] / np.linalg.norm(g, axis=1)
    found = losses.SCORES["softmax"](logits, scale * f, g)
    np.testing.assert_allclose(found, logits + cosine / 0.1, rtol=1e-4, atol=1e-4)


def test_as_in_the_paper_the_head_alone_scores():
    logits = np.arange(4.0).reshape(2, 2)
    np.testing.assert_array_equal(losses.SCORES["binary"](logits, np.eye(2), np.eye(2)), logits)


@settings(max_examples=25)
@given(logits_of((6, 4)), st.floats(0.5, 2))
def test_clustering_is_the_formula(logits, gamma):
    expected = clustering_reference(logits, gamma)
    assert float(of_logits(logits, gamma)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def head(batch, clusters, scale=1.0, dtype=np.float64, dimensions=7):
    """Embeddings, kernel and bias of a cluster head, from a seed."""
    rng = np.random.default_rng(batch)
    shapes = (batch, dimensions), (dimensions, clusters), (clusters,)
    return tuple(scale * rng.normal(size=shape).astype(dtype) for shape in shapes)


def value_and_gradients(loss, arrays, graph=False):
    tf = pytest.importorskip("tensorflow")

    def differentiate():
        with tf.GradientTape() as tape:
            value = 3.0 * loss(*variables)
        return value / 3.0, [gradient / 3.0 for gradient in tape.gradient(value, variables)]

    variables = [tf.Variable(array) for array in arrays]
    value, gradients = (tf.function(differentiate) if graph else differentiate)()
    return float(value), [gradient.numpy() for gradient in gradients]


def reference_gradients(embeddings, kernel, bias, gamma):
    slope = clustering_gradient(embeddings @ kernel + bias, gamma)
    return slope @ kernel.T, embeddings.T @ slope, slope.sum(axis=0)


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    "batch, clusters, chunk", [(3, 2, None), (8, 16, None), (32, 5, 5), (4, 16, 4), (9, 23, 4), (5, 11, 10), (6, 7, 1)]
)
def test_gradient_of_clustering_is_the_formula(batch, clusters, chunk, graph):
    """Also in several chunks, and where these do not divide the clusters."""
    arrays = head(batch, clusters)
    value, gradients = value_and_gradients(lambda *x: losses.clustering(*x, 1.1, chunk), arrays, graph)
    logits = arrays[0] @ arrays[1] + arrays[2]
    assert value == pytest.approx(clustering_reference(logits, 1.1), rel=1e-9)
    for gradient, expected in zip(gradients, reference_gradients(*arrays, 1.1), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-12)


def test_chunks_of_float32_are_as_exact_as_one():
    arrays = head(64, 1000, scale=0.5, dtype=np.float32, dimensions=16)
    expected = reference_gradients(*(array.astype(np.float64) for array in arrays), 1.1)
    for chunk in (None, 96):
        _, gradients = value_and_gradients(lambda *x: losses.clustering(*x, 1.1, chunk), arrays, graph=True)  # noqa: B023
        for gradient, truth in zip(gradients, expected, strict=True):
            assert np.linalg.norm(gradient - truth) < 1e-5 * np.linalg.norm(truth)


def test_gradient_of_certain_assignments_is_finite():
    """Probabilities that underflow, in both heads."""
    arrays = [200.0 * np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32), np.zeros(4, np.float32)]
    for loss in (
        lambda *x: losses.clustering(*x, 1.1, 3),
        lambda *x: losses.product_clustering(*x, (2, 2), 1.1),
    ):
        value, gradients = value_and_gradients(loss, arrays)
        assert np.isfinite(value) and all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("batch, factors", [(3, (2, 2)), (8, (4, 5)), (32, (3, 6))])
def test_product_clustering_is_clustering_of_all_products(batch, factors):
    """Brute force: a head with a column for each of the K₁ · K₂ clusters, the sums of columns of the two."""
    embeddings, kernel, bias = head(batch, sum(factors))
    spread = np.zeros((sum(factors), factors[0] * factors[1]))
    for cluster in range(spread.shape[1]):
        spread[[cluster // factors[1], factors[0] + cluster % factors[1]], cluster] = 1
    slope = clustering_gradient(embeddings @ kernel @ spread + bias @ spread, 1.1) @ spread.T
    arrays = embeddings, kernel, bias
    value, gradients = value_and_gradients(lambda *x: losses.product_clustering(*x, factors, 1.1), arrays)
    logits = (embeddings @ kernel + bias) @ spread
    assert value == pytest.approx(clustering_reference(logits, 1.1), rel=1e-9)
    for gradient, expected in zip(gradients, (slope @ kernel.T, embeddings.T @ slope, slope.sum(axis=0)), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-12)


def test_formula_of_the_gradient_agrees_with_differences():
    logits, step = np.random.default_rng(0).normal(size=(4, 3)), 1e-6
    numeric = np.zeros_like(logits)
    for place in np.ndindex(*logits.shape):
        shift = np.zeros_like(logits)
        shift[place] = step
        difference = clustering_reference(logits + shift, 1.3) - clustering_reference(logits - shift, 1.3)
        numeric[place] = difference / (2 * step)
    np.testing.assert_allclose(clustering_gradient(logits, 1.3), numeric, atol=1e-8)


def test_clustering_is_least_when_confident_and_diverse():
    diverse, collapsed, unsure = 50 * np.eye(4), 50 * np.eye(4)[[0, 0, 0, 0]], np.zeros((4, 4))
    assert float(of_logits(diverse, 1.1)) == pytest.approx(-1.1 * np.log(4))
    assert float(of_logits(collapsed, 1.1)) == pytest.approx(0, abs=1e-6)
    assert float(of_logits(unsure, 1.1)) == pytest.approx(-0.1 * np.log(4), rel=1e-5)


def test_classification_is_log_loss():
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(7, 3)), rng.integers(0, 2, size=(7, 3)).astype(float)
    p = 1 / (1 + np.exp(-logits))
    expected = log_loss(labels.ravel(), np.stack([1 - p.ravel(), p.ravel()], axis=1))
    assert float(losses.classification(logits, labels)) == pytest.approx(expected, rel=1e-5)


def test_examples_in_the_docstrings():
    result = doctest.testmod(losses)
    assert result.attempted >= 3 and result.failed == 0


def triplet_reference(anchors, positives, negative, margin=0.1):
    """One anchor after the other."""
    values = []
    for i, anchor in enumerate(anchors):
        a, others = anchor / np.linalg.norm(anchor), positives / np.linalg.norm(positives, axis=1, keepdims=True)
        distances = ((a - others) ** 2).sum(axis=1)
        allowed = distances[negative[i]]
        if len(allowed):
            further = allowed[allowed > distances[i]]
            chosen = further.min() if len(further) else allowed.max()
            values.append(max(0.0, distances[i] - chosen + margin))
    return np.mean(values) if values else 0.0


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
def test_triplet_is_the_formula(share):
    rng = np.random.default_rng(3)
    for _ in range(5):
        anchors, noise = rng.normal(size=(2, 7, 4))
        negative = (rng.random((7, 7)) < share) & ~np.eye(7, dtype=bool)
        value = float(losses.triplet(anchors, anchors + noise, negative))
        assert value == pytest.approx(triplet_reference(anchors, anchors + noise, negative), rel=1e-5, abs=1e-7)


def test_triplet_has_a_gradient_where_no_negative_is_left():
    """Rows without a negative, or without one that is further, must not make the gradient infinite."""
    tf = pytest.importorskip("tensorflow")
    anchors = tf.Variable(np.random.default_rng(0).normal(size=(4, 3)))
    positives = tf.constant(-anchors)  # opposite: every other item is nearer
    negative = np.array([[False] * 4, *(~np.eye(4, dtype=bool))[1:]])
    with tf.GradientTape() as tape:
        value = losses.triplet(anchors, positives, negative)
    gradient = tape.gradient(value, anchors).numpy()
    assert np.isfinite(gradient).all() and (gradient[0] == 0).all() and (gradient[1:] != 0).any()
