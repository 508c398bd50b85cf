"""Changes that leave the sound in a window alone, drawn anew for each window of a batch.

The windows of one recording share its microphone, room and background. Coincidence can be told by these alone,
which teaches nothing about the sounds; drawing them anew takes that way out.
"""

import numpy as np


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
