"""On a GPU: the loss of a million clusters in seconds and bytes, and steps of stage 2 with ResNet-50.

``KERAS_BACKEND`` chooses what computes: tensorflow, jax or torch. Without a GPU it says so and measures nothing. With
--full the loss also in blocks of several sizes and for 32,768 windows.
"""

import functools
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from bench_clustering_loss import BATCH, DIMENSIONS, GAMMA, naive
from common import alternately, arguments, ratio, report

from c3 import config
from c3.cli import import_keras

import_keras()

import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

from c3.training import losses  # noqa: E402

PAIRS, PIXELS, STEPS = 128, 224, 10
CLUSTERS = 1_000_000
SIDE = 8192  # of the matrices whose product is taken for the peak
BACKEND = keras.backend.backend()


def gpu() -> str | None:
    """The name of the GPU that the backend computes on."""
    if BACKEND == "jax":
        import jax

        return None if jax.default_backend() == "cpu" else jax.devices()[0].device_kind
    if BACKEND == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(devices[0])["device_name"] if devices else None


def on_device(function, arrays):
    """A function that calls ``function(*arrays)`` compiled as in a training, and waits for its end.

    Also the bytes on the device that a call takes besides the arrays, its results with them.
    """
    if BACKEND == "jax":
        import jax

        held = [jax.device_put(array) for array in arrays]
        compiled = jax.jit(function).lower(*held).compile()
        memory = compiled.memory_analysis()
        return lambda: jax.block_until_ready(compiled(*held)), memory.temp_size_in_bytes + memory.output_size_in_bytes
    if BACKEND == "torch":
        import torch

        held = [ops.convert_to_tensor(array) for array in arrays]

        def call():
            function(*held)
            torch.cuda.synchronize()

        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return call, torch.cuda.max_memory_allocated() - before
    import tensorflow as tf

    held = [tf.constant(array) for array in arrays]
    compiled = tf.function(function)

    def call():
        for part in tf.nest.flatten(compiled(*held)):
            float(tf.reshape(part, [-1])[0])

    call()
    tf.config.experimental.reset_memory_stats("GPU:0")
    before = tf.config.experimental.get_memory_info("GPU:0")["current"]
    call()
    return call, tf.config.experimental.get_memory_info("GPU:0")["peak"] - before


def with_gradients(loss):
    """``loss`` and its gradients by each of its three arguments."""
    if BACKEND == "jax":
        import jax

        return jax.value_and_grad(loss, argnums=(0, 1, 2))
    if BACKEND == "torch":
        import torch

        def differentiate(*arrays):
            arrays = [array.detach().requires_grad_() for array in arrays]
            value = loss(*arrays)
            return value.detach(), torch.autograd.grad(value, arrays)

        return differentiate
    import tensorflow as tf

    def differentiate(*arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            value = loss(*arrays)
        return value, tape.gradient(value, arrays)

    return differentiate


def peak() -> float:
    """TFLOP/s of the product of two large float32 matrices, with what the backend makes of it by default."""
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2)]

    def chain(a, b):  # ten products a call, so that the call itself is lost in them; kept from growing
        for _ in range(10):
            a = ops.matmul(a, b) * SIDE**-0.5
        return a

    call, _ = on_device(chain, matrices)
    return 10 * 2 * SIDE**3 / median(alternately({"product": call})["product"]) / 1e12


def products(model: keras.Model) -> float:
    """FLOP of the convolutions and dense layers of a model for one input, forward."""
    counted = [layer for layer in model.layers if isinstance(layer, (layers.Conv2D, layers.Dense))]
    assert sum(layer.count_params() for layer in counted) > 0.9 * model.count_params()
    places = [np.prod(layer.output.shape[1:-1], dtype=float) for layer in counted]
    return float(sum(2 * place * np.prod(layer.kernel.shape) for place, layer in zip(places, counted, strict=True)))


