"""The network and the losses under Keras' other backends: the same numbers as under TensorFlow.

Skipped where a backend is not installed: C3 needs neither, but what is written against ``keras.ops`` must run on both.
"""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from c3 import config
from c3.training import losses
from c3.training.curriculum import pair_scores

FEATURES = config.Features(frame_pixels=16)
GAMMA = 1.1


def numbers(path: str) -> dict[str, np.ndarray]:
    """What is compared: outputs in training and not, each loss of them, and gradients of the clustering loss."""
    from c3.models import network as networks

    network = networks.load(path, FEATURES)
    rng = np.random.default_rng(0)
    batch = {name: rng.normal(size=(6, 96, 64)).astype(np.float32) for name in ("audio", "pair", "labelled")}
    batch["frame"] = rng.integers(0, 255, size=(6, 16, 16, 3)).astype(np.uint8)
    found = {}
    for training in (False, True):
        outputs = network(batch, training=training)
        found |= {f"{name}, training={training}": outputs[name] for name in ("unlabelled", "audio_visual")}
    found["audio_audio"] = losses.coincidence(outputs["audio_audio"])
    found["softmax"] = losses.coincidence_softmax(pair_scores("softmax", "audio_visual", outputs))
    found["classification"] = losses.classification(outputs["classification"], np.eye(6, 2, dtype=np.float32))
    # not of these outputs: differences of the trunk would be added to those of the loss
    shapes = {"embeddings": (32, 8), "kernel": (8, 103), "bias": (103,)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    of_factors = lambda e, k, b: losses.product_clustering(e, k, b, (3, 100), GAMMA)  # noqa: E731
    streamed = lambda e, k, b: losses.clustering(e, k, b, GAMMA, 20)  # noqa: E731
    for name, loss in (("streamed", streamed), ("product", of_factors)):
        value, gradients = differentiate(loss, list(arrays.values()))
        found |= {name: value} | {f"{name}, {of}": each for of, each in zip(arrays, gradients, strict=True)}
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def differentiate(loss, arrays):
    """The loss and its gradient by each of the arrays."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))(*arrays)
    if backend == "torch":
        import torch

        tensors = [ops.convert_to_tensor(array).requires_grad_() for array in arrays]
        value = loss(*tensors)
        return value, torch.autograd.grad(value, tensors)
    import tensorflow as tf

    tensors = [tf.Variable(array) for array in arrays]
    with tf.GradientTape() as tape:
        value = loss(*tensors)
    return value, tape.gradient(value, tensors)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_numbers_are_those_of_tensorflow(backend, tmp_path):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    from c3.models import network as networks

    keras.utils.set_random_seed(0)
    network = networks.Network({"clusters": 8, "coincidence_units": 12}, FEATURES.model_dump(), ["a", "b"])
    network.save(tmp_path / "network.keras")
    command = [sys.executable, __file__, str(tmp_path / "network.keras"), str(tmp_path / "found.npz")]
    subprocess.run(command, env={**os.environ, "KERAS_BACKEND": backend}, check=True)
    expected, found = numbers(tmp_path / "network.keras"), np.load(tmp_path / "found.npz")
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-4, err_msg=name)


if __name__ == "__main__":
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
    np.savez(sys.argv[2], **numbers(sys.argv[1]))
