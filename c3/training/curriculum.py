"""Trains any row of the curriculum: the same loop for every model of the configuration."""

import functools
import hashlib
import json
import math
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops

from c3 import config
from c3.data.reading import reading
from c3.data.store import Features
from c3.errors import C3Error
from c3.models import replicas
from c3.models.network import Network
from c3.progress import progress
from c3.training import losses
from c3.training.sampling import Sampler, StoredSampler

ITEMS = {"audio_visual": ("audio", "frame"), "audio_audio": ("audio", "pair")}  # of a pair
BLOCK = 2**24  # cluster probabilities of held-out windows at a time, 64 MB


class Objective(keras.Model):
    """A network with the weighted sum of losses that one row trains it on.

    Args:
        network: the network.
        row: the row: its losses and their weights, and how coincidence is scored.
        gamma: γ of the clustering loss.
    """

    def __init__(self, network: Network, row: config.Row, gamma: float):
        super().__init__()
        self.network, self.weights_of, self.gamma = network, dict(row.losses), gamma
        self.coincidence = losses.COINCIDENCE[row.coincidence]
        self.scores = functools.partial(pair_scores, row.coincidence)
        self.means = {name: keras.metrics.Mean(name=name) for name in self.weights_of}

    def call(self, inputs, training=False):
        return self.network(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        embedding = y_pred["embedding"]
        targets = {name: replicas.gather(value) for name, value in x.items() if name.endswith("targets")}
        values = {
            "audio_visual": lambda: self.coincidence(self.scores("audio_visual", y_pred)),
            "audio_audio": lambda: self.coincidence(self.scores("audio_audio", y_pred)),
            "clustering": lambda: self.clustering(y_pred["unlabelled"]),
            "classification": lambda: losses.classification(y_pred["classification"], targets["targets"]),
            "triplet_proximity": lambda: losses.triplet(
                embedding["audio"], embedding["pair"], ops.eye(ops.shape(embedding["audio"])[0]) == 0
            ),
            "triplet_labels": lambda: losses.triplet(
                embedding["anchor"],
                embedding["positive"],
                ops.matmul(targets["anchor_targets"], ops.transpose(targets["positive_targets"])) == 0,
            ),
        }
        total = 0.0
        for name, weight in self.weights_of.items():
            value = values[name]()
            self.means[name].update_state(value)
            total = total + weight * value
        return total / replicas.count()  # each replica has the loss of the whole batch, and their gradients are added

    def clustering(self, embeddings):
        """The clustering loss of the network's head, plain or a product."""
        kernel, bias = (ops.convert_to_tensor(weight) for weight in self.network.cluster_head.weights)
        factors = self.network.factors
        if len(factors) == 1:
            return losses.clustering(embeddings, kernel, bias, self.gamma)
        return losses.product_clustering(embeddings, kernel, bias, factors, self.gamma)


def pair_scores(coincidence: str, kind: str, outputs: dict):
    """(B, B) scores of all pairs of a batch.

    Args:
        coincidence: how the row scores them, a key of :data:`c3.training.losses.SCORES`.
        kind: ``audio_visual`` or ``audio_audio``.
        outputs: of the network.
    """
    first, second = (outputs["embedding"][name] for name in ITEMS[kind])
    return losses.SCORES[coincidence](outputs[kind], first, second)


def set_threads(threads: int) -> None:
    """Let TensorFlow use this many threads (at most one per core), and the same order of additions in each run.

    To be called before anything is computed; other backends keep their own settings.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        threads = min(threads, os.cpu_count() or 1)
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.experimental.enable_op_determinism()


def held_out_measures(network: Network, coincidence: str, batch: dict, windows: np.ndarray) -> dict[str, float]:
    """How far a network has come, on recordings it is not trained on.

    Args:
        network: the network.
        coincidence: how the row scores pairs.
        batch: a batch of B held-out pairs, as :meth:`c3.training.sampling.Sampler.draw` gives it.
        windows: (N, 96, 64), held-out windows for the clusters; of a network without trunks their vectors, (N, d).

    Returns:
        ``auc_audio_visual``, ``auc_audio_audio``: area under the ROC curve over all B² pairs, NaN without such
        pairs; ``active_clusters``: clusters that some window is assigned to; ``mean_entropy`` and
        ``entropy_of_mean`` of the assignments in nats; ``embedding_spread``: 1 − |mean of the unit embeddings|²,
        0 for a collapsed embedding.
    """
    outputs = network(batch, training=False) if network.audio_trunk else {}
    measures = {}
    for name in ITEMS:
        if name in outputs:
            from sklearn.metrics import roc_auc_score

            scores = ops.convert_to_numpy(pair_scores(coincidence, name, outputs))
            measures[f"auc_{name}"] = roc_auc_score(np.eye(len(scores)).ravel(), scores.ravel())
        else:
            measures[f"auc_{name}"] = np.nan
    embeddings = network.embed(windows) if network.audio_trunk else windows
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    return {
        **measures,
        **cluster_measures(network, embeddings),
        "embedding_spread": float(1 - np.sum(np.mean(unit, axis=0) ** 2)),
    }


def cluster_measures(network: Network, embeddings: np.ndarray) -> dict[str, float]:
    """``active_clusters``, ``mean_entropy`` and ``entropy_of_mean`` of embeddings (N, d); some windows at a time."""
    rows = max(BLOCK // math.prod(network.factors), 1)
    chosen, entropy, total = set(), 0.0, 0.0
    for first in range(0, len(embeddings), rows):
        log_p = ops.convert_to_numpy(network.log_assignments(embeddings[first : first + rows]))
        p = np.exp(log_p)
        chosen.update(log_p.argmax(axis=1).tolist())
        entropy -= float(np.einsum("ik,ik->", p, log_p, dtype=np.float64))
        total += p.sum(axis=0, dtype=np.float64)
    mean = total / len(embeddings)
    used = mean[mean > 0]
    return {
        "active_clusters": len(chosen),
        "mean_entropy": entropy / len(embeddings),
        "entropy_of_mean": -float(np.sum(used * np.log(used))),
    }


class Checkpoint:
    """Where an interrupted training goes on: weights, optimizer and history, kept in one folder.

    A checkpoint is used only by the training that wrote it: ``key`` is everything its result depends on.
    """

    def __init__(self, folder: Path, key: str):
        self.folder, self.key = Path(folder), hashlib.sha256(key.encode()).hexdigest()
        self.state = self.folder / f"{self.key[:16]}.json"

    def save(self, objective: Objective, history: list[dict]) -> None:
        """Write the weights under a new name, then the small file that points to them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        step = history[-1]["step"]
        weights = self.folder / f"{self.key[:16]}-{step}.weights.h5"
        objective.save_weights(weights)
        temporary = self.state.with_suffix(".tmp")
        temporary.write_text(json.dumps({"weights": weights.name, "history": history}))
        os.replace(temporary, self.state)
        for other in self.folder.glob("*.weights.h5"):
            if other != weights:
                other.unlink()

    def restore(self, objective: Objective) -> list[dict]:
        """Load what :meth:`save` wrote, if anything, and return the history so far."""
        if not self.state.exists():
            return []
        with reading(self.state, f"what a training wrote; without the folder {self.folder} it begins anew"):
            state = json.loads(self.state.read_text())
            objective.load_weights(self.folder / state["weights"])
            return state["history"]

    def remove(self) -> None:
        """Forget it all, once the result is safe."""
        shutil.rmtree(self.folder, ignore_errors=True)


def start(
    spec: config.Network,
    features: config.Features,
    seed: int,
    previous: Network | None,
    classes: list[str],
    precision: str = "float32",
    embedding: config.Embedding | None = None,
    segment_seconds: float | None = None,
) -> Network:
    """A fresh network that computes with ``precision``, with the weights of ``previous`` if there is one.

    The file that it is saved to knows nothing of the precision: whoever reads it computes in float32. It knows the
    ``embedding`` that heads alone are trained on, and how long the segments are.
    """
    keras.utils.set_random_seed(seed)
    usual = keras.config.dtype_policy()
    if precision != "float32":  # Keras' own
        keras.config.set_dtype_policy(precision)
    try:
        made_elsewhere = embedding and embedding.model_dump()
        network = Network(spec.model_dump(), features.model_dump(), classes, made_elsewhere, segment_seconds)
    finally:
        keras.config.set_dtype_policy(usual)
    if previous is not None:
        network.start_from(previous)
        if previous.classes and previous.classes == network.classes:
            network.classifier.set_weights(previous.classifier.get_weights())
    return network


def train(
    network: Network,
    row: config.Row,
    training: config.Training,
    features: Features,
    seed: int,
    checkpoint: Checkpoint,
    labels: pd.DataFrame | None = None,
    name: str = "train",
    stored: np.ndarray | None = None,
) -> pd.DataFrame:
    """Train ``network`` in place on one row of the curriculum.

    Args:
        network: what :func:`start` made.
        row: the row: losses, ΔT, steps.
        training: what all rows share, with what this row overrides (:meth:`c3.config.Config.training_of`).
        features: the stored features; the split ``train`` is learnt from, ``validation`` only measured on.
        seed: seed of the batches.
        checkpoint: where to go on from, and to write to every ``training.evaluate_every`` steps.
        labels: weak labels (segment_id, window, labels; weight, if they differ), exactly if the row has a loss that
            needs them.
        name: shown beside the progress bar.
        stored: embeddings (windows, d) of the row before, exactly if the row is frozen.

    Returns:
        The history: a row per ``training.evaluate_every`` steps with ``step``, ``loss``, each loss (means since
        the last row) and :func:`held_out_measures`.

    Raises:
        C3Error: more clusters than training windows, and what the samplers of :mod:`c3.training.sampling` raise.
    """
    steps = training.steps
    windows = int(features.window_counts[features.index["split"] == "train"].sum())
    clusters = math.prod(network.factors)
    if "clustering" in row.losses and clusters > windows:
        raise C3Error(
            f"network.clusters is {clusters}, but {features.path} has {windows} training windows;"
            " allowed is at most that."
        )
    if row.frozen:
        sampler = StoredSampler(features, stored, training.batch, seed, labels)
    else:
        sampler = Sampler(
            features,
            "train",
            tuple(row.losses),
            training.delta_t,
            training.batch,
            seed,
            row.augmentation,
            labels,
        )
    batch, grid = held_out(features, row, training)
    held_out_windows = features.grid_windows(grid) if network.audio_trunk else np.asarray(stored[grid], np.float32)
    if training.batch % replicas.count():
        raise C3Error(
            f"training.batch is {training.batch}, but there are {replicas.count()} GPUs; allowed is a multiple of that."
        )

    objective = compiled(network, row, training, sampler.draw(0))
    history = checkpoint.restore(objective)
    first = history[-1]["step"] if history else 0
    recent = []  # losses since the last row of the history
    with replicas.synchronized(network):
        notes = {}
        drawn_ahead = ahead(sampler.draw, range(first, steps))
        for step, drawn in progress(drawn_ahead, f"train {name}", total=steps, done=first, notes=notes):
            recent.append(objective.train_on_batch(replicas.split(drawn), return_dict=True))
            if (step + 1) % training.evaluate_every == 0 or step + 1 == steps:
                measured = pd.DataFrame(recent).astype(float).mean().to_dict()
                measures = held_out_measures(network, row.coincidence, batch, held_out_windows)
                history.append({"step": step + 1, **measured, **measures})
                checkpoint.save(objective, history)
                recent.clear()
                notes["loss"] = f"{measured['loss']:.3f}"
    return pd.DataFrame(history)


def compiled(network: Network, row: config.Row, training: config.Training, batch: dict) -> Objective:
    """The objective of a row with its optimizer, built for batches like ``batch``: ready to train on."""
    # A row does not train the heads of losses that it does not have.
    warnings.filterwarnings("ignore", "Gradients do not exist")
    objective = Objective(network, row, training.gamma)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, training.steps)
    # The gradients of a cluster head fall with its size, and at a million clusters below Adam's usual constant.
    epsilon = 1e-7 / math.prod(network.factors) if row.frozen else 1e-7
    # Under JAX a step that is not compiled as a whole runs operation by operation.
    whole = keras.backend.backend() == "jax"
    objective.compile(optimizer=keras.optimizers.Adam(rate, epsilon=epsilon), jit_compile=whole)
    objective.build({key: value.shape for key, value in batch.items()})
    objective.optimizer.build(objective.trainable_variables)
    return objective


