"""The clustering loss and its gradient, streamed over chunks of clusters, against the batch × clusters matrix."""

import json
import os
import subprocess
import sys
import threading
from statistics import median

import psutil
from common import alternately, arguments, growth, ratio, report

BATCH, DIMENSIONS, GAMMA = 1024, 128, 1.1


def naive(embeddings, kernel, bias):
    """The loss of all logits at once."""
    from keras import ops

    log_p = ops.log_softmax(ops.matmul(embeddings, kernel) + bias, axis=-1)
    mean_entropy = -ops.mean(ops.sum(ops.exp(log_p) * log_p, axis=-1))
    log_mean = ops.logsumexp(log_p, axis=0) - ops.log(float(BATCH))
    return mean_entropy + GAMMA * ops.sum(ops.exp(log_mean) * log_mean)


def steps(clusters: int) -> dict:
    """Loss and gradients by each form, with the head and Adam's two moments of it in memory."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from c3.cli import import_keras

    import_keras()
    import numpy as np
    import tensorflow as tf

    from c3 import config
    from c3.training import losses

    rng = np.random.default_rng(0)
    embeddings = tf.Variable(rng.normal(size=(BATCH, DIMENSIONS)).astype(np.float32))

    def head(outputs):
        # from numpy: TensorFlow would keep the memory of what it made on the way, and use it again
        kernel = tf.Variable(0.1 * rng.standard_normal(size=(DIMENSIONS, outputs), dtype=np.float32))
        bias = tf.Variable(np.zeros(outputs, np.float32))
        return kernel, bias, [tf.Variable(np.ones((DIMENSIONS, outputs), np.float32)) for _ in range(2)]

    def streamed(embeddings, kernel, bias):
        return losses.clustering(embeddings, kernel, bias, GAMMA)

    def factored(embeddings, kernel, bias):
        return losses.product_clustering(embeddings, kernel, bias, factors, GAMMA)

    factors = config.Network(clusters=clusters, cluster_factors=2).factors
    heads = {"plain": head(clusters), "factored": head(sum(factors))}

    def step(loss, held):
        embeddings, (kernel, bias, _) = held  # the moments are only kept, as a training does

        @tf.function
        def differentiate():
            with tf.GradientTape() as tape:
                value = loss(embeddings, kernel, bias)
            return value, tape.gradient(value, [embeddings, kernel, bias])

        return lambda held=held: float(differentiate()[0])

    return {
        "naive": step(naive, (embeddings, heads["plain"])),
        "streamed": step(streamed, (embeddings, heads["plain"])),
        "factored": step(factored, (embeddings, heads["factored"])),
    }


def extra_memory(form: str, clusters: int) -> float:
    """GiB that a process grows by in three steps; TensorFlow was warmed up with few clusters."""
    done = subprocess.run(
        [sys.executable, __file__, form, str(clusters)], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_memory(form: str, clusters: int) -> None:
    steps(900)[form]()
    step = steps(clusters)[form]
    process, seen, done = psutil.Process(), [], threading.Event()
    before = process.memory_info().rss

    def watch():
        while not done.wait(0.005):
            seen.append(process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    for _ in range(3):
        step()
    done.set()
    watching.join()
    print((max(seen) - before) / 2**30)


def main(full: bool) -> None:
    both = 102_400  # where the naive form fits
    sizes = [10_000, 102_400, 1_000_000] if full else [2_500, 22_500, 202_500]
    timed = alternately({name: step for name, step in steps(both).items()})
    runs = []
    for clusters in sizes:
        of_size = steps(clusters)
        runs.append(alternately({name: of_size[name] for name in ("streamed", "factored")}))
    seconds = {name: [median(of_size[name]) for of_size in runs] for name in ("streamed", "factored")}
    memory = {name: extra_memory(name, both) for name in timed}
    largest = 1_000_000  # fits in a small machine, unlike the naive form
    report(
        "clustering_loss",
        ratio(timed["streamed"], timed["naive"]),
        f"the loss of all logits at once, {both} clusters",
        batch=BATCH,
        **{f"{name}_seconds": median(values) for name, values in timed.items()},
        **{f"{name}_gib": value for name, value in memory.items()},
        growth=[
            growth("streamed", "clusters", sizes, seconds["streamed"]),
            growth("product head", "clusters", sizes, seconds["factored"]),
        ],
        **{f"{name}_gib_of_a_million": extra_memory(name, largest) for name in ("streamed", "factored")},
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure_memory(sys.argv[1], int(sys.argv[2]))
    else:
        main(arguments(__doc__).full)
