"""Recordings that nothing was learnt from: the classes of their segments, by networks that are trained already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from c3 import config, encoders
from c3.data import features, media
from c3.data.features import log_mel
from c3.data.probe import probe
from c3.data.sources import folder
from c3.encoders.interface import embed_windows
from c3.errors import C3Error
from c3.models import network as networks

BATCH = 256
"""windows that go through the networks together: 6 MB, whatever the length of a file"""


class Segment(NamedTuple):
    """A piece of a recording, named as in the manifest; times in seconds."""

    segment_id: str
    audio_path: str
    start: float
    end: float
    media_start: float


class Recogniser(NamedTuple):
    """What is needed to recognise classes in sound."""

    classes: list[str]
    segment_seconds: float
    """length of the segments that it was trained on"""
    decode: Callable[[Segment], np.ndarray]
    """segment → its sound (n,); raises :class:`c3.data.media.Quarantined`"""
    windows: Callable[[np.ndarray, Segment], np.ndarray]
    """sound → its windows (k, ...), as the networks take them"""
    classify: Callable[[np.ndarray], np.ndarray]
    """windows (k, ...) → probability of each class (k, classes), the mean over the networks"""
    licence: str | None
    """what its user has to know of the encoder, if it is not free for every use"""


def load(paths: list[str]) -> Recogniser:
    """The mean of the networks in some files, trained with other seeds on the same classes.

    :class:`C3Error` if a file is no such network, or if it was trained on vectors that only a file has.
    """
    loaded = [networks.read(path) for path in paths]
    first = loaded[0]
    for path, network in zip(paths, loaded, strict=True):
        _check(path, network)
        for part in ("classes", "features", "embedding", "segment_seconds"):
            if getattr(network, part) != getattr(first, part):
                raise C3Error(
                    f"{path} has other {part} than {paths[0]}; allowed are networks of one row, of several seeds."
                )
    spec = config.Features(**first.features)
    encoder = encoders.load(config.Embedding(**first.embedding)) if first.embedding else None
    rate = encoder.sample_rate if encoder else spec.sample_rate

    def windows(samples: np.ndarray, segment: Segment) -> np.ndarray:
        count = features.windows_in(len(samples) / rate, spec)
        if encoder:
            return embed_windows(encoder, samples, count, spec.window_seconds, f"segment {segment.segment_id}")
        rows = log_mel(samples, spec)[: count * spec.window_rows].astype(np.float16)  # as they are stored
        return rows.reshape(count, *spec.window_shape).astype(np.float32)

    def classify(inputs: np.ndarray) -> np.ndarray:
        return np.mean([each.classify(each.embed(inputs) if each.audio_trunk else inputs) for each in loaded], axis=0)

    return Recogniser(
        list(first.classes),
        first.segment_seconds,
        lambda segment: features.decode(segment, rate, spec),
        windows,
        classify,
        encoder and encoder.licence,
    )


def _check(path: str, network: networks.Network) -> None:
    if not network.classes:
        raise C3Error(f"{path} knows no classes; allowed is a network of a row with the loss classification.")
    if network.segment_seconds is None or not (network.audio_trunk or network.embedding):
        raise C3Error(
            f"{path} does not say what it was trained on; allowed is a network that this version of c3 has trained."
        )
    if network.embedding and network.embedding["vectors"]:
        raise C3Error(
            f"{path} was trained on the vectors in {network.embedding['vectors']}, which new recordings do not have;"
            " allowed is a row that starts from an encoder, or that learns its own embedding."
        )


def seconds(path: str, length: float) -> float:
    """How long a recording is; ``length`` if its header does not tell: who decodes that segment is told why."""
    try:
        return probe(path).seconds
    except media.Quarantined:
        return length


def segments(path: str, root: str, seconds: float, length: float) -> list[Segment]:
    """The segments of a recording below ``root``, each of ``length`` seconds, as in the manifest of a folder."""
    name = os.path.relpath(path, root)
    return [
        Segment(folder.segment_id(name, start), path, start, end, start) for start, end in folder.cut(seconds, length)
    ]


def recognise(recogniser: Recogniser, segments: Iterable[Segment]) -> Iterator[tuple[Segment, np.ndarray | str]]:
    """Each segment with the probability of each class (classes,) float32, or the reason why it cannot be used.

    They come in order. Only the sound of one segment and some windows are in memory at any time.
    """
    waiting, windows = [], []
    for segment in segments:
        try:
            found = recogniser.windows(recogniser.decode(segment), segment)
            waiting.append((segment, len(found)))
            windows.append(found)
        except features.Quarantined as error:
            waiting.append((segment, error.reason))
        if sum(map(len, windows)) >= BATCH or len(waiting) >= BATCH:
            yield from _classified(recogniser, waiting, windows)
            waiting, windows = [], []
    yield from _classified(recogniser, waiting, windows)


def _classified(recogniser, waiting, windows) -> Iterator[tuple[Segment, np.ndarray | str]]:
    """Those that wait, each with the mean over its windows."""
    probabilities = iter(recogniser.classify(np.concatenate(windows)) if windows else [])
    for segment, found in waiting:
        if isinstance(found, int):
            found = np.mean([next(probabilities) for _ in range(found)], axis=0)
        yield segment, found
