"""How long the sound of a file is: what can be decoded, counted without decoding it."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

import av
import soundfile

from c3.data import media, packs
from c3.data.headers import DataChunk, data_chunk, first_bytes, has_another_behind, has_end, is_chained, is_followed
from c3.data.media import Quarantined

TOLERANCE_SECONDS, TOLERANCE = 0.1, 0.01
"""by how much a header may be wrong, the larger of both, without a word"""
NEAR_END_SECONDS = 1.0
"""from where on before the announced end the packets are looked at"""
UNKNOWN = 2**32 - 1
"""bytes of samples in a WAVE file that was written to a pipe"""
BEHIND = 1 / 3
"""share of a file behind its last sound that is told: another file, or pictures"""
LEAST_BYTES = 1
"""of a second of sound: silence in FLAC has 3"""

ANOTHER = "another file follows in it"
FOLLOWED = f"{ANOTHER}, which is not read"


class Sound(NamedTuple):
    """The sound of a file."""

    seconds: float
    """until the last packet that is there, from the first thing seen or heard"""
    sample_rate: int
    has_pictures: bool
    remark: str = ""
    """what of the file is not as its header says"""


def probe(path: str) -> Sound:
    """What sound a file has; :class:`Quarantined` (missing, empty, broken).

    The header is held against the content: the length of WAVE follows from the size of the file, other files are read
    from shortly before their announced end, and as a whole where it is not there or is not announced.
    """
    media.check_file(path)
    chunk = data_chunk(path)
    sound = _probe_wave(path, chunk) or _probe_ogg(path) or _probe_first_flac(path) or _probe_ffmpeg(path)
    media.check_rate(sound.sample_rate)
    if sound.seconds <= 0:
        raise Quarantined("empty")
    if sound.seconds * LEAST_BYTES > packs.size(path):
        raise Quarantined("broken")
    if chunk and chunk.is_followed:
        return sound._replace(remark=FOLLOWED)
    if has_another_behind(path):
        return sound._replace(remark=f"{sound.remark}; {ANOTHER}" if sound.remark else FOLLOWED)
    return sound


def _probe_wave(path: str, chunk: DataChunk | None) -> Sound | None:
    if not chunk or not chunk.is_kept or chunk.is_mpeg:
        return None
    try:
        header = soundfile.info(packs.opened(path))
    except soundfile.LibsndfileError:
        return None
    seconds, remark = header.frames / header.samplerate, ""
    if chunk.announced > chunk.there > 0 and chunk.announced != UNKNOWN:
        remark = _compared(seconds * chunk.announced / chunk.there, seconds)
    return Sound(seconds, header.samplerate, False, remark)


def _probe_ogg(path: str) -> Sound | None:
    if first_bytes(path, 4) != b"OggS" or is_chained(path):
        return None
    try:
        header = soundfile.info(packs.opened(path))
    except soundfile.LibsndfileError:
        return None
    return Sound(
        header.frames / header.samplerate, header.samplerate, False, "" if has_end(path) else "its end is missing"
    )


def _probe_first_flac(path: str) -> Sound | None:
    """Of a FLAC file with another behind it: libsndfile reads the first, and FFmpeg mixes the two."""
    if not is_followed(path):
        return None
    try:
        header = soundfile.info(packs.opened(path))
    except soundfile.LibsndfileError:
        return None
    if header.frames / header.samplerate * LEAST_BYTES > packs.size(path):  # it does not say how long it is
        return _probe_ffmpeg(path)._replace(remark=ANOTHER)
    return Sound(header.frames / header.samplerate, header.samplerate, False, FOLLOWED)


def _probe_ffmpeg(path: str) -> Sound:
    with media.opened(path) as container:
        stream = media.sound_of(container)
        rate, has_pictures = stream.codec_context.sample_rate, media.pictures_of(container) is not None
        origin, announced = media.origin(container), None
        if stream.duration is not None:
            announced = float((stream.duration + (stream.start_time or 0)) * stream.time_base) - origin
        elif container.duration is not None:
            announced = container.duration / av.time_base
        near = announced is not None and not media.begins_again(path) and announced > NEAR_END_SECONDS
        end, place = _end(container, stream, origin + announced - NEAR_END_SECONDS) if near else (None, 0)
    if end is None:
        with media.opened(path) as container:
            end, place = _end(container, media.sound_of(container), None)
    if end is None:
        raise Quarantined("empty")
    remark = _compared(announced, end - origin) if announced else ""
    behind = 1 - place / packs.size(path)
    if place and behind > BEHIND:
        remark = f"{behind:.0%} of it lie behind the last sound that is found"
    return Sound(end - origin if remark or not announced else announced, rate, has_pictures, remark)


def _end(
    container: av.container.InputContainer, stream: av.AudioStream, start: float | None
) -> tuple[float | None, int]:
    """When the last packet ends, in seconds of the container, looked for from ``start`` on, and behind which byte; None
    if there is none."""
    end, place = None, 0
    with contextlib.suppress(*media.UNREADABLE):
        if start is not None:
            container.seek(int(start / stream.time_base), stream=stream)
        after = 0.0
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            place = max(place, (packet.pos or 0) + packet.size)
            begin = float(packet.pts * stream.time_base) + after
            if end is not None and begin < end - media.BEGINS_AGAIN_SECONDS:
                begin, after = end, after + end - begin
            end = max(begin + float((packet.duration or 0) * stream.time_base), end or begin)
    return end, place


def _compared(announced: float, there: float) -> str:
    """A remark if the header is wrong by more than is tolerated."""
    if abs(announced - there) <= max(TOLERANCE_SECONDS, TOLERANCE * there):
        return ""
    return f"its header says {announced:.1f} s, there are {there:.1f} s"
