"""Segments made of labelled sound files and of pictures that come and go with the sound.

Real sounds and real pictures that never met are put together to an AudioSet of one's own: for each recording a
Matroska file (FLAC, MPEG-4 pictures), or FLAC alone where no class has a picture, and the tables in AudioSet's
formats. Which files make a recording, and which recordings are for evaluation, is read from the files' names. Pictures
of training and evaluation are disjoint. A recording follows from the seed and its name alone, whatever the number of
workers.
"""

from __future__ import annotations

import glob
import os
import re
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import soundfile
import soxr

from c3 import config
from c3.data import media
from c3.data.probe import probe
from c3.data.sources import audioset
from c3.errors import C3Error
from c3.progress import progress

FRAMES_PER_SECOND = 4
PIXELS = 128
SWAY = 12
"""pixels that a picture may move while it is in view"""
IN_VIEW = (0.4, 0.8)
"""share of a sound's time that its picture is in view, uniform between these"""
GAP_SECONDS = (0.2, 0.6)
"""between the sounds of a segment"""
EVALUATION_PICTURES = 0.2
SILENCE_FOR_BROKEN_SECONDS = 1.0


class Recording(NamedTuple):
    """What a worker needs to write one file."""

    ytid: str
    label: str
    segments: list[list[str]]
    """sound files of each segment"""
    pictures: list[str]
    background: list[str]
    evaluation: bool


