"""The losses of the curriculum: pure functions of arrays, written against ``keras.ops``.

Each returns a scalar. B is the number of pairs or windows in the batch, K the number of clusters.
"""

import functools

import keras
import numpy as np
from keras import ops

BLOCKS = {"cpu": 2**20, "gpu": 2**23}  # logits at a time: 4 MB stay in a cache, 32 MB keep a GPU busy
LOWEST, TINY = -1e30, 1e-37  # stand for -inf and 0, which would make NaN of their differences and logarithms


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


def coincidence_softmax(logits):
    """Which of the batch is the other item of the pair? Each item is asked to pick it out, in both directions.

    ``L = −1/2B Σᵢ [log softmaxⱼ(zᵢⱼ)ᵢ + log softmaxⱼ(zⱼᵢ)ᵢ]`` (InfoNCE: van den Oord et al., arXiv:1807.03748, eq. 4;
    in both directions: Radford et al., ICML 2021). Hard negatives weigh more than in :func:`coincidence`, where
    each pair is judged by itself.

    Args:
        logits: as there.

    Example:
        >>> float(coincidence_softmax([[9.0, 0.0], [0.0, 9.0]]))  # doctest: +ELLIPSIS
        0.00012...
    """
    logits = ops.convert_to_tensor(logits)
    normalizers = ops.logsumexp(logits, axis=1) + ops.logsumexp(logits, axis=0)
    return ops.mean(normalizers / 2 - ops.diagonal(logits))


def with_cosine(logits, f, g, temperature=0.1):
    """Logits of all pairs, to which the cosine of the two embeddings adds: ``z'ᵢⱼ = zᵢⱼ + cos(fᵢ, gⱼ) / τ``.

    A head that is free to compare as it likes leaves the embedding free, too; the cosine draws together in it what
    belongs together (as a loss by itself: Chen et al., ICML 2020, NT-Xent).

    Args:
        logits: (B, B), of the coincidence head.
        f, g: (B, d), the embeddings of the items of the first and of the second kind.
        temperature: τ.

    Example:
        >>> ops.convert_to_numpy(with_cosine([[1.0, 2.0]], [[3.0, 0.0]], [[2.0, 0.0], [0.0, 1.0]])).tolist()
        [[11.0, 2.0]]
    """
    f, g = (ops.normalize(ops.convert_to_tensor(x), axis=-1) for x in (f, g))
    return ops.convert_to_tensor(logits) + ops.matmul(f, ops.transpose(g)) / temperature


SCORES = {"binary": lambda logits, f, g: logits, "softmax": with_cosine}
COINCIDENCE = {"binary": coincidence, "softmax": coincidence_softmax}


