"""The one network of C3: audio and image trunk, two coincidence heads, cluster head, classifier head.

For vectors made elsewhere there are no trunks, and the heads are trained on the vectors as they are.
"""

import json
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from c3 import config
from c3.errors import C3Error
from c3.models import replicas
from c3.models.heads import CoincidenceHead, classifier_head
from c3.models.trunks import TRUNKS

WINDOWS = ("audio", "pair", "labelled", "anchor", "positive")
BROKEN = (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)
BROKEN += (UserWarning, zipfile.BadZipFile, zlib.error, struct.error)
"""what is raised for a file that is cut or changed"""
PARTS = ("audio_trunk", "image_trunk", "audio_visual", "audio_audio", "cluster_head")


@keras.saving.register_keras_serializable("c3")
class Network(keras.Model):
    """Embeds windows and frames, and scores coincidence, clusters and classes (ICASSP 2020, one network).

    Args:
        spec: the section ``network`` of the configuration.
        features: the section ``features``; it travels in the file, so that no other features are fed to it.
        classes: labels the classifier head knows, in the order of its outputs; empty before consolidation,
            so that no unsupervised stage knows even which classes exist.
        embedding: one of the section ``embeddings``: who makes the vectors that heads alone are trained on; None of
            a network with trunks. Like the next it travels in the file, for recordings that it is not trained on.
        segment_seconds: length of the longest segment that it is trained on.
        card: what it was made of (:mod:`c3.models.card`), in the file too.
    """

    def __init__(
        self,
        spec: dict,
        features: dict,
        classes: list[str] = (),
        embedding: dict | None = None,
        segment_seconds: float | None = None,
        card: dict | None = None,
        **kwargs,
    ):
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})  # inputs are rounded by the trunks, not before
        self.spec, self.features, self.classes = dict(spec), dict(features), list(classes)
        self.embedding, self.segment_seconds, self.card = embedding, segment_seconds, card or {}
        sizes, shapes = config.Network(**spec), config.Features(**features)
        self.window_shape, self.frame_shape = shapes.window_shape, shapes.frame_shape
        self.audio_trunk = self.image_trunk = None
        if sizes.trunk:
            self.audio_trunk = TRUNKS[sizes.trunk]((*self.window_shape, 1), sizes.embedding)
            self.image_trunk = TRUNKS[sizes.trunk](self.frame_shape, sizes.embedding)
        self.audio_visual = CoincidenceHead(sizes.coincidence_units)
        self.audio_audio = CoincidenceHead(sizes.coincidence_units)
        self.factors = sizes.factors
        self.cluster_head = layers.Dense(sum(self.factors), dtype=keras.config.floatx())
        self.classifier = classifier_head(sizes.classifier_units, len(self.classes)) if self.classes else None
        pair, single = [(None, sizes.embedding)] * 2, (None, sizes.embedding)
        self.audio_visual.build(pair)
        self.audio_audio.build(pair)
        self.cluster_head.build(single)
        if self.classifier:
            self.classifier.build(single)
        self.built = True

    def call(self, inputs: dict, training: bool = False) -> dict:
        """Outputs for the inputs that are there.

        Args:
            inputs: ``audio`` (B, 96, 64) windows; optional ``pair`` (B, 96, 64), a second window of each
                recording; ``frame`` (B, px, px, 3) uint8, a frame of each; and windows with labels:
                ``labelled`` (M, 96, 64), ``anchor`` and ``positive`` (M, 96, 64). Or, of embeddings, for which
                no trunk is run: ``stored`` (B, d) and optional ``stored_labelled`` (M, d).

        Returns:
            ``embedding``, of each input of windows or frames (·, d), by its name; in training on several devices the
            inputs are a part of the batch, and all outputs those of the whole; ``unlabelled``, those of audio and pair
            or of stored (B or 2B, d); ``audio_visual`` and ``audio_audio`` logits (B, B) of the heads;
            ``classification`` logits (M, classes).
        """
        if "stored" in inputs:
            stored = replicas.gather(inputs["stored"])
            outputs = {"embedding": {"stored": stored}, "unlabelled": stored}
            if "stored_labelled" in inputs:
                outputs["classification"] = self.classifier(replicas.gather(inputs["stored_labelled"]))
            return outputs
        names = [name for name in WINDOWS if name in inputs]
        windows = ops.concatenate([inputs[name] for name in names], axis=0)
        embeddings = self.audio_trunk(windows[..., None], training=training)
        embedding, first = {}, 0
        for name in names:
            last = first + ops.shape(inputs[name])[0]
            embedding[name], first = replicas.gather(embeddings[first:last]), last
        outputs = {"embedding": embedding}
        if "audio" in inputs:
            unlabelled = [embedding[name] for name in ("audio", "pair") if name in inputs]
            outputs["unlabelled"] = ops.concatenate(unlabelled, axis=0)
        if "frame" in inputs:
            frames = ops.cast(inputs["frame"], "float32") / 127.5 - 1.0
            embedding["frame"] = replicas.gather(self.image_trunk(frames, training=training))
            outputs["audio_visual"] = self.audio_visual([embedding["audio"], embedding["frame"]])
        if "pair" in inputs:
            outputs["audio_audio"] = self.audio_audio([embedding["audio"], embedding["pair"]])
        if "labelled" in inputs:
            outputs["classification"] = self.classifier(embedding["labelled"], training=training)
        return outputs

    def embed(self, windows: np.ndarray, batch: int = 256) -> np.ndarray:
        """Embeddings (N, d) float32 of windows (N, 96, 64)."""
        return self.audio_trunk.predict(windows[..., None], batch_size=batch, verbose=0)

    def log_assignments(self, embeddings):
        """Logarithm of the probability of each cluster (B, K) for a few embeddings (B, d).

        With two factors, cluster k₁ · K₂ + k₂ has the probability p₁(k₁) p₂(k₂).
        """
        logits = self.cluster_head(embeddings)
        parts = ops.split(logits, [self.factors[0]], axis=1) if len(self.factors) > 1 else [logits]
        log_p = ops.log_softmax(parts[0], axis=-1)
        for part in parts[1:]:
            log_p = ops.reshape(log_p[:, :, None] + ops.log_softmax(part, axis=-1)[:, None, :], (len(embeddings), -1))
        return log_p

    def classify(self, embeddings: np.ndarray, batch: int = 4096) -> np.ndarray:
        """Probability of each of ``classes`` (N, classes) float32 for embeddings (N, d)."""
        blocks = [embeddings[first : first + batch] for first in range(0, len(embeddings), batch)]
        return np.concatenate([ops.convert_to_numpy(ops.sigmoid(self.classifier(block))) for block in blocks])

    def start_from(self, other: "Network") -> None:
        """Copy the weights of all parts but the classifier; a cluster head of another size keeps its own."""
        for part in PARTS:
            if getattr(self, part) and (part != "cluster_head" or self.factors == other.factors):
                getattr(self, part).set_weights(getattr(other, part).get_weights())

    def get_config(self):
        return {
            "spec": self.spec,
            "features": self.features,
            "classes": self.classes,
            "embedding": self.embedding,
            "segment_seconds": self.segment_seconds,
            "card": self.card,
        }


