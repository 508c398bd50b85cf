"""Changes that leave alone what sounds in a window, drawn anew for each window of a batch.

The windows of one recording share its microphone, room and background. Coincidence can be told by these alone,
which teaches nothing about the sounds; drawing them anew takes that way out. A shifted pitch and missing parts are what
a sound is still to be known by when it comes from another source, or is half covered.
"""

import numpy as np


def augment(rng: np.random.Generator, windows: np.ndarray) -> np.ndarray:
    """Windows (B, 96, 64) float32 with another pitch, another channel, and parts left out; the same shape and type."""
    return leave_out(rng, change_channel(rng, shift_pitch(rng, windows)))


def shift_pitch(rng: np.random.Generator, windows: np.ndarray, bands: int = 3) -> np.ndarray:
    """Each window (B, 96, 64) moved up or down by at most so many mel bands; the band at the edge is repeated."""
    count, _, highest = windows.shape
    shift = rng.integers(-bands, bands + 1, (count, 1))
    source = np.clip(np.arange(highest) - shift, 0, highest - 1)
    return np.take_along_axis(windows, source[:, None, :], axis=2)


def leave_out(rng: np.random.Generator, windows: np.ndarray, frames: int = 24, bands: int = 12) -> np.ndarray:
    """One stretch of time and one of frequency of each window (B, 96, 64) replaced by its mean.

    Each is at most so long: a quarter of a second, a fifth of the bands. (SpecAugment: Park et al., Interspeech 2019.)
    """
    time, frequency = (
        _stretches(rng, len(windows), size, longest)
        for size, longest in zip(windows.shape[1:], (frames, bands), strict=True)
    )
    mean = windows.mean(axis=(1, 2), keepdims=True)
    return np.where(time[:, :, None] | frequency[:, None, :], mean, windows)


def _stretches(rng: np.random.Generator, count: int, size: int, longest: int) -> np.ndarray:
    """(count, size) bool: true in one stretch of 0 to ``longest`` places."""
    length = rng.integers(0, longest + 1, (count, 1))
    first = rng.integers(0, size - length + 1)
    return (np.arange(size) >= first) & (np.arange(size) < first + length)


def change_channel(rng: np.random.Generator, windows: np.ndarray) -> np.ndarray:
    """Another microphone, distance and background for each window.

    Args:
        rng: random numbers.
        windows: (B, 96, 64) float32 log-mel windows.

    Returns:
        (B, 96, 64) float32: a random gain and a random smooth frequency response (deviation 4 dB each) are added, and a
        stationary noise of random level and colour is mixed in.
    """
    count, _, bands = windows.shape
    decibel = np.log(10) / 20
    response = smooth(rng, count, bands) * 4 * decibel + rng.normal(0, 4 * decibel, (count, 1))
    floor = rng.uniform(-5, 0, (count, 1)) + smooth(rng, count, bands) * 6 * decibel
    response, floor = response[:, None].astype(np.float32), floor[:, None].astype(np.float32)
    return np.log(np.exp(windows + response) + np.exp(floor))  # log-mel values are far from float32's limits


def smooth(rng: np.random.Generator, count: int, bands: int, waves: int = 5) -> np.ndarray:
    """(count, bands) random curves of unit deviation: a sum of the first few cosines over the bands."""
    basis = np.cos(np.pi * np.outer(np.arange(1, waves + 1), np.arange(bands) + 0.5) / bands)
    return rng.normal(size=(count, waves)) @ basis * np.sqrt(2 / waves)
