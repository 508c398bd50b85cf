"""Log-mel rows and frames of one segment."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import cv2
import numpy as np

from c3 import config
from c3.data import media
from c3.data.media import Quarantined
from c3.data.store import Extract

SILENCE = 1e-4
USABLE_SHARE = 0.9
BLOCK = 512
"""spectra computed at once: 1 MB, whatever the length of the segment"""


def log_mel(samples: np.ndarray, features: config.Features) -> np.ndarray:
    """Log-mel rows of mono ``samples`` (n,) at ``features.sample_rate``: float32 (rows, mel_bands).

    Periodic Hann window of 25 ms every 10 ms, the first one at the first sample (no centring), magnitude of
    the FFT of the next power of two, triangular bands on the HTK mel scale (peak 1), log(mel + 0.01).
    Row i covers the samples [i · hop, i · hop + window); n shorter than a window gives 0 rows.
    """
    length = round(features.stft_window_seconds * features.sample_rate)
    hop = round(features.stft_hop_seconds * features.sample_rate)
    if len(samples) < length:
        return np.zeros((0, features.mel_bands), np.float32)
    window, parts = window_and_bank(features)
    rows = np.empty(((len(samples) - length) // hop + 1, features.mel_bands), np.float32)
    for first, magnitude in magnitudes(samples, window, hop):
        for bands, bins, bank in parts:
            rows[first : first + len(magnitude), bands] = magnitude[:, bins] @ bank
    rows += np.float32(features.log_offset)
    return np.log(rows, out=rows)


def magnitudes(samples: np.ndarray, window: np.ndarray, hop: int) -> Iterator[tuple[int, np.ndarray]]:
    """Magnitude spectra of ``samples`` (n,) in blocks: the number of the first, and float32 (at most 512, bins).

    Number i is of the samples from i · hop on, as many as ``window`` (float32) has, padded to the next power of two,
    N; bins 1 to N/2 − 1. n: at least a window.
    """
    pieces = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float32), len(window))[::hop]
    for first in range(0, len(pieces), BLOCK):
        block = pieces[first : first + BLOCK]
        padded = np.zeros((len(block), fft_length(len(window))), np.float32)
        np.multiply(block, window, out=padded[:, : len(window)])
        # OpenCV's transform is twice as fast as SciPy's; a row is Re 0, Re 1, Im 1, Re 2, … Re n/2.
        spectrum = cv2.dft(padded, dst=padded, flags=cv2.DFT_ROWS)
        yield first, np.abs(spectrum[:, 1:-1].view(np.complex64))


def extract(segment, features: config.Features) -> Extract:
    """Features of one ``segment`` (a row of the manifest: audio_path, video_path, media_start, start, end).

    Raises :class:`Quarantined`: missing, empty (no bytes, or no sound stream), broken (cannot be decoded),
    too short (less than one window of sound), truncated (the data end before 90 % of the segment), silent
    (no sample above 1e-4). A segment that is a little shorter than announced, as at the end of a video, is
    used as far as it goes.
    """
    samples = decode(segment, features.sample_rate, features)
    seconds = len(samples) / features.sample_rate
    rows = log_mel(samples, features)
    if segment.video_path is None:
        frames = np.zeros((0, *features.frame_shape), np.uint8)
        return Extract(rows, frames, np.zeros(0, np.float32), seconds)
    frames, times = media.decode_frames(
        segment.video_path, segment.media_start, seconds, features.frames_per_second, features.frame_pixels
    )
    return Extract(rows, frames, times, seconds)


def decode(segment, sample_rate: int, features: config.Features) -> np.ndarray:
    """The sound of a ``segment`` (n,) at any ``sample_rate``; raises :class:`Quarantined` as :func:`extract` does."""
    asked = segment.end - segment.start
    samples = media.decode_audio(segment.audio_path, segment.media_start, asked, sample_rate)
    seconds = len(samples) / sample_rate
    if asked >= features.window_seconds and not seconds:
        raise Quarantined("truncated")
    if not windows_in(seconds, features):
        raise Quarantined("too short")
    if seconds < USABLE_SHARE * asked:
        raise Quarantined("truncated")
    if np.abs(samples).max() < SILENCE:
        raise Quarantined("silent")
    return samples


def windows_in(seconds: float, features: config.Features) -> int:
    """Windows of sound of this length: as many as :func:`log_mel` has rows for."""
    length = round(features.stft_window_seconds * features.sample_rate)
    hop = round(features.stft_hop_seconds * features.sample_rate)
    return max((round(seconds * features.sample_rate) - length) // hop + 1, 0) // features.window_rows


def fft_length(length: int) -> int:
    """The next power of two: 512 for 25 ms at 16 kHz."""
    return 1 << (length - 1).bit_length()


@functools.lru_cache(maxsize=8)
def window_and_bank(features: config.Features) -> tuple[np.ndarray, list[tuple[slice, slice, np.ndarray]]]:
    """Hann window (n,), and the mel bank in parts of a few bands: (bands, bins, weights (bins, bands)), float32.

    A part has only the bins that its bands use, counted from bin 1: bin 0 and the last one lie on or outside
    the edges of all bands, where the weight is 0.
    """
    import librosa.filters

    length = round(features.stft_window_seconds * features.sample_rate)
    bank = librosa.filters.mel(
        sr=features.sample_rate,
        n_fft=fft_length(length),
        n_mels=features.mel_bands,
        fmin=features.mel_min_hz,
        fmax=features.mel_max_hz,
        htk=True,
        norm=None,
    ).T[1:-1]
    parts = []
    for bands in np.array_split(np.arange(features.mel_bands), min(4, features.mel_bands)):
        used = np.flatnonzero(bank[:, bands].any(axis=1))
        bins = slice(used[0], used[-1] + 1) if len(used) else slice(0, 0)
        weights = np.ascontiguousarray(bank[bins, bands[0] : bands[-1] + 1], np.float32)
        parts.append((slice(bands[0], bands[-1] + 1), bins, weights))
    return hann(length), parts


def hann(length: int) -> np.ndarray:
    """Periodic Hann window (length,), float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
