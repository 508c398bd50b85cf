"""Several channels → one, without losing what two microphones hear in opposite phase."""

from __future__ import annotations

import numpy as np

LOST = 0.01
"""the channels cancel each other where their mean has less than this share of the power of the loudest: 20 dB"""
BLOCK = 16_384
"""sample frames averaged at once, which stay in the processor's cache"""


class Mono:
    """Makes blocks of samples (n, channels), of any kind, mono: float32 (n,), full scale 1, the mean or ``channel``.

    Keeps count of how loud each channel and the mean have been.
    """

    def __init__(self, channel: int | None = None):
        self.channel, self.power, self.power_of_mean = channel, np.zeros(0), 0.0

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        channels = samples.shape[1]
        if channels > len(self.power):
            self.power = np.pad(self.power, (0, channels - len(self.power)))
        weights = np.full(channels, 1 / channels, np.float32)
        if self.channel is not None:
            weights = np.eye(channels, dtype=np.float32)[min(self.channel, channels - 1)]
        mean = np.empty(len(samples), np.float32)
        # numpy's own mean along a short axis takes longer than decoding
        for first in range(0, len(samples), BLOCK):
            block, scale = _levels(samples[first : first + BLOCK])
            part = mean[first : first + BLOCK]
            np.matmul(block, weights * scale, out=part)
            if channels > 1:
                with np.errstate(over="ignore", invalid="ignore"):
                    self.power[:channels] += np.ones(len(block), np.float32) @ (block * block) * scale**2
                    self.power_of_mean += float(part @ part)
        return mean

    def lost(self) -> int | None:
        """The loudest channel, if the mean has lost it."""
        if self.channel is None and len(self.power) > 1 and self.power_of_mean < LOST * self.power.max():
            return int(self.power.argmax())
        return None


def _levels(block: np.ndarray) -> tuple[np.ndarray, np.float32]:
    """The samples as float32, and what to multiply them with for a full scale of 1."""
    if block.dtype == np.uint8:
        return block.astype(np.float32) - 128, np.float32(1 / 128)
    scale = -1 / float(np.iinfo(block.dtype).min) if np.issubdtype(block.dtype, np.integer) else 1
    return block.astype(np.float32, copy=False), np.float32(scale)
