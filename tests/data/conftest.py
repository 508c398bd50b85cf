"""Sounds that the data tests share."""

from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from zoo import RATE, encode_audio

from c3 import config
from c3.data import media

SECONDS = 4.0


@pytest.fixture(scope="session")
def sound():
    """Four seconds of a sweep, clicks and noise: float32 at RATE."""
    t = np.arange(int(SECONDS * RATE)) / RATE
    rng = np.random.default_rng(0)
    sweep = 0.2 * np.sin(2 * np.pi * (200 * t + 450 * t**2))
    clicks = 0.3 * np.exp(-20 * ((4 * t) % 1)) * np.sin(2 * np.pi * 900 * t)
    return (sweep + clicks + 0.02 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="session")
def film():
    """A film of 4 pictures a second, 60 x 80, whose grey tells the number of the picture: 10 · number."""
    grey = (10 * np.arange(int(4 * SECONDS)))[:, None, None, None]
    return np.broadcast_to(grey, (len(grey), 60, 80, 3)).astype(np.uint8)


@pytest.fixture(scope="session")
def encoded(tmp_path_factory, sound, film):
    """The same sound in every container: extension → path."""
    folder = tmp_path_factory.mktemp("encoded")
    paths = {e: str(folder / f"sound.{e}") for e in ("wav", "flac", "ogg", "mp3", "mp4", "mkv", "webm", "m4a")}
    soundfile.write(paths["wav"], np.stack([sound, sound], axis=1), RATE)
    soundfile.write(paths["flac"], sound, RATE)
    soundfile.write(paths["ogg"], sound, RATE, compression_level=0.1)
    soundfile.write(paths["mp3"], sound, RATE, bitrate_mode="CONSTANT", compression_level=0.0)
    media.encode(paths["mp4"], sound, RATE, film, 4, "aac")
    media.encode(paths["mkv"], sound, RATE, film, 4, "flac")
    encode_audio(paths["webm"], sound, "libopus", "flt", 48_000)
    encode_audio(paths["m4a"], sound, "aac", "fltp")
    return paths


@pytest.fixture
def segment():
    """A maker of manifest rows."""

    def make(path, start=0.0, end=SECONDS, video=None, media_start=None):
        return SimpleNamespace(
            audio_path=str(path),
            video_path=video and str(video),
            start=start,
            end=end,
            media_start=start if media_start is None else media_start,
        )

    return make


@pytest.fixture(scope="session")
def spec():
    """The default features."""
    return config.Features()