def read(path: str | Path) -> Network:
    """Read a network, whatever it was trained on; :class:`C3Error` if the file is not one.

    Files come from elsewhere, and no program in one is run: it may hold numbers and one object, a network of C3.
    """
    try:
        _check_plain(path)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Skipping nested container")  # weights that are not there
            network = keras.saving.load_model(path, compile=False)
    except BROKEN as error:
        what = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise C3Error(f"{path} is not a C3 network ({what}); allowed is a file of scripts/train.py.") from None
    if not isinstance(network, Network):
        raise C3Error(f"{path} holds a {type(network).__name__}; allowed is a file of scripts/train.py.")
    return network


def _check_plain(path: str | Path) -> None:
    """ValueError unless the file describes a Network by numbers and names alone."""
    with zipfile.ZipFile(path) as archive:
        described = json.loads(archive.read("config.json"))
    if not isinstance(described, dict) or described.get("registered_name") != "c3>Network":
        raise ValueError(f"it holds a {described.get('class_name')}" if isinstance(described, dict) else "no network")
    if described.get("module") != Network.__module__ or described.get("class_name") != Network.__name__:
        raise ValueError(f"it holds {described.get('module')}.{described.get('class_name')}")
    inner = [described.get("config"), described.get("build_config")]
    while inner:
        part = inner.pop()
        if isinstance(part, dict) and "class_name" in part:
            raise ValueError(f"it holds a {part['class_name']}")
        inner += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []


def load(path: str | Path, features: config.Features) -> Network:
    """Read a network; :class:`C3Error` if the file is not one or was trained on other ``features``."""
    network = read(path)
    expected = features.model_dump()
    differing = [
        f"features.{key} is {network.features.get(key)!r} in the model but {value!r} in the features"
        for key, value in expected.items()
        if network.features.get(key) != value
    ]
    if differing:
        raise C3Error(f"{path} was trained on another feature specification: {differing[0]}; allowed are equal values.")
    return network
