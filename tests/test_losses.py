"""The losses against float64 numpy references."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from c3 import losses

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


def clustering_gradient(logits, gamma):
    """∂L/∂z_ik = (1/B) p_ik [−(log p_ik + H_i) + γ (log p̄_k − c_i)], c_i = Σ_j p_ij log p̄_j."""
    p = softmax(logits)
    log_mean = np.log(p.mean(axis=0))
    entropy = -(p * np.log(p)).sum(axis=1, keepdims=True)
    c = (p * log_mean).sum(axis=1, keepdims=True)
    return p / len(p) * (-(np.log(p) + entropy) + gamma * (log_mean - c))


@settings(max_examples=25, deadline=None)
@given(logits_of((5, 5)))
def test_coincidence_is_the_formula(logits):
    assert float(losses.coincidence(logits)) == pytest.approx(coincidence_reference(logits), rel=1e-5)


def test_coincidence_stays_finite_where_the_formula_overflows():
    logits = np.full((3, 3), 200.0)
    assert float(losses.coincidence(logits)) == pytest.approx(200.0)


def test_coincidence_by_hand():
    """All logits 0: every pair costs log 2, positives and negatives alike."""
    assert float(losses.coincidence(np.zeros((4, 4)))) == pytest.approx(2 * np.log(2))


@settings(max_examples=25, deadline=None)
@given(logits_of((6, 4)), st.floats(0.5, 2))
def test_clustering_is_the_formula(logits, gamma):
    expected = clustering_reference(logits, gamma)
    assert float(losses.clustering(logits, gamma)) == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("batch, clusters", [(3, 2), (8, 16), (32, 5)])
def test_gradient_of_clustering_is_the_formula(batch, clusters):
    tf = pytest.importorskip("tensorflow")
    logits = np.random.default_rng(batch).normal(scale=2, size=(batch, clusters))
    variable = tf.Variable(logits, dtype=tf.float64)
    with tf.GradientTape() as tape:
        loss = losses.clustering(variable, 1.1)
    gradient = tape.gradient(loss, variable).numpy()
    np.testing.assert_allclose(gradient, clustering_gradient(logits, 1.1), rtol=1e-5, atol=1e-12)


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
    assert float(losses.clustering(diverse, 1.1)) == pytest.approx(-1.1 * np.log(4))
    assert float(losses.clustering(collapsed, 1.1)) == pytest.approx(0, abs=1e-6)
    assert float(losses.clustering(unsure, 1.1)) == pytest.approx(-0.1 * np.log(4), rel=1e-5)


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
