"""What all encoders share: the interface, and how sound is cut for those that take pieces of one length."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from c3.errors import C3Error


class Encoder(NamedTuple):
    """What makes vectors of sound."""

    sample_rate: int
    """Hz of the mono sound that it takes"""
    embed: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    """sound (n,) → seconds to the middle of what each vector stands for (k,), and vectors (k, d), all float32"""
    licence: str | None = None
    """what its user has to know, if it is not free for every use"""


def pieces(samples: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Sound (n,) in as few pieces of ``length`` samples as cover it, evenly spaced; shorter sound is padded with zeros.

    Returns:
        The first sample of each piece (k,), and the pieces (k, length) float32.
    """
    count = max(1, -(-len(samples) // length))
    first = np.linspace(0, max(len(samples) - length, 0), count).round().astype(np.int64)
    cut = np.zeros((count, length), np.float32)
    for row, start in zip(cut, first, strict=True):
        piece = samples[start : start + length]
        row[: len(piece)] = piece
    return first, cut


def embed_windows(encoder: Encoder, samples: np.ndarray, windows: int, window_seconds: float, what: str) -> np.ndarray:
    """A vector (windows, d) for each window of a segment of sound; :class:`C3Error` names ``what`` cannot be used."""
    times, vectors = encoder.embed(samples)
    if not len(vectors) or not np.isfinite(vectors).all():
        raise C3Error(
            f"The encoder made no vector, or one that is not finite, of {what}; allowed is at least one for a window of"
            " sound."
        )
    return nearest(times, vectors, windows, window_seconds)


def nearest(times: np.ndarray, vectors: np.ndarray, windows: int, window_seconds: float) -> np.ndarray:
    """For each of the windows of a segment the vector that is nearest in time to its middle, (windows, d)."""
    middles = (np.arange(windows) + 0.5) * window_seconds
    return vectors[np.abs(times[None, :] - middles[:, None]).argmin(axis=1)]