def stage2() -> dict:
    """Steps of stage 2 with ResNet-50 on the same batch again and again, and on batches drawn from stored features."""
    from bench_training import write_features

    from c3.models.network import Network
    from c3.training import curriculum
    from c3.training.sampling import Sampler

    row = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0})
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        features = write_features(Path(folder), PIXELS, PAIRS)
        sampler = Sampler(features, "train", tuple(row.losses), row.delta_t, PAIRS, 0, row.augmentation)
        network = Network(config.Network(trunk="resnet50").model_dump(), features.spec.model_dump())
        kept = sampler.draw(0)
        objective = curriculum.compiled(network, row, config.Training(batch=PAIRS), kept)

        def train(batches):
            for batch in batches:
                found = objective.train_on_batch(batch, return_dict=True)
            float(found["loss"])

        start = time.perf_counter()
        train([kept])
        first = time.perf_counter() - start
        seconds = alternately(
            {
                "repeated": lambda: train([kept] * STEPS),
                "drawn": lambda: train(batch for _, batch in curriculum.ahead(sampler.draw, range(STEPS))),
            }
        )
    rate = PAIRS * STEPS / median(seconds["repeated"])
    flop = 3 * (2 * products(network.audio_trunk) + products(network.image_trunk))  # backwards twice as much
    return {
        "pairs_per_second": rate,
        "gflop_per_pair": flop / 1e9,
        "tflops": rate * flop / 1e12,
        "drawn_over_repeated": ratio(seconds["drawn"], seconds["repeated"]),
        "seconds_of_first_step": first,
    }


def million(batch: int, forms: dict) -> dict:
    """Seconds and GiB of the loss of a million clusters and its gradients."""
    rng = np.random.default_rng(0)
    found = {}
    for name, (loss, outputs) in forms.items():
        kernel = 0.1 * rng.standard_normal((DIMENSIONS, outputs), np.float32)
        arrays = [rng.standard_normal((batch, DIMENSIONS), np.float32), kernel, np.zeros(outputs, np.float32)]
        call, extra = on_device(with_gradients(loss), arrays)
        seconds = median(alternately({name: call})[name])
        found |= {f"{name}_of_{batch}_seconds": seconds, f"{name}_of_{batch}_gib": extra / 2**30}
        print(f"{name}, {batch} windows: {seconds:.4f} s, {extra / 2**30:.3f} GiB", file=sys.stderr, flush=True)
    return found


def loss_of_a_million(full: bool) -> dict:
    """Each form of the loss: in blocks, of all logits at once, of a product head."""

    def blocks(columns=None):
        return functools.partial(losses.clustering, gamma=GAMMA, chunk=columns), CLUSTERS

    factors = config.Network(clusters=CLUSTERS, cluster_factors=2).factors
    product = functools.partial(losses.product_clustering, factors=factors, gamma=GAMMA)
    found = million(BATCH, {"naive": (naive, CLUSTERS), "streamed": blocks(), "product": (product, sum(factors))})
    if full:
        found |= million(BATCH, {f"blocks_of_2**{n}": blocks(2**n) for n in (10, 16, 18)})
        found |= million(32_768, {f"blocks_of_2**{n}": blocks(2**n) for n in (8, 10, 12, 14)})
    return found


def main(full: bool) -> None:
    name = gpu()
    if not name:
        return report("gpu", None, "none: no GPU was found", backend=BACKEND)
    measured = loss_of_a_million(full)
    ceiling = peak()
    print(f"a product of large matrices: {ceiling:.1f} TFLOP/s", file=sys.stderr, flush=True)
    step = stage2()
    report(
        "gpu",
        step["tflops"] / ceiling,
        "stage 2 with ResNet-50 at the TFLOP/s of a product of large matrices",
        backend=BACKEND,
        gpu=name,
        peak_tflops=ceiling,
        **step,
        **measured,
    )


if __name__ == "__main__":
    main(arguments(__doc__).full)
