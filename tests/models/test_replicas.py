"""Two devices with half a batch each give the gradient of one device with the whole batch."""

import os
import subprocess
import sys
import textwrap

TWO = """
    import sys
    import keras, numpy as np, pandas as pd, tensorflow as tf
    from c3 import config
    from c3.training import curriculum, losses
    from c3.models import network as networks, replicas

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    devices = {1: tf.distribute.get_strategy(), 2: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])}
"""

STEP = """
    keras.config.set_floatx("float64")  # joined statistics are summed in another order: in float32 1e-3 apart
    losses.BLOCK = 1  # several chunks of clusters, the last one smaller
    rng = np.random.default_rng(0)
    targets = (rng.random((3, 8, 4)) < 0.4).astype("float64")
    windows = ("audio", "pair", "labelled", "anchor", "positive")
    batch = {name: rng.normal(size=(8, 96, 64)) for name in windows}
    batch |= {"frame": rng.integers(0, 256, (8, 32, 32, 3)).astype("uint8")}
    batch |= dict(zip(("targets", "anchor_targets", "positive_targets"), targets))
    weights = {"audio_visual": 1.0, "audio_audio": 1.0, "clustering": 0.5, "classification": 1.0}
    weights |= {"triplet_proximity": 1.0, "triplet_labels": 1.0}

    def step(strategy):
        with strategy.scope():
            spec = config.Network(clusters=300, trunk="resnet10")
            network = curriculum.start(spec, config.Features(frame_pixels=32), 0, None, list("abcd"))
            row = config.Row(losses=weights, labels={"strategy": "all"})
            objective = curriculum.Objective(network, row, gamma=1.1)
            objective.compile(optimizer=keras.optimizers.SGD(1.0), jit_compile=False)
            objective.build({name: array.shape for name, array in batch.items()})
            before = network.get_weights()
            with replicas.synchronized(network):
                logs = objective.train_on_batch(replicas.split(batch), return_dict=True)
            changes = [new - old for old, new in zip(before, network.get_weights())]
            return logs, changes, [v.path for v in network.weights]

    one, alone, names = step(devices[1])
    two, both, _ = step(devices[2])
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-5, err_msg=name)
    largest = max(np.abs(change).max() for change in alone)
    assert largest > 1e-2
    for name, first, second in zip(names, alone, both):
        np.testing.assert_allclose(second, first, rtol=1e-5, atol=1e-9 * largest, err_msg=name)
"""


TRAINING = """
    from c3.data.store import Features
    from c3.errors import C3Error

    index, folder = sys.argv[1:]
    features = Features(index)
    row = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0})

    def train(replicas, batch):
        training = config.Training(delta_t=2, steps=2, batch=batch, evaluate_every=1)
        with devices[replicas].scope():
            network = curriculum.start(config.Network(clusters=8), features.spec, 0, None, [])
            checkpoint = curriculum.Checkpoint(f"{folder}/{replicas}", "key")
            return network, curriculum.train(network, row, training, features, 0, checkpoint)

    alone, (network, both) = train(1, 8)[1], train(2, 8)
    np.testing.assert_allclose(both["loss"], alone["loss"], rtol=2e-3)
    network.save(f"{folder}/both.keras")
    loaded = networks.load(f"{folder}/both.keras", features.spec)
    windows = features.grid_windows(np.arange(5))
    np.testing.assert_allclose(loaded.embed(windows), network.embed(windows), rtol=1e-4, atol=1e-5)
    try:
        train(2, 7)
    except C3Error as error:
        assert "training.batch is 7, but there are 2 GPUs; allowed is a multiple" in str(error)
    else:
        raise AssertionError("7 windows on two devices")
"""


def run(code, *arguments):
    program = "".join(textwrap.dedent(part) for part in (TWO, code))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_devices_make_the_step_of_one():
    run(STEP)


def test_two_devices_train_as_one_and_the_network_is_an_ordinary_one(features, tmp_path):
    run(TRAINING, features.path, tmp_path)
