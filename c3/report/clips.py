"""Clips: a segment of a recording with a little of what is around it, to be heard and seen on a page."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import soundfile
import soxr
from matplotlib.ticker import MaxNLocator
from PIL import Image

from c3.data import accounts, features, media
from c3.data.probe import probe
from c3.errors import C3Error
from c3.report import exemplars

CONTEXT_SECONDS = 2.0
"""on both sides of a segment, as far as the recording goes"""
HIGHEST_RATE = 48_000
"""Hz: a recording with a higher rate is heard at this one, and slowed down"""
SLOWED = 10
"""times, of sounds that are too high for ears"""
LOUDNESS = 0.1
"""root mean square of a clip, of 1; less where its highest sample forbids it"""
FRAME_PIXELS = 320
LEVELS = 32
"""colours of a spectrogram: more make the file larger and nothing clearer"""
BEGUN = re.compile(r"(?<!\d)((?:19|20)\d{6})[_T-](\d{6})(?!\d)")
"""date and time in the names that recorders give"""


def write(
    segment,
    known: dict[str, str],
    folder: Path,
    name: str,
    context: float = CONTEXT_SECONDS,
    size: tuple = (800, 200),
) -> dict:
    """Write the sound, spectrogram and picture of a segment into ``folder``; what a page has to know of them.

    segment: a row of the manifest. known: versions of the recordings (:func:`c3.data.accounts.versions`). size: pixels
    of the spectrogram. Returns ``sound``, ``slow``, ``spectrogram`` and ``frame`` (names of files; None where there is
    none), ``seconds`` of the clip, ``mark`` (where the segment begins and how long it is, of 1), ``times`` and
    ``pitches`` (ticks: place from 0 to 1, text; of pitches kHz), ``place`` and ``begun`` (where it is and when it was,
    for people). :class:`C3Error` if the recording has gone, is another by now, or is shorter.
    """
    start, length = segment.media_start, segment.end - segment.start
    begin = max(start - context, 0.0)
    with accounts.as_it_was(segment.audio_path, known):
        rate = probe(segment.audio_path).sample_rate
        samples = media.decode_audio(segment.audio_path, begin, start + length + context - begin, rate)
    seconds = len(samples) / rate
    if seconds <= start - begin:
        raise C3Error(f"{segment.audio_path} ends before {start:g} s; allowed is the recording as it was at first.")
    picture(samples, rate, size).save(folder / f"{name}.png", compress_level=1)
    loud = audible(samples, rate)
    slow = f"{name}.slow.wav" if rate > HIGHEST_RATE else None
    if slow:
        soundfile.write(folder / slow, loud, rate // SLOWED, "PCM_16")
        loud = np.clip(soxr.resample(loud, rate, HIGHEST_RATE), -1, 1)
    soundfile.write(folder / f"{name}.wav", loud, min(rate, HIGHEST_RATE), "PCM_16")
    end = min(start + length, begin + seconds)
    return {
        "sound": f"{name}.wav",
        "slow": slow,
        "spectrogram": f"{name}.png",
        "frame": _frame(segment, folder, f"{name}.jpg"),
        "seconds": round(seconds, 4),
        "mark": [round((start - begin) / seconds, 4), round((end - start) / seconds, 4)],
        "times": [(place, clock(time)) for place, time in ticks(begin, begin + seconds, 9)],
        "pitches": [(place, f"{pitch:g}") for place, pitch in ticks(0, rate / 2000, 5)],
        "place": f"{recording(segment.segment_id)}, {clock(start)}–{clock(end)}",
        "begun": begun(segment.audio_path, start),
    }


def recording(segment_id: str) -> str:
    """The name of the recording in the name of a segment."""
    return segment_id.rpartition("_")[0] or segment_id


def _frame(segment, folder: Path, name: str) -> str | None:
    """The picture in the middle of a segment of a film."""
    if segment.video_path is None:
        return None
    middle = segment.media_start + (segment.end - segment.start) / 2
    frames, _ = media.decode_frames(segment.video_path, max(middle - 0.5, 0), 1.0, 1.0, FRAME_PIXELS)
    if not len(frames):
        return None
    Image.fromarray(frames[0]).save(folder / name, quality=90)
    return name


def audible(samples: np.ndarray, rate: int) -> np.ndarray:
    """Mono sound (n,) made equally loud: at most :data:`LOUDNESS`, and nowhere above the peak of an exemplar."""
    loud = exemplars.audible(samples, rate)
    level = math.sqrt(np.mean(np.square(loud, dtype=np.float64))) if len(loud) else 0.0
    return loud * min(1.0, LOUDNESS / level) if level else loud


def picture(samples: np.ndarray, rate: int, size: tuple[int, int]) -> Image.Image:
    """The spectrogram of mono sound, from 0 Hz at the bottom to half the rate.

    size: (width, height). Hann windows of about 30 ms, at most 1,024 samples, four to a window or one to a column,
    whichever are fewer; from silence in the clip to its loudest.
    """
    width, height = size
    window = min(1024, 2 ** round(math.log2(rate / 30)))
    hop = max(window // 4, len(samples) // width)
    around = np.pad(samples, (window // 2, window // 2 + hop))  # a window lies around its time
    spectra = np.concatenate([spectra for _, spectra in features.magnitudes(around, features.hann(window), hop)])
    power = cv2.resize(spectra**2, (height, width), interpolation=cv2.INTER_AREA)
    decibels = 10 * np.log10(power + 1e-9 * power.max() + 1e-20)
    low, high = np.percentile(decibels, [15, 99.9])
    step = max(high - low, 1e-6) / LEVELS
    return exemplars.picture(np.round((decibels - low) / step), 0, LEVELS)


def ticks(low: float, high: float, most: int) -> list[tuple[float, float]]:
    """Round numbers from ``low`` to ``high``, at most ``most`` steps: (place from 0 to 1, number)."""
    numbers = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [(round((number - low) / (high - low), 4), float(number)) for number in numbers if low <= number <= high]


def clock(seconds: float) -> str:
    """Seconds as people read them: ``0:07.5``, ``12:05``, ``1:00:30``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    text = f"{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")
    return f"{minutes // 60}:{minutes % 60:02d}:{text}" if minutes >= 60 else f"{minutes}:{text}"


def begun(path: str, start: float) -> str:
    """When a sound was, by the date and time in the name of its file (YYYYMMDD_HHMMSS); empty if there is none."""
    found = BEGUN.search(Path(path).name)
    try:
        then = datetime.strptime("".join(found.groups()), "%Y%m%d%H%M%S") if found else None
    except ValueError:
        then = None
    return f"{then + timedelta(seconds=int(start)):%Y-%m-%d %H:%M:%S}" if then else ""
