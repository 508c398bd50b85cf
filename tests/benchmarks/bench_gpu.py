"""On a GPU: steps of stage 2 with ResNet-50 and their share of the chip's peak, and the loss of a million clusters.

Each backend of Keras that is installed and finds a GPU is measured in a process of its own: JAX, PyTorch, TensorFlow.
Without a GPU it says so.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from common import alternately, arguments, ratio, report

BACKENDS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}  # in this order; the first one is reported
PAIRS, PIXELS, STEPS = 128, 224, 10
CLUSTERS, DIMENSIONS, GAMMA = 1_000_000, 128, 1.1
SIDE = 8192  # of the matrices whose product is taken for the peak


def gpu() -> str | None:
    """The name of the GPU that the backend of this process computes on."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return None if jax.default_backend() == "cpu" else jax.devices()[0].device_kind
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(devices[0])["device_name"] if devices else None


def on_device(function, arrays):
    """A function that calls ``function(*arrays)`` compiled as the backend does in training, and waits for its end.

    Also the bytes on the device that a call takes besides the arrays, its results with them.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        held = [jax.device_put(array) for array in arrays]
        compiled = jax.jit(function).lower(*held).compile()
        memory = compiled.memory_analysis()
        return lambda: jax.block_until_ready(compiled(*held)), memory.temp_size_in_bytes + memory.output_size_in_bytes
    if keras.backend.backend() == "torch":
        import torch

        held = [keras.ops.convert_to_tensor(array) for array in arrays]

        def call():
            found = function(*held)
            torch.cuda.synchronize()
            return found

        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        return call, torch.cuda.max_memory_allocated() - before
    import tensorflow as tf

    held = [tf.constant(array) for array in arrays]
    compiled = tf.function(function)

    def call():
        return [part.numpy().ravel()[:1] for part in tf.nest.flatten(compiled(*held))]

    call()
    tf.config.experimental.reset_memory_stats("GPU:0")
    before = tf.config.experimental.get_memory_info("GPU:0")["current"]
    call()
    return call, tf.config.experimental.get_memory_info("GPU:0")["peak"] - before


def with_gradients(loss):
    """``loss`` and its gradients by each of its three arguments."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.value_and_grad(loss, argnums=(0, 1, 2))
    if keras.backend.backend() == "torch":
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


def peak(dtype: str) -> float:
    """TFLOP/s of the product of two large matrices, in what the backend makes of this type."""
    from keras import ops

    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2)]

    def chain(a, b):  # ten products a call, so that the call itself is lost in them; kept from growing
        a, b = ops.cast(a, dtype), ops.cast(b, dtype)
        for _ in range(10):
            a = ops.matmul(a, b) * SIDE**-0.5
        return a

    call, _ = on_device(chain, matrices)
    return 10 * 2 * SIDE**3 / median(alternately({"product": call})["product"]) / 1e12


def products(model) -> float:
    """FLOP of the convolutions and dense layers of a model for one input, forward."""
    from keras import layers

    counted = [layer for layer in model.layers if isinstance(layer, (layers.Conv2D, layers.Dense))]
    assert sum(layer.count_params() for layer in counted) > 0.9 * model.count_params()
    places = [np.prod(layer.output.shape[1:-1], dtype=float) for layer in counted]
    return sum(2 * place * np.prod(layer.kernel.shape) for place, layer in zip(places, counted, strict=True))


def stage2(precision: str) -> dict:
    """Steps of stage 2 with ResNet-50 on the same batch again and again, and on batches drawn from stored features."""
    import keras
    from bench_training import write_features

    from c3 import config, curriculum
    from c3.models.network import Network
    from c3.sampling import Sampler

    row = config.Model(losses={"audio_visual": 1.0, "audio_audio": 1.0}, delta_t=10)
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        features = write_features(Path(folder), PIXELS, PAIRS)
        sampler = Sampler(features, "train", tuple(row.losses), row.delta_t, PAIRS, 0, row.augmentation)
        spec = config.Network(trunk="resnet50", precision=precision)
        network = Network(spec.model_dump(), features.spec.model_dump())
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
        "drawn_ratio": ratio(seconds["drawn"], seconds["repeated"]),
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
        found[f"{name}_{batch}"] = {
            "seconds": median(alternately({name: call})[name]),
            "gib": extra / 2**30,
        }
        print(name, batch, found[f"{name}_{batch}"], file=sys.stderr, flush=True)
    return found


def loss_of_a_million() -> dict:
    """Each form of the loss: in blocks of several sizes, of all logits at once, of a product head."""
    from keras import ops

    from c3 import config, losses

    def naive(embeddings, kernel, bias):
        log_p = ops.log_softmax(ops.matmul(embeddings, kernel) + bias, axis=-1)
        mean_entropy = -ops.mean(ops.sum(ops.exp(log_p) * log_p, axis=-1))
        log_mean = ops.logsumexp(log_p, axis=0) - ops.log(float(embeddings.shape[0]))
        return mean_entropy + GAMMA * ops.sum(ops.exp(log_mean) * log_mean)

    factors = config.Network(clusters=CLUSTERS, cluster_factors=2).factors
    streamed = functools.partial(losses.clustering, gamma=GAMMA)
    forms = {
        "naive": (naive, CLUSTERS),
        "streamed": (streamed, CLUSTERS),
        "product": (functools.partial(losses.product_clustering, factors=factors, gamma=GAMMA), sum(factors)),
    }
    blocks = {f"blocks_of_{2**n}": (functools.partial(streamed, chunk=2**n), CLUSTERS) for n in (10, 13, 18)}
    large = {f"blocks_of_{2**n}": (functools.partial(streamed, chunk=2**n), CLUSTERS) for n in (8, 10, 12, 14)}
    return million(1024, forms | blocks) | million(32_768, large)


def measure() -> None:
    """In a process with ``KERAS_BACKEND`` set: prints what one backend shows."""
    name = gpu()
    found = {"gpu": name}
    if name:
        found["loss"] = loss_of_a_million()
        for dtype, precision in (("float32", "float32"), ("bfloat16", "mixed_bfloat16")):
            ceiling = peak(dtype)
            step = stage2(precision)
            found[precision] = {"peak_tflops": ceiling, **step, "share_of_peak": step["tflops"] / ceiling}
            print(precision, found[precision], file=sys.stderr, flush=True)
    print(json.dumps(found))


def main() -> None:
    full = arguments(__doc__).full
    found = {}
    for backend in BACKENDS:
        command = [sys.executable, __file__, "--child", *(["--full"] if full else [])]
        environment = os.environ | {"KERAS_BACKEND": backend, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
        if not done.returncode:
            found[backend] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        measure()
    else:
        main()
