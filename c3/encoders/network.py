"""A network of C3 that was trained elsewhere as an encoder, with the features that travel in its file."""

from __future__ import annotations

import numpy as np

from c3 import config
from c3.data.features import log_mel
from c3.encoders.interface import Encoder
from c3.errors import C3Error
from c3.models import network as networks


def load(path: str) -> Encoder:
    """The audio trunk in a .keras file. :class:`C3Error` if the file is not a network of C3 or has no trunk."""
    network = networks.read(path)
    if network.audio_trunk is None:
        raise C3Error(f"{path} holds no network of C3 that embeds sound; allowed is a file of scripts/train.py.")
    spec = config.Features(**network.features)

    def embed(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = log_mel(samples, spec)
        count = len(rows) // spec.window_rows
        windows = rows[: count * spec.window_rows].reshape(count, *spec.window_shape)
        return (np.arange(count) + 0.5) * spec.window_seconds, network.embed(windows)

    return Encoder(spec.sample_rate, embed)
