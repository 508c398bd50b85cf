"""A simulated AudioSet, in AudioSet's own formats: parametric sounds and pictures of real ontology classes.

What is simulated: a Zipf prior over classes, one to three of them in a segment; each class a parametric sound
with its own variation (pitch, timbre, tempo, envelope), which lasts, recurs or comes in one bout; a mix with
other classes and with background noise, through the gain, the frequency response and the room of a recording;
an object that is not always in view, and objects in view that make no sound. Every number was fixed without regard
to any model: what seemed plausible, and for microphone, gain and background what makes two windows of one recording
about as easy to tell from others as in real recordings (tests/benchmarks/measure_recordings.py).

A segment follows from the seed, its split and its number alone, whatever the number of workers.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.fft

from c3 import config
from c3.data import media
from c3.data.sources import audioset
from c3.data.sources.synthetic import sprites as s
from c3.data.sources.synthetic.classes import CLASSES
from c3.data.sources.synthetic.sounds import RATE, band, noise
from c3.errors import C3Error
from c3.progress import progress

FRAMES_PER_SECOND = 4
IN_VIEW = 0.6
SILENT_OBJECT = 0.2
SPLITS = ("train", "evaluation")


def write(
    section: config.Synthetic, seed: int, threads: int, train_csv: Path, evaluation_csv: Path, class_labels: Path
) -> None:
    """Write the media beside ``train_csv``, then the three tables. Media of an earlier run are removed first."""
    plans = {split: plan(section, split, seed) for split in SPLITS}
    folder = Path(train_csv).parent
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.mp4"):
        stale.unlink()
    jobs = [
        (_path(folder, seed, split, number), classes, section, (seed, position, number))
        for position, split in enumerate(SPLITS)
        for number, classes in enumerate(plans[split])
    ]
    if threads > 1:
        with ProcessPoolExecutor(threads) as pool:
            done = pool.map(_write_segment, jobs, chunksize=8)
            list(progress(done, "media", total=len(jobs)))
    else:
        for job in progress(jobs, "media"):
            _write_segment(job)
    for split, path in zip(SPLITS, (train_csv, evaluation_csv), strict=True):
        audioset.write_segments(path, _segments(section, split, seed, plans[split]))
    chosen = CLASSES[: section.classes]
    labels = pd.DataFrame({"label": [c.label for c in chosen], "name": [c.name for c in chosen]})
    audioset.write_class_labels(class_labels, labels)


def counts(section: config.Synthetic) -> np.ndarray:
    """Training segments with each class, ``imbalance`` : 1 between the first and the last, by Zipf's law.

    The most frequent class is in about half of the segments. :class:`C3Error` if there are too few segments
    to show the imbalance.
    """
    n, k = section.train_segments, section.classes
    law = np.arange(1, k + 1) ** -(np.log(section.imbalance) / np.log(k))
    best = None
    for rarest in range(1, int(n / section.imbalance) + 1):
        tally = np.maximum(np.round(rarest * section.imbalance * law), rarest).astype(int)
        tally[-1] = rarest
        if n <= tally.sum() <= 2 * n and (best is None or abs(tally[0] - n / 2) < abs(best[0] - n / 2)):
            best = tally
    if best is None:
        raise C3Error(
            f"synthetic.imbalance is {section.imbalance:g}, which {n} training segments of {k} classes cannot "
            "show; allowed is an imbalance that leaves 1 to 2 classes a segment, with one segment or more for "
            "the rarest class."
        )
    return best


def plan(section: config.Synthetic, split: str, seed: int) -> list[tuple[int, ...]]:
    """The classes of each segment (one to three numbers into :data:`CLASSES`).

    Training follows :func:`counts`. In evaluation every class is sought out equally often, as in AudioSet's
    evaluation set, and others co-occur with it by the prior.
    """
    tally, n = counts(section), section.train_segments
    if split == "evaluation":
        n = section.evaluation_segments
        if n < section.classes:
            raise C3Error(
                f"synthetic.evaluation_segments is {n}; allowed is at least the number of classes, {section.classes}."
            )
        sought = max(2, -(-n // section.classes))
        tally = np.minimum(sought + np.round(0.3 * n * tally / tally.sum()).astype(int), n)
    return _deal(tally, n, np.random.default_rng([seed, SPLITS.index(split)]))


def _deal(tally: np.ndarray, segments: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Deal each class to ``tally`` segments, independently, so that each segment has one to three."""
    member = np.zeros((segments, len(tally)), bool)
    for number, count in enumerate(tally):
        member[rng.choice(segments, count, replace=False), number] = True
    sizes = member.sum(axis=1)
    while sizes.min() == 0 or sizes.max() > 3:
        giver = rng.choice(np.flatnonzero(sizes > (3 if sizes.max() > 3 else 1)))
        taker = rng.choice(np.flatnonzero(sizes == sizes.min()))
        number = rng.choice(np.flatnonzero(member[giver] & ~member[taker]))
        member[giver, number], member[taker, number] = False, True
        sizes[giver] -= 1
        sizes[taker] += 1
    return [tuple(np.flatnonzero(row).tolist()) for row in member]