def ahead(draw: Callable[[int], dict], steps: Iterable[int]) -> Iterator[tuple[int, dict]]:
    """Each step with its batch; the next one is drawn while this one is trained on."""
    with ThreadPoolExecutor(1) as drawer:
        upcoming = None
        for step in steps:
            drawn = upcoming.result() if upcoming else draw(step)
            upcoming = drawer.submit(draw, step + 1)
            yield step, drawn


def held_out(features: Features, row: config.Row, training: config.Training) -> tuple[dict, np.ndarray]:
    """Pairs, and windows by their place in the window table, of the validation split, the same for every row and seed.

    Returns:
        A batch of pairs with a second window and, where the recordings have pictures, a frame; and the rows of the
        window table of all windows of the same segments.
    """
    has_frames = features.frame_counts > 0
    in_split = features.index["split"] == "validation"
    kinds = ("audio_audio", "audio_visual") if (has_frames & in_split).any() else ("audio_audio",)
    usable = in_split & has_frames if "audio_visual" in kinds else in_split
    recordings = features.index.loc[usable, "recording_id"].nunique()
    if recordings < 2:
        raise C3Error(
            f"{features.path} has {recordings} recordings in the split validation;"
            " allowed is a data.validation_share that leaves at least 2."
        )
    delta_t = min(training.delta_t, features.index.loc[usable, "seconds"].max())
    batch = Sampler(features, "validation", kinds, delta_t, min(training.held_out_pairs, recordings), seed=0).draw(0)
    grid = np.flatnonzero(features.window_table()["split"] == "validation")[: 10 * training.held_out_pairs]
    return batch, grid
