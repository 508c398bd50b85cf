"""A network of C3 with the HEAR interface, for any tool that takes a module with it.

Turian et al., "HEAR: Holistic Evaluation of Audio Representations", NeurIPS 2021 competition track. Models and tensors
are PyTorch's where that is the backend of Keras, else TensorFlow's.
"""

from __future__ import annotations

import keras
import numpy as np

from c3 import config
from c3.data.features import log_mel
from c3.encoders.hear import array
from c3.errors import C3Error
from c3.models import network as networks

if keras.backend.backend() == "torch":
    import torch

    Module, tensor = torch.nn.Module, torch.from_numpy
else:
    import tensorflow as tf

    Module, tensor = tf.Module, tf.constant

FINEST = 0.05
"""seconds between two timestamps at most, as HEAR asks"""


class Model(Module):
    """A network with what HEAR asks of a model: ``sample_rate`` and the sizes of its embeddings."""

    def __init__(self, network: networks.Network):
        super().__init__()
        self.network, self.features = network, config.Features(**network.features)
        self.sample_rate = self.features.sample_rate
        self.scene_embedding_size = self.timestamp_embedding_size = config.Network(**network.spec).embedding

    @property
    def step(self) -> int:
        """Spectra between two timestamps: a part of half a window, so that the middles of windows are among them."""
        most = max(int(FINEST / self.features.stft_hop_seconds + 1e-6), 1)
        return next(step for step in range(most, 0, -1) if self.features.window_rows // 2 % step == 0)

    def windows(self, sound: np.ndarray, step: int) -> np.ndarray:
        """Windows (k, 96, 64) of sound (samples,), ``step`` spectra apart; too short a sound is filled with zeros."""
        spec = self.features
        hop, length = (round(each * spec.sample_rate) for each in (spec.stft_hop_seconds, spec.stft_window_seconds))
        least = (spec.window_rows - 1) * hop + length
        sound = np.pad(sound, (0, max(0, least - len(sound))))
        rows = np.lib.stride_tricks.sliding_window_view(log_mel(sound, spec), spec.window_rows, axis=0)
        return rows[::step].swapaxes(1, 2)


def load_model(model_file_path: str = "") -> Model:
    """The network in a .keras file of scripts/train.py. :class:`C3Error` if it is none, or embeds no sound."""
    if not model_file_path:
        raise C3Error("c3.hear has no network of its own; allowed is the path of a .keras file of scripts/train.py.")
    network = networks.read(model_file_path)
    if network.audio_trunk is None:
        raise C3Error(f"{model_file_path} holds no network of C3 that embeds sound; allowed is one with a trunk.")
    return Model(network)


def get_timestamp_embeddings(audio, model: Model):
    """Embeddings (n, t, d) float32 of sounds (n, samples) in [-1, 1], and their times (n, t) in milliseconds.

    A time is the middle of the window that was embedded; the first is 0, what lies outside of the sound is silent.
    """
    spec, sounds = model.features, np.asarray(array(audio), np.float32)
    half = spec.window_rows // 2 * round(spec.stft_hop_seconds * spec.sample_rate)
    vectors = [model.network.embed(model.windows(np.pad(sound, half), model.step)) for sound in sounds]
    times = np.arange(len(vectors[0])) * (1000 * model.step * spec.stft_hop_seconds)
    return tensor(np.stack(vectors)), tensor(np.tile(times.astype(np.float32), (len(sounds), 1)))


def get_scene_embeddings(audio, model: Model):
    """An embedding of each of the sounds (n, samples): the mean over its windows, one after another; (n, d) float32."""
    sounds, step = np.asarray(array(audio), np.float32), model.features.window_rows
    return tensor(np.stack([model.network.embed(model.windows(sound, step)).mean(axis=0) for sound in sounds]))