def _path(folder: Path, seed: int, split: str, number: int) -> str:
    return str(folder / f"{audioset.make_ytid(seed, split, number)}.mp4")


def _segments(section: config.Synthetic, split: str, seed: int, planned: list[tuple[int, ...]]) -> pd.DataFrame:
    names = [audioset.make_ytid(seed, split, number) for number in range(len(planned))]
    labels = [[CLASSES[c].label for c in classes] for classes in planned]
    return pd.DataFrame({"ytid": names, "start": 0.0, "end": section.seconds, "labels": labels})


def _write_segment(job: tuple) -> None:
    path, classes, section, key = job
    rng = np.random.default_rng(key)
    samples, frames = sound(classes, section.seconds, rng), pictures(classes, section, rng)
    temporary = f"{os.path.dirname(path)}/.{os.path.basename(path)}"
    media.encode(temporary, samples, RATE, frames, FRAMES_PER_SECOND, "aac")
    os.replace(temporary, path)


def sound(classes: tuple[int, ...], seconds: float, rng: np.random.Generator) -> np.ndarray:
    """The sound of a segment: float32 (seconds · RATE,), classes mixed with noise, through one microphone."""
    n = int(seconds * RATE)
    mix = np.zeros(n, np.float32)
    for position, number in enumerate(rng.permutation(classes)):
        start, length = 0.0, seconds
        if rng.random() < CLASSES[number].bout:
            length = seconds * rng.uniform(0.25, 0.7)
            start = rng.uniform(0, seconds - length)
        wave = CLASSES[number].sound(rng, length)
        level = 10 ** (rng.uniform(-14, 0) / 20) if position else 1.0
        first = int(start * RATE)
        wave = (wave * (level / _loudness(wave)))[: n - first]
        mix[first : first + len(wave)] += wave
    tilt, knee = rng.uniform(0.5, 1.0), 10 ** rng.uniform(1.92, 2.38)
    hum = rng.uniform(0, 0.2) * np.sin(2 * np.pi * rng.choice([50, 60, 100, 120]) * np.arange(n) / RATE)
    ground = (noise(n, lambda f: (knee / (f + knee)) ** tilt, rng) + hum) * _wandering(n, seconds, rng)
    mix += (ground * (10 ** (-rng.uniform(15, 35) / 20) / _loudness(ground))).astype(np.float32)
    mix = _microphone(mix, rng)
    return mix * np.float32(0.9 * 10 ** (-rng.uniform(0, 6) / 20) / (np.abs(mix).max() + 1e-9))


def _wandering(n: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """The level of a background over time, (n,): another one each second, with a deviation of 6 dB."""
    levels = rng.normal(0, 6, int(np.ceil(seconds)) + 1)
    return 10 ** (np.interp(np.linspace(0, len(levels) - 1, n), np.arange(len(levels)), levels) / 20)


def _loudness(wave: np.ndarray) -> float:
    """RMS of the louder parts: of the tenth of 50 ms pieces that is next to the loudest tenth."""
    pieces = wave[: len(wave) // 800 * 800].reshape(-1, 800)
    return float(np.quantile(np.sqrt(np.mean(pieces**2, axis=1)), 0.9)) + 1e-4


def _microphone(mix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound in a room, through a microphone of its own frequency response."""
    decay, n = 0.05 * 12 ** rng.random(), len(mix)
    tail = int(min(2 * decay, 0.6) * RATE)
    response = rng.standard_normal(tail).astype(np.float32) * np.exp(-6.9 * np.arange(tail) / (decay * RATE))
    response *= rng.uniform(0, 0.8) / np.sqrt((response**2).sum())
    response[0] += 1
    length = scipy.fft.next_fast_len(n + tail, real=True)
    f = np.linspace(0, RATE / 2, length // 2 + 1)
    knots = np.log([1, 150, 400, 1000, 2500, 5000, 8000])
    equalizer = 10 ** (np.interp(np.log(f + 1), knots, rng.normal(0, 1.5, len(knots))) / 20)
    equalizer = (equalizer * band(rng.uniform(20, 60), rng.uniform(7000, 9000), 4.0)(f)).astype(np.float32)
    spectrum = scipy.fft.rfft(mix, length) * scipy.fft.rfft(response.astype(np.float32), length) * equalizer
    return scipy.fft.irfft(spectrum, length)[:n]


def pictures(classes: tuple[int, ...], section: config.Synthetic, rng: np.random.Generator) -> np.ndarray:
    """The film of a segment: uint8 (frames, h, w, 3); what sounds is in view at times, and others too."""
    frames = max(int(section.seconds * FRAMES_PER_SECOND), 1)
    shown = [number for number in classes if rng.random() < IN_VIEW]
    if rng.random() < SILENT_OBJECT:
        shown.append(int(rng.integers(section.classes)))
    objects = []
    for number in rng.permutation(shown).astype(int):
        length = rng.uniform(0.4, 1.0) * frames
        start = rng.uniform(0, frames - length)
        time = np.arange(frames)
        objects.append((CLASSES[number].parts, (time >= start) & (time < start + length)))
    return s.film(objects, frames, rng)