def write(
    section: config.Collage, seed: int, threads: int, train_csv: Path, evaluation_csv: Path, class_labels: Path
) -> None:
    """Write the media beside ``train_csv``, then the three tables. Media of an earlier run are removed first.

    Raises :class:`C3Error` for a pattern that matches no file, a name without recording, a recording on both
    sides of the split.
    """
    folder = Path(train_csv).parent
    planned = recordings(section, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in [*folder.glob("*.mkv"), *folder.glob("*.flac")]:
        stale.unlink()
    seen = any(recording.pictures or recording.background for recording in planned)
    jobs = [(f"{folder}/{recording.ytid}.{'mkv' if seen else 'flac'}", recording, seed) for recording in planned]
    if threads > 1:
        with ProcessPoolExecutor(threads) as pool:
            done = pool.map(_write_recording, jobs, chunksize=4)
            times = list(progress(done, "media", total=len(jobs)))
    else:
        times = [_write_recording(job) for job in progress(jobs, "media")]
    table = pd.DataFrame(
        [
            (recording.ytid, start, end, [recording.label], recording.evaluation)
            for recording, segments in zip(planned, times, strict=True)
            for start, end in segments
        ],
        columns=["ytid", "start", "end", "labels", "evaluation"],
    )
    audioset.write_segments(train_csv, table[~table["evaluation"]])
    audioset.write_segments(evaluation_csv, table[table["evaluation"]])
    names = [(label, chosen.name) for label, chosen in section.classes.items()]
    audioset.write_class_labels(class_labels, pd.DataFrame(names, columns=["label", "name"]))


def recordings(section: config.Collage, seed: int) -> list[Recording]:
    """The recordings of a collage, in the order of the classes and of the file names."""
    if not section.classes:
        raise C3Error("collage.classes is empty; allowed is one class or more.")
    name_of = _pattern("collage.recording", section.recording)
    if not name_of.groups:
        raise C3Error(f"collage.recording is {section.recording!r}; allowed is an expression with a group.")
    background = _split_pictures(section, "collage.background", section.background, seed)
    planned = []
    for label, chosen in section.classes.items():
        sounds = _files(section, f"collage.classes.{label}.sounds", chosen.sounds)
        pictures = _split_pictures(section, f"collage.classes.{label}.pictures", chosen.pictures, seed)
        groups: dict[str, list[str]] = {}
        for path in sounds:
            match = name_of.search(os.path.basename(path))
            if not match:
                raise C3Error(f"{path} names no recording; allowed are names that fit {section.recording!r}.")
            groups.setdefault("-".join(filter(None, match.groups())), []).append(path)
        held_out = _held_out(section, label, groups, seed)
        made = [
            Recording(ytid, label, segments, pictures[evaluation], background[evaluation], evaluation)
            for group, evaluation in held_out.items()
            for ytid, segments in _segments(section, chosen, f"{label} {group}", groups[group], seed)
        ]
        most = {False: chosen.train_segments, True: section.evaluation_segments}
        kept = {side: _at_most(most[side], [r for r in made if r.evaluation == side], seed, label) for side in most}
        planned.extend(kept[r.evaluation][r.ytid] for r in made if r.ytid in kept[r.evaluation])
    return planned


def _held_out(section: config.Collage, label: str, groups: dict[str, list[str]], seed: int) -> dict[str, bool]:
    """Recording of a class → whether it is for evaluation: by the names of its files, or by a lot of its own name.

    A source of several classes, such as a speaker, has one lot, and so is on the same side in all of them that have
    the same sources.
    """
    if isinstance(section.evaluation, float):
        if len(groups) < 2:
            raise C3Error(
                f"collage.classes.{label} has one recording, and collage.evaluation is a share; allowed are two"
                " recordings or more, so that one can be held out."
            )
        wanted = max(section.evaluation * sum(map(len, groups.values())), 2)  # two can be told from each other
        drawn = sorted(groups, key=lambda group: _rng(seed, group, 3).random())
        before = np.cumsum([0, *(len(groups[group]) for group in drawn[:-2])])
        return {group: group in drawn[: np.count_nonzero(before < wanted)] for group in groups}
    fits = _pattern("collage.evaluation", section.evaluation)
    held_out = {}
    for group, paths in groups.items():
        sides = {bool(fits.search(os.path.basename(path))) for path in paths}
        if len(sides) > 1:
            raise C3Error(
                f"{paths[0]}: recording {group} is in training and in evaluation; allowed is an expression "
                f"collage.evaluation that fits all its files or none, unlike {section.evaluation!r}."
            )
        held_out[group] = sides.pop()
    return held_out


def _at_most(count: int | None, recordings: list[Recording], seed: int, label: str) -> dict[str, Recording]:
    """Id → recording, of as many as have ``count`` segments, drawn by lot; the last may lose some."""
    if count is None:
        return {recording.ytid: recording for recording in recordings}
    kept, left = {}, count
    for place in _rng(seed, label, 4).permutation(len(recordings)):
        segments = recordings[place].segments[:left]
        if segments:
            kept[recordings[place].ytid] = recordings[place]._replace(segments=segments)
            left -= len(segments)
    return kept


def _segments(
    section: config.Collage, chosen: config.CollageClass, name: str, paths: list[str], seed: int
) -> list[tuple[str, list]]:
    """(id of the recording, its segments, each a list of files) that a group of files of a class makes."""
    size = chosen.sounds_per_segment or section.sounds_per_segment
    per_recording = chosen.segments_per_recording or section.segments_per_recording
    if per_recording is None:
        ytid = audioset.make_ytid(seed, name)
        return [(ytid, [paths[i : i + size] for i in range(0, len(paths), size)])]
    if len(paths) < size:
        raise C3Error(f"collage.sounds_per_segment is {size}; allowed is up to {len(paths)}, the sounds of {name}.")
    drawn = []
    for number in range(per_recording):
        ytid = audioset.make_ytid(seed, name, number)
        takes = _rng(seed, ytid, 0).choice(len(paths), size, replace=False)
        drawn.append((ytid, [[paths[take] for take in takes]]))
    return drawn


def _rng(seed: int, name: str, purpose: int) -> np.random.Generator:
    """The generator that follows from the seed, a name and what it is for."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), purpose])


def _pattern(key: str, text: str) -> re.Pattern:
    try:
        return re.compile(text)
    except re.error as error:
        raise C3Error(f"{key} is {text!r}; allowed is a regular expression ({error}).") from None


def _files(section: config.Collage, key: str, pattern: str) -> list[str]:
    """The files that fit, sorted; :class:`C3Error` if there is none."""
    paths = sorted(glob.glob(os.path.join(section.root, pattern), recursive=True))
    if not paths:
        raise C3Error(
            f"{key} is {pattern!r}, which fits no file in {section.root}; allowed is a glob that does"
            " (`make data` brings the files of the shipped configurations into data)."
        )
    return paths


def _split_pictures(section: config.Collage, key: str, pattern: str | None, seed: int) -> tuple[list, list]:
    """(pictures for training, pictures for evaluation), disjoint."""
    if pattern is None:
        return [], []
    paths = _files(section, key, pattern)
    if len(paths) < 2:
        raise C3Error(f"{key} is {pattern!r}, which fits one file; allowed are two or more, to be split.")
    order = _rng(seed, key, 1).permutation(len(paths))
    count = max(1, round(EVALUATION_PICTURES * len(paths)))
    return [paths[i] for i in sorted(order[count:])], [paths[i] for i in sorted(order[:count])]


def _write_recording(job: tuple[str, Recording, int]) -> list[tuple[float, float]]:
    """Write one file; returns start and end of its segments in seconds."""
    path, recording, seed = job
    rng = _rng(seed, recording.ytid, 2)
    rate = max(_rate(sound) for segment in recording.segments for sound in segment)
    samples, films, times, position = [], [], [], 0
    for sounds in recording.segments:
        waves, stretches = _string(sounds, rate, rng)
        length = round(len(waves) / rate * 1000)
        waves = waves[: length * rate // 1000]
        start = position / 1000
        position += length
        times.append((start, position / 1000))
        samples.append(waves)
        films.append((start, position / 1000, stretches))
    temporary = f"{os.path.dirname(path)}/.{os.path.basename(path)}"
    if path.endswith(".flac"):
        soundfile.write(temporary, media.levels(np.concatenate(samples)), rate)
    else:
        frames = _film(films, recording, rng)
        media.encode(temporary, np.concatenate(samples), rate, frames, FRAMES_PER_SECOND, "flac")
    os.replace(temporary, path)
    return times


def _string(sounds: list[str], rate: int, rng: np.random.Generator) -> tuple[np.ndarray, list]:
    """Sounds strung together, random gaps around each if there is more than one; and the time of each."""
    pieces, stretches, position = [], [], 0.0
    for path in sounds:
        gaps = rng.uniform(*GAP_SECONDS, 2) / 2 if len(sounds) > 1 else (0.0, 0.0)
        before, after = (np.zeros(int(gap * rate), np.float32) for gap in gaps)
        piece = np.concatenate([before, _sound(path, rate), after])
        pieces.append(piece)
        stretches.append((position, position + len(piece) / rate))
        position += len(piece) / rate
    return np.concatenate(pieces), stretches


def _rate(path: str) -> int:
    """The sample rate of a sound file; 16 kHz if it cannot be read."""
    try:
        return probe(path).sample_rate
    except media.Quarantined:
        return 16_000


def _sound(path: str, rate: int) -> np.ndarray:
    """A whole sound file at ``rate``; a broken one becomes a second of silence, which is quarantined later."""
    try:
        seconds, own_rate, *_ = probe(path)
        samples = media.decode_audio(path, 0.0, seconds, own_rate)
    except media.Quarantined:
        return np.zeros(int(SILENCE_FOR_BROKEN_SECONDS * rate), np.float32)
    return samples if own_rate == rate else soxr.resample(samples, own_rate, rate, quality="HQ")


def _film(films: list, recording: Recording, rng: np.random.Generator) -> np.ndarray:
    """The pictures of a recording: uint8 (frames, PIXELS, PIXELS, 3).

    While a sound lasts, a picture of its class is in view for one random stretch of the time; before and
    after it there is a picture of the background.
    """
    count = max(1, int(np.ceil(films[-1][1] * FRAMES_PER_SECOND)))
    times = (np.arange(count) + 0.5) / FRAMES_PER_SECOND
    frames = np.zeros((count, PIXELS, PIXELS, 3), np.uint8)
    for start, end, stretches in films:
        _show(frames, (times >= start) & (times < end), recording.background, rng)
        for first, last in stretches:
            length = rng.uniform(*IN_VIEW) * (last - first)
            begin = start + first + rng.uniform(0, last - first - length)
            _show(frames, (times >= begin) & (times < begin + length), recording.pictures, rng)
    return frames


def _show(frames: np.ndarray, where: np.ndarray, pictures: list[str], rng: np.random.Generator) -> None:
    """Put one of the ``pictures`` into the ``frames`` where asked, cropped at random and swaying a little."""
    picture = cv2.imread(pictures[rng.integers(len(pictures))]) if pictures else None
    if picture is None:
        return
    height, width = picture.shape[:2]
    side = max(int(min(height, width) * rng.uniform(0.8, 1.0)), 1)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = cv2.cvtColor(picture[top : top + side, left : left + side], cv2.COLOR_BGR2RGB)
    shrink = side > PIXELS + SWAY
    resized = cv2.resize(
        crop, (PIXELS + SWAY, PIXELS + SWAY), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    )
    light = rng.uniform(0.8, 1.2)
    resized = np.clip(resized * light, 0, 255).astype(np.uint8)
    place = rng.integers(0, SWAY + 1, 2)
    for frame in np.flatnonzero(where):
        place = np.clip(place + rng.integers(-1, 2, 2), 0, SWAY)
        frames[frame] = resized[place[0] : place[0] + PIXELS, place[1] : place[1] + PIXELS]
