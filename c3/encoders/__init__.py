"""Encoders: models trained elsewhere that turn sound into vectors. A file for each kind, one interface."""

from __future__ import annotations

from c3 import config
from c3.encoders.interface import Encoder


def load(spec: config.Embedding) -> Encoder:
    """The encoder that ``spec`` names. :class:`c3.errors.C3Error` if it is not installed or cannot be read."""
    if spec.encoder == "birdnet":
        from c3.encoders import birdnet

        return birdnet.load()
    if spec.encoder.startswith("hear:"):
        from c3.encoders import hear

        return hear.load(spec.encoder.removeprefix("hear:"), spec.weights)
    from c3.encoders import network

    return network.load(spec.encoder)
