"""Exemplars of clusters, to be heard and seen: which piece of a recording to play, how loud, in which colours."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from PIL import Image

PEAK = 0.9
"""the highest sample of a clip, of 1"""
FADE_SECONDS = 0.01
"""at both ends of a clip, so that cutting does not click"""
COLOURS = colormaps["magma"](np.arange(256), bytes=True)[:, :3].tobytes()


def piece(segment, window: int, before: bool, after: bool, window_seconds: float) -> tuple[float, float]:
    """Where window number ``window`` of a segment lies in its media file, with a window before and after if wanted.

    segment: a row of the manifest. Returns (start in the file, length), seconds.
    """
    start = segment.media_start + (window - before) * window_seconds
    return start, (before + 1 + after) * window_seconds


def audible(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mono sound (n,) made as loud as :data:`PEAK` allows, faded in and out; silence stays silence."""
    peak = np.abs(samples).max(initial=0)
    if peak == 0:
        return samples
    louder = samples * (PEAK / peak)
    fade = np.linspace(0, 1, min(round(FADE_SECONDS * sample_rate), len(samples) // 2), dtype=np.float32)
    louder[: len(fade)] *= fade
    louder[len(louder) - len(fade) :] *= fade[::-1]
    return louder


def picture(spectrogram: np.ndarray, low: float, high: float) -> Image.Image:
    """A spectrogram (rows, bands) as a picture: time to the right, high bands on top.

    ``low`` and darker is the darkest of 256 colours, ``high`` and louder the brightest.
    """
    scaled = np.clip((spectrogram.T[::-1] - low) / max(high - low, 1e-6), 0, 1)
    drawn = Image.fromarray(np.uint8(scaled * 255 + 0.5))
    drawn.putpalette(COLOURS)
    return drawn
