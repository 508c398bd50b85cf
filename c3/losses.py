"""The losses of the curriculum: pure functions of arrays, written against ``keras.ops``.

Each returns a scalar. B is the number of pairs or windows in the batch, K the number of clusters.
"""

import numpy as np
from keras import ops


def coincidence(logits):
    """Do the two items of a pair occur close in time? All pairs of the batch are asked.

    ``L = −1/B Σᵢ log p(xᵢ, zᵢ) − 1/(B(B−1)) Σ_{i≠j} log(1 − p(xᵢ, zⱼ))`` with ``p = σ(logit)``, computed from
    logits so that it neither overflows nor loses the tail (Jansen et al., ICASSP 2020, coincidence loss).

    Args:
        logits: (B, B); entry (i, j) scores item i of the first kind with item j of the second. The diagonal
            holds the positive pairs; the B recordings must differ, so that all others are negative.

    Example:
        >>> float(coincidence([[9.0, -9.0], [-9.0, 9.0]]))  # doctest: +ELLIPSIS
        0.00024...
    """
    logits = ops.convert_to_tensor(logits)
    batch = ops.cast(ops.shape(logits)[0], logits.dtype)
    diagonal = ops.diagonal(logits)
    positive = ops.sum(ops.softplus(-diagonal)) / batch
    negative = (ops.sum(ops.softplus(logits)) - ops.sum(ops.softplus(diagonal))) / (batch * (batch - 1))
    return positive + negative


def clustering(logits, gamma):
    """Confident assignments, diverse over the batch.

    ``L = 1/B Σᵢ H[pᵢ] − γ H[p̄]``, ``p̄ = 1/B Σᵢ pᵢ``, entropies in nats (ICASSP 2020, entropy-based clustering).
    Its gradient is ``∂L/∂z_ik = p_ik/B · [−(log p_ik + H_i) + γ (log p̄_k − Σⱼ p_ij log p̄ⱼ)]``.

    Args:
        logits: (B, K), outputs of the cluster head before the softmax.
        gamma: γ, the weight of diversity.

    Example:
        >>> float(clustering([[50.0, 0.0], [0.0, 50.0]], gamma=1.1))  # doctest: +ELLIPSIS
        -0.762...
    """
    mean_entropy, entropy_of_mean = assignment_entropies(logits)
    return mean_entropy - gamma * entropy_of_mean


def assignment_entropies(logits):
    """Mean entropy of the assignments and entropy of the mean assignment, in nats, of logits (B, K)."""
    logits = ops.convert_to_tensor(logits)
    log_p = ops.log_softmax(logits, axis=-1)
    mean_entropy = -ops.mean(ops.sum(ops.exp(log_p) * log_p, axis=-1))
    batch = ops.cast(ops.shape(logits)[0], logits.dtype)
    log_mean = ops.logsumexp(log_p, axis=0) - ops.log(batch)
    return mean_entropy, -ops.sum(ops.exp(log_mean) * log_mean)


def classification(logits, labels):
    """Sigmoid cross-entropy of propagated labels, mean over windows and classes (ICASSP 2020, consolidation).

    Args:
        logits: (B, classes), outputs of the classifier head before the sigmoid.
        labels: (B, classes), 1 where the window carries the label, else 0.

    Example:
        >>> float(classification([[0.0, 0.0]], [[1.0, 0.0]]))  # doctest: +ELLIPSIS
        0.693...
    """
    return ops.mean(ops.binary_crossentropy(labels, logits, from_logits=True))


def triplet(anchors, positives, negative, margin=0.1):
    """Is each anchor closer to its positive than to another item, by a margin?

    ``L = mean max(0, |a−p|² − |a−n|² + margin)`` on the unit sphere. n is the semi-hard negative of the batch: the
    nearest that is further than p; where none is further, the furthest (Schroff et al., CVPR 2015). Pairs close in
    time or of one label as positives: Jansen et al., ICASSP 2018.

    Args:
        anchors, positives: (B, d) embeddings of any length; row i of both is a pair.
        negative: (B, B), entry (i, j) true where positive j is a negative for anchor i. Anchors without any do
            not count.
        margin: what the distances, from 0 to 4, must differ by.

    Example:
        >>> float(triplet([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [[False, True], [True, False]]))
        0.0
    """
    anchors, positives = (ops.normalize(ops.convert_to_tensor(x), axis=-1) for x in (anchors, positives))
    negative = ops.convert_to_tensor(negative)
    distances = 2.0 - 2.0 * ops.matmul(anchors, ops.transpose(positives))
    same = ops.diagonal(distances)[:, None]
    further = ops.logical_and(negative, distances > same)
    nearest = ops.min(ops.where(further, distances, np.inf), axis=1)
    furthest = ops.max(ops.where(negative, distances, -np.inf), axis=1)
    chosen = ops.where(ops.any(further, axis=1), nearest, furthest)
    counted = ops.any(negative, axis=1)
    hinge = ops.maximum(same[:, 0] - ops.where(counted, chosen, 8.0) + margin, 0.0)
    return ops.sum(hinge) / ops.maximum(ops.sum(ops.cast(counted, hinge.dtype)), 1.0)