def clustering(embeddings, kernel, bias, gamma, chunk=None):
    """Confident assignments, diverse over the batch, of a cluster head of any size.

    ``L = 1/B Σᵢ H[pᵢ] − γ H[p̄]``, ``p̄ = 1/B Σᵢ pᵢ``, entropies in nats (ICASSP 2020, entropy-based clustering), with
    ``pᵢ = softmax(zᵢ)``, ``zᵢ = embeddingᵢ · kernel + bias``. The B × K matrix never exists: chunks of clusters are
    computed once for the normalizers of the softmax, again for the entropies, and a third time for the gradient
    ``∂L/∂z_ik = p_ik/B · [−(log p_ik + H_i) + γ (log p̄_k − c_i)]``, ``c_i = Σⱼ p_ij log p̄ⱼ``.

    Args:
        embeddings: (B, d).
        kernel, bias: (d, K) and (K,), the cluster head.
        gamma: γ, the weight of diversity.
        chunk: clusters at a time; None: as many as make a block of ``BLOCKS`` logits.

    Example:
        >>> float(clustering([[50.0, 0.0], [0.0, 50.0]], np.eye(2), np.zeros(2), gamma=1.1))  # doctest: +ELLIPSIS
        -0.762...
    """
    embeddings = ops.convert_to_tensor(embeddings)
    kernel, bias = (ops.convert_to_tensor(array, embeddings.dtype) for array in (kernel, bias))
    chunk = chunk or max(BLOCKS[_device()] // (embeddings.shape[0] or 1024), 128)
    clusters = kernel.shape[1]
    loop = functools.partial(_over_chunks, clusters, min(chunk, clusters))

    @ops.custom_gradient
    def loss(embeddings, kernel, bias):
        ones = ops.ones_like(embeddings[:, :1])
        zeros, average = ops.zeros_like(ones), ops.transpose(ones) / ops.cast(ops.shape(ones)[0], ones.dtype)

        def part(first, size):
            columns = ops.slice(kernel, (0, first), (kernel.shape[0], size))
            offsets = ops.slice(bias, (first,), (size,))[None]
            return ops.concatenate([columns, offsets, ops.ones_like(offsets)], axis=0)

        def assignments(first, size):
            columns = part(first, size)
            log_p = ops.matmul(normalized, columns)
            p = ops.exp(log_p)
            return columns, log_p, p, ops.log(ops.maximum(ops.matmul(average, p), TINY))

        def normalize(first, size, carry):
            highest, total = carry
            logits = ops.matmul(unnormalized, part(first, size))
            raised = ops.maximum(highest, ops.max(logits, axis=1, keepdims=True))
            here = ops.sum(ops.exp(logits - raised), axis=1, keepdims=True)
            return raised, total * ops.exp(highest - raised) + here

        def measure(first, size, carry):
            entropy, cross, of_mean = carry
            _, log_p, p, log_mean = assignments(first, size)
            entropy = entropy - ops.sum(p * log_p, axis=1, keepdims=True)
            cross = cross + ops.matmul(p, ops.transpose(log_mean))
            return entropy, cross, of_mean - ops.sum(ops.exp(log_mean) * log_mean)

        # With columns for the bias and the normalizer, one product gives logits or logarithms of probabilities.
        unnormalized = ops.concatenate([embeddings, ones, zeros], axis=1)
        highest, total = loop(normalize, (zeros + LOWEST, zeros))
        normalized = ops.concatenate([embeddings, ones, -highest - ops.log(total)], axis=1)
        entropy, cross, of_mean = loop(measure, (zeros, zeros, ops.sum(zeros)))

        def gradient(*args, upstream=None):
            scale = (args[0] if upstream is None else upstream) * average[0, 0]
            own, scaled = entropy + gamma * cross, ops.transpose(scale * unnormalized[:, :-1])

            def differentiate(first, size, carry):
                of_embeddings, of_kernel, of_bias = carry
                columns, log_p, p, log_mean = assignments(first, size)
                slope = p * (gamma * log_mean - (log_p + own))
                of_both = ops.matmul(scaled, slope)
                of_embeddings = of_embeddings + ops.matmul(slope, ops.transpose(scale * columns[:-2]))
                return of_embeddings, _put(of_kernel, (0, first), of_both[:-1]), _put(of_bias, (first,), of_both[-1])

            return loop(differentiate, (ops.zeros_like(embeddings), _blank(kernel), _blank(bias)))

        return ops.mean(entropy) - gamma * of_mean, gradient

    return loss(embeddings, kernel, bias)


def product_clustering(embeddings, kernel, bias, factors, gamma):
    """:func:`clustering` for a head of K₁ · K₂ clusters with ``p(k₁, k₂) = p₁(k₁) p₂(k₂)``.

    The entropy of an assignment is the sum of both; the mean assignment ``P₁ᵀ P₂ / B``, a K₁ × K₂ matrix, is no
    product, and its entropy is computed exactly.

    Args:
        embeddings, gamma: as there.
        kernel, bias: (d, K₁ + K₂) and (K₁ + K₂).
        factors: (K₁, K₂).
    """
    logits = ops.matmul(embeddings, kernel) + bias
    log_p = [ops.log_softmax(part, axis=-1) for part in (logits[:, : factors[0]], logits[:, factors[0] :])]
    first, second = (ops.exp(part) for part in log_p)
    batch = ops.cast(ops.shape(first)[0], first.dtype)
    mean_entropy = -(ops.sum(first * log_p[0]) + ops.sum(second * log_p[1])) / batch
    mean = ops.matmul(ops.transpose(first), second) / batch
    return mean_entropy + gamma * ops.sum(mean * ops.log(ops.maximum(mean, TINY)))


def _device() -> str:
    """Where the backend computes, "cpu" or "gpu"."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return "cpu" if jax.default_backend() == "cpu" else "gpu"
    if backend == "torch":
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"
    import tensorflow as tf

    return "gpu" if tf.config.list_logical_devices("GPU") else "cpu"


def _over_chunks(clusters, chunk, step, carry):
    """``carry = step(first, size, carry)`` for chunks of ``clusters``; the last one may be smaller."""
    whole = clusters // chunk
    if whole > 1 and keras.backend.backend() == "tensorflow":  # which would hold the blocks of ten rounds at once
        import tensorflow as tf

        body = lambda i, carry: (i + 1, step(i * chunk, chunk, carry))  # noqa: E731
        carry = tf.while_loop(lambda i, _: i < whole, body, (0, carry), parallel_iterations=1)[1]
    elif whole > 1:
        carry = ops.fori_loop(0, whole, lambda i, carry: step(i * chunk, chunk, carry), carry)
    else:
        carry = step(0, chunk, carry)
    rest = clusters - whole * chunk
    return step(whole * chunk, rest, carry) if rest else carry


def _blank(like):
    """An array to be filled by :func:`_put`."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.raw_ops.Empty(shape=tf.shape(like), dtype=like.dtype)  # zeros are folded to a constant that stays
    return ops.zeros_like(like)


def _put(whole, first, part):
    """``whole`` with ``part`` from the indices ``first`` on; in place, where ``ops.slice_update`` would copy it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        last = [start + size for start, size in zip(first, ops.shape(part), strict=True)]
        ones = [1] * len(last)
        return tf.raw_ops.TensorStridedSliceUpdate(input=whole, begin=first, end=last, strides=ones, value=part)
    if keras.backend.backend() == "torch":
        whole[tuple(slice(start, start + size) for start, size in zip(first, ops.shape(part), strict=True))] = part
        return whole
    return ops.slice_update(whole, first, part)


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
