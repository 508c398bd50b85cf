"""One network on several GPUs: each replica embeds its part of the batch, and the heads see the whole batch.

All pairs of the joined batch are scored, and the mean assignment is the one of the joined batch, so that a step gives
the gradient that one device with the joined batch would. Needs TensorFlow (``tf.distribute.MirroredStrategy``); with
one device, or another backend, nothing here does anything.
"""

import contextlib

import keras
import numpy as np


def scope():
    """What is built in this context is mirrored on all GPUs, if there are several."""
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    several = len(tf.config.list_logical_devices("GPU")) > 1
    return tf.distribute.MirroredStrategy().scope() if several else contextlib.nullcontext()


def count() -> int:
    """Replicas of the strategy in whose scope this is called."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def gather(items):
    """(B, …) of all replicas, joined to (replicas · B, …); inside a step, and differentiable."""
    if count() == 1:
        return items
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context.all_gather(items, axis=0) if context else items  # no context: not inside a step


def split(batch: dict[str, np.ndarray]) -> dict:
    """A batch in equal parts, one for each replica; the batch itself if there is one."""
    if count() == 1:
        return batch
    import tensorflow as tf

    def parts(array):
        pieces = np.split(array, count())
        return tf.distribute.get_strategy().experimental_distribute_values_from_function(
            lambda context: tf.constant(pieces[context.replica_id_in_sync_group])
        )

    return {name: parts(array) for name, array in batch.items()}


@contextlib.contextmanager
def synchronized(network: keras.Model):
    """Batch normalization over the joined batch while in this context; the saved network knows nothing of it."""
    layers = [layer for layer in network._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in layers:
        layer.synchronized = count() > 1
    try:
        yield
    finally:
        for layer in layers:
            layer.synchronized = False
