"""A network as one function from sound, for programs without C3 or Keras: ONNX and LiteRT.

The log-mel front end is inside, as a convolution: each output of it is a Hann-windowed Fourier coefficient, real or
imaginary, of a spectrum (:mod:`c3.data.features` has the same by a fast transform).
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import ops

from c3 import config
from c3.data.features import fft_length, window_and_bank
from c3.errors import C3Error
from c3.models import card as cards
from c3.models.network import Network

FORMATS = {".onnx": "onnx", ".tflite": "litert"}
CARD = "c3_card"
"""key of the card in the metadata of an ONNX file"""


class LogMel(keras.layers.Layer):
    """Sound (B, samples of a window) → a window (B, 96, 64)."""

    def __init__(self, spec: config.Features):
        super().__init__(name="log_mel")
        window, parts = window_and_bank(spec)
        self.offset, self.hop = spec.log_offset, round(spec.stft_hop_seconds * spec.sample_rate)
        bins = fft_length(len(window)) // 2 - 1  # all but the first and the last
        bank = np.zeros((bins, spec.mel_bands), np.float32)
        for bands, used, weights in parts:
            bank[used, bands] = weights
        phase = 2 * np.pi / fft_length(len(window)) * np.outer(np.arange(len(window)), np.arange(1, bins + 1))
        kernel = window[:, None] * np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
        self.kernel, self.bank = kernel[:, None, :].astype(np.float32), bank

    def call(self, sound):
        parts = ops.conv(sound[:, :, None], self.kernel, strides=self.hop, padding="valid")
        real, imaginary = ops.split(parts, 2, axis=-1)
        return ops.log(ops.matmul(ops.sqrt(real * real + imaginary * imaginary), self.bank) + self.offset)


def function(network: Network) -> keras.Model:
    """``sound`` (B, samples) at the network's rate, in [-1, 1] → ``embedding`` (B, d), and probabilities: ``clusters``
    (B, K), and if it has a classifier ``classes`` (B, classes).

    The samples are those of one window: 15,600 of 0.96 s at 16 kHz, as the last spectrum reaches beyond the last hop.
    """
    spec = config.Features(**network.features)
    hop, length = (round(each * spec.sample_rate) for each in (spec.stft_hop_seconds, spec.stft_window_seconds))
    sound = keras.Input(((spec.window_rows - 1) * hop + length,), name="sound", dtype="float32")
    embedding = network.audio_trunk(LogMel(spec)(sound)[..., None])
    logits = network.cluster_head(embedding)
    first, *others = ops.split(logits, [network.factors[0]], axis=1) if len(network.factors) > 1 else [logits]
    clusters = ops.softmax(first, axis=-1)
    for logits in others:
        pairs = clusters[:, :, None] * ops.softmax(logits, axis=-1)[:, None, :]
        clusters = ops.reshape(pairs, (-1, int(np.prod(network.factors))))
    outputs = {"embedding": embedding, "clusters": clusters}
    if network.classifier is not None:
        outputs["classes"] = ops.sigmoid(network.classifier(embedding))
    return keras.Model(sound, outputs, name="c3")


def format_of(path: str | Path) -> str:
    """The format that a path's ending asks for, as Keras calls it; :class:`C3Error` for another ending."""
    ending = Path(path).suffix
    if ending not in FORMATS:
        raise C3Error(f"{path} ends in {ending!r}; allowed are {' and '.join(FORMATS)}.")
    return FORMATS[ending]


def write(network: Network, path: str | Path, card: dict) -> None:
    """Write the function of a network, with its card: as metadata in ONNX, as files of a zip at the end of LiteRT.

    Raises :class:`C3Error` for another ending, a network without a trunk, and a package that is not installed.
    """
    form = format_of(path)
    if network.audio_trunk is None:
        raise C3Error(f"{path} would be of heads alone, without a trunk; allowed is a network that embeds sound.")
    try:
        model = function(network)
        model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports what has been called
        model.export(path, format=form, verbose=False)
        if form == "onnx":
            import onnx

            model = onnx.load(path)
            onnx.helper.set_model_props(model, {CARD: json.dumps(card)})
            onnx.save(model, path)
            return
    except ImportError as error:
        raise C3Error(
            f"{path} cannot be written ({error}); allowed is to install first `pip install 'c3[export]'`."
        ) from None
    with zipfile.ZipFile(path, "a") as archive:  # decoders of the file stop before it, as with labels of other models
        archive.writestr("card.json", json.dumps(card))
        archive.writestr("card.md", cards.markdown(card) if card else "")
        archive.writestr("classes.txt", "".join(f"{name}\n" for name in network.classes))
