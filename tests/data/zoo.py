"""Files as people have them: cut, lied about, put one after the other. Made of bytes, without any other program."""

import struct
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile

from c3.data import media

RATE, SECONDS = 22_050, 6
CHUNKED = {
    "aiff": ("pcm_s16be", "s16"),
    "caf": ("pcm_s16be", "s16"),
    "w64": ("pcm_s16le", "s16"),
    "wma": ("wmav2", "fltp"),
    "m4a": ("aac", "fltp"),
    "3gp": ("aac", "fltp"),
}
"""kinds of files that are chunks with their lengths → codec and form of samples"""


def pitches(seconds: int = SECONDS) -> np.ndarray:
    """A sound whose pitch tells the second: 300 Hz, 400 Hz, …: float32 at RATE."""
    time = np.arange(seconds * RATE) / RATE
    noise = 0.003 * np.random.default_rng(0).standard_normal(len(time))
    return (0.3 * np.sin(2 * np.pi * (300 + 100 * np.floor(time)) * time) + noise).astype(np.float32)


def heard(samples: np.ndarray, rate: int) -> list[int]:
    """The second that the pitch of each second tells; -1 where nothing is heard."""
    found = []
    for first in range(0, len(samples) - rate // 2, rate):
        piece = samples[first + rate // 4 : first + 3 * rate // 4]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
        pitch = spectrum.argmax() * rate / len(piece)
        found.append(round(pitch / 100) - 3 if np.abs(piece).max() > 0.01 else -1)
    return found


def encode_audio(path: Path, samples: np.ndarray, codec: str, sample_format: str, rate: int = RATE) -> None:
    """Sound alone, in the container that the suffix of ``path`` says."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 128_000
        block = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        block.sample_rate, block.pts = RATE, 0
        resampler = av.AudioResampler(format=sample_format, layout="mono", rate=rate)
        for frame in [*resampler.resample(block), *resampler.resample(None)]:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def encoded(path: Path, *arguments) -> bytes:
    encode_audio(path, *arguments, 48_000)
    return path.read_bytes()


def wave(announced: int | None = None, after: bytes = b"", samples: np.ndarray | None = None) -> bytes:
    """A WAVE file of 16 bits whose header announces so many bytes of samples, with ``after`` behind them."""
    data = media.levels(pitches() if samples is None else samples).tobytes()
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    length = len(data) if announced is None else announced
    body = b"WAVE" + header + struct.pack("<4sI", b"data", length) + data + after
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def written(path: Path, samples: np.ndarray, **options) -> bytes:
    soundfile.write(path, samples, RATE, **options)
    return path.read_bytes()


def without_total(flac: bytes) -> bytes:
    """As written to a pipe: the 36 bits of the number of samples are 0 (FLAC format, STREAMINFO)."""
    return flac[:21] + bytes([flac[21] & 0xF0, 0, 0, 0, 0]) + flac[26:]


def without_xing(mp3: bytes) -> bytes:
    """Without the frame that holds the Xing header, from which alone the length would be known."""
    header = max(mp3.find(b"Xing"), mp3.find(b"Info"))
    assert 0 < header < 200
    return mp3[mp3.find(mp3[:2], header) :]


def synchsafe(number: int) -> bytes:
    """A length in an ID3v2.4 tag: four times seven bits."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def jpeg() -> bytes:
    return cv2.imencode(".jpg", np.full((32, 32, 3), 200, np.uint8))[1].tobytes()


def make(folder: Path) -> dict[str, tuple[bytes, list[int]]]:
    """Name → (bytes, the seconds that are heard in it)."""
    sound, whole = pitches(), list(range(SECONDS))
    size = 2 * len(sound)
    flac, ogg = written(folder / "a.flac", sound), written(folder / "a.ogg", sound)
    loud_then_quiet = np.concatenate([sound, 1e-4 * sound, 1e-4 * sound])
    mp3 = written(folder / "a.mp3", loud_then_quiet, bitrate_mode="VARIABLE")
    tags = b"ID3\4\0\0" + synchsafe(10) + b"TPE1" + bytes(6)
    again = pitches(2 * SECONDS)[SECONDS * RATE :]
    mts = [encoded(folder / f"{name}.mts", part, "mp2", "s16") for name, part in (("a", sound), ("b", again))]
    opus, m4a = (encoded(folder / "a.opus", sound, "libopus", "flt"), encoded(folder / "a.m4a", sound, "aac", "fltp"))
    short = {
        f"a short one behind.{kind}": encoded(folder / f"a.{kind}", sound, *codec)
        + encoded(folder / f"b.{kind}", again[:RATE], *codec)
        for kind, codec in CHUNKED.items()
    }
    return {
        "as it should be.wav": (wave(), whole),
        "with a chunk behind.wav": (wave(after=b"LIST\4\0\0\0INFO"), whole),
        "no length.wav": (wave(0), whole),
        "length of a pipe.wav": (wave(2**32 - 1), whole),
        "a third.wav": (wave(size // 3), whole),
        "three times.wav": (wave(3 * size), whole),
        "cut.wav": (wave()[: 44 + size // 2], whole[: SECONDS // 2]),
        "no total.flac": (without_total(flac), whole),
        "no Xing.mp3": (without_xing(mp3), [*whole, *[-1] * 2 * SECONDS]),
        "no Xing, tagged.mp3": (tags + without_xing(mp3), [*whole, *[-1] * 2 * SECONDS]),
        "two.ogg": (ogg + ogg, whole + whole),
        "cut.ogg": (ogg[: len(ogg) * 6 // 7], whole[:4]),
        "two.wav": (wave() + wave(), whole),
        "two, of other codecs.ogg": (opus + encoded(folder / "b.ogg", sound, "flac", "s16"), whole),
        "two.flac": (flac + written(folder / "b.flac", again[: 3 * RATE]), whole),
        "two, of the same length.flac": (flac + written(folder / "b.flac", again), whole),
        "two.mts": (b"".join(mts), list(range(2 * SECONDS))),
        "two.m4a": (m4a + m4a, whole),
        "MPEG.wav": (wave()[:20] + b"\x55\0" + wave()[22:44] + without_xing(mp3), [*whole, *[-1] * 2 * SECONDS]),
        "a.opus": (opus, whole),
        "a.aiff": (encoded(folder / "a.aiff", sound, "pcm_s16be", "s16"), whole),
        "a.caf": (encoded(folder / "a.caf", sound, "pcm_s16be", "s16"), whole),
        "a.w64": (encoded(folder / "a.w64", sound, "pcm_s16le", "s16"), whole),
        "a.mov": (encoded(folder / "a.mov", sound, "aac", "fltp"), whole),
        "a.avi": (encoded(folder / "a.avi", sound, "pcm_s16le", "s16"), whole),
        "a.mts": (mts[0], whole),
        "a.aac": (encoded(folder / "a.aac", sound, "aac", "fltp"), whole),
        "a.wma": (encoded(folder / "a.wma", sound, "wmav2", "fltp"), whole),
        "a.mp2": (encoded(folder / "a.mp2", sound, "mp2", "s16"), whole),
        "no suffix": (flac, whole),
        "wrong suffix.ogg": (wave(), whole),
        "no music.bin": (m4a, whole),
        **{name: (content, whole) for name, content in short.items()},
    }


NAMES = [
    "as it should be.wav",
    "with a chunk behind.wav",
    "no length.wav",
    "length of a pipe.wav",
    "a third.wav",
    "three times.wav",
    "cut.wav",
    "no total.flac",
    "two.flac",
    "two, of the same length.flac",
    "two.mts",
    "no Xing.mp3",
    "no Xing, tagged.mp3",
    "two.ogg",
    "cut.ogg",
    "two.wav",
    "two, of other codecs.ogg",
    "two.m4a",
    "MPEG.wav",
    "a.opus",
    "a.aiff",
    "a.caf",
    "a.w64",
    "a.mov",
    "a.avi",
    "a.mts",
    "a.aac",
    "a.wma",
    "a.mp2",
    "no suffix",
    "wrong suffix.ogg",
    "no music.bin",
    *(f"a short one behind.{kind}" for kind in CHUNKED),
]
