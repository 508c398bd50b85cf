"""Log-mel rows and frames of one segment."""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft

from c3 import config
from c3.data import media
from c3.data.media import Quarantined
from c3.data.store import Extract

SILENCE = 1e-4
USABLE_SHARE = 0.9


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
    window, bank = _window_and_bank(features)
    pieces = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float32), length)[::hop]
    spectrum = np.abs(scipy.fft.rfft(pieces * window, n=_fft_length(length), axis=1))
    return np.log(spectrum @ bank + np.float32(features.log_offset))


def extract(segment, features: config.Features) -> Extract:
    """Features of one ``segment`` (a row of the manifest: audio_path, video_path, media_start, start, end).

    Raises :class:`Quarantined`: missing, empty (no bytes, or no sound stream), broken (cannot be decoded),
    too short (less than one window of sound), truncated (the data end before 90 % of the segment), silent
    (no sample above 1e-4). A segment that is a little shorter than announced, as at the end of a video, is
    used as far as it goes.
    """
    asked = segment.end - segment.start
    samples = media.decode_audio(segment.audio_path, segment.media_start, asked, features.sample_rate)
    seconds = len(samples) / features.sample_rate
    rows = log_mel(samples, features)
    if asked >= features.window_seconds and not seconds:
        raise Quarantined("truncated")
    if len(rows) < features.window_rows:
        raise Quarantined("too short")
    if seconds < USABLE_SHARE * asked:
        raise Quarantined("truncated")
    if np.abs(samples).max() < SILENCE:
        raise Quarantined("silent")
    if segment.video_path is None:
        frames = np.zeros((0, *features.frame_shape), np.uint8)
        return Extract(rows, frames, np.zeros(0, np.float32), seconds)
    frames, times = media.decode_frames(
        segment.video_path, segment.media_start, seconds, features.frames_per_second, features.frame_pixels
    )
    return Extract(rows, frames, times, seconds)


def _fft_length(length: int) -> int:
    """The next power of two: 512 for 25 ms at 16 kHz."""
    return 1 << (length - 1).bit_length()


@functools.lru_cache(maxsize=8)
def _window_and_bank(features: config.Features) -> tuple[np.ndarray, np.ndarray]:
    """Hann window (n,) and mel bank (bins, bands), float32."""
    import librosa.filters

    length = round(features.stft_window_seconds * features.sample_rate)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    bank = librosa.filters.mel(
        sr=features.sample_rate,
        n_fft=_fft_length(length),
        n_mels=features.mel_bands,
        fmin=features.mel_min_hz,
        fmax=features.mel_max_hz,
        htk=True,
        norm=None,
    )
    return window.astype(np.float32), np.ascontiguousarray(bank.T, dtype=np.float32)
