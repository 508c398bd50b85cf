"""Decoding: the sound and the pictures of a piece of a media file, aligned by presentation time.

Sound of WAV, FLAC and Ogg is read by libsndfile (which seeks to the sample and drops the encoder's delay), everything
else by FFmpeg through PyAV, where each decoded block is laid down at its presentation time, so that the same sound
gives the same samples, up to codec loss, from every container. The first bytes of a file decide, not its name. Where
libsndfile believes a header that promises less than there is, FFmpeg reads on.

Time counts from the first thing that is seen or heard. Of several tracks of sound the first is heard.
A path may be that of a member of a pack (:mod:`c3.data.packs`).
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator

import av
import cv2
import numpy as np
import soundfile
import soxr
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from c3.data import packs
from c3.data.headers import data_chunk, first_bytes, is_chained, is_transport_stream
from c3.data.mono import Mono

REASONS = ("missing", "empty", "broken", "truncated", "silent", "too short", "wrongly named", "out of range", "changed")
SNDFILE_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS")
RATES = (1000, 2_000_000)
"""samples a second that are believed, least and most"""
MOST_VALUES = 2**26
"""samples of all channels that are asked of libsndfile at once, 256 MB; FFmpeg gives them block by block"""
MOST_PIXELS = 2**26
"""of a picture that is decoded: 8192 x 8192"""
UNREADABLE = (av.FFmpegError, IndexError, ValueError, OverflowError)
"""what PyAV raises for broken content, such as a stream that appears in the middle"""
SLACK_SECONDS = 0.1
"""what an encoder adds or drops at the end of a file, at most"""
PREROLL_SECONDS = 0.5
"""how far before the asked start decoding begins, so that codecs with memory have settled"""
LONG_SECONDS = 3600
"""from this length on, a recording in a container stays open between its segments"""
BEGINS_AGAIN_SECONDS = 1
"""times that jump back by more than this are those of another file"""
CONTINUOUS_SECONDS = 0.005
"""blocks whose times fit this closely follow each other without a gap: Matroska rounds times to 1 ms"""


class Quarantined(Exception):
    """A segment that cannot be used; ``reason`` is one of :data:`REASONS`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def decode_audio(path: str, start: float, seconds: float, sample_rate: int) -> np.ndarray:
    """Mono sound of ``path`` from ``start`` s on: float32 (n,) at ``sample_rate`` Hz.

    n is at most seconds · sample_rate. Channels are averaged; where they cancel each other (by 20 dB), the loudest
    one is taken. The rate is converted by soxr (HQ). The result is shorter than asked where the data end earlier, of
    length 0 if they end before ``start``. Raises :class:`Quarantined` (missing, empty, broken).
    """
    check_file(path)
    mono = Mono()
    samples, rate = _read(path, start, seconds, mono)
    if (loudest := mono.lost()) is not None:
        samples, rate = _read(path, start, seconds, Mono(loudest))
    if not np.isfinite(samples).all():
        raise Quarantined("broken")
    if rate != sample_rate and len(samples):
        samples = soxr.resample(samples, rate, sample_rate, quality="HQ")
    return samples[: round(seconds * sample_rate)]


def decode_frames(
    path: str, start: float, seconds: float, frames_per_second: float, pixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of ``path`` from ``start`` s on: uint8 RGB (n, pixels, pixels, 3), and their times (n,).

    The segment is cut into intervals of 1 / frames_per_second; each gives the picture whose presentation time
    is nearest to its middle, unless that picture lies in another interval. Times are float32 seconds from
    ``start``. Pictures stand upright, are centre-cropped to a square and averaged down (area). A file without
    pictures (a cover is none), or whose pictures cannot be decoded, gives n = 0. Raises :class:`Quarantined`
    (missing, empty).
    """
    check_file(path)
    step = 1.0 / frames_per_second
    grid = (np.arange(int(seconds * frames_per_second + 1e-6)) + 0.5) * step
    pictures, times, to_rgb = [], [], VideoReformatter()
    for time, frame in _nearest(_presented(path, start), grid, step / 2):
        picture = to_rgb.reformat(frame, format="rgb24", threads=1).to_ndarray()
        pictures.append(square(np.rot90(picture, round(frame.rotation / 90)), pixels))
        times.append(time)
    if not pictures:
        return np.zeros((0, pixels, pixels, 3), np.uint8), np.zeros(0, np.float32)
    return np.stack(pictures), np.asarray(times, np.float32)


def square(picture: np.ndarray, pixels: int) -> np.ndarray:
    """The central square of an RGB picture (h, w, 3), resized to (pixels, pixels, 3) by area averaging."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crop = picture[top : top + side, left : left + side]
    if side == pixels:
        return np.ascontiguousarray(crop)
    return cv2.resize(crop, (pixels, pixels), interpolation=cv2.INTER_AREA)


def check_file(path: str) -> None:
    """Raises :class:`Quarantined` if there is no file (missing) or no byte in it (empty)."""
    try:
        size = packs.size(path)
    except OSError:
        raise Quarantined("missing") from None
    if size == 0:
        raise Quarantined("empty")


_left_open: dict[tuple, av.container.InputContainer] = {}  # of one file at most


@contextlib.contextmanager
def opened(path: str, start: float = 0.0) -> Iterator[av.container.InputContainer]:
    """The container, to be read from the first packet or from where ``start`` is sought; :class:`Quarantined` (broken).

    That of a long recording is left open, since its index takes long to read: 0.3 s for 12 hours of mp4. Others are
    opened anew: some of the noise that an AAC decoder makes up hangs on what it decoded before, by a thousandth.
    """
    status = os.stat(packs.pack_of(path))
    version = (path, status.st_size, status.st_mtime_ns)
    container = _left_open.get(version) if _is_sought(path, start) else None
    if container is None:
        while _left_open:
            _left_open.popitem()[1].close()
        container = _left_open[version] = _container(path)
    try:
        yield container
    finally:
        if version not in _left_open or (container.duration or 0) / av.time_base < LONG_SECONDS:
            _left_open.pop(version, None)
            container.close()


def _is_sought(path: str, start: float) -> bool:
    return start > PREROLL_SECONDS and not begins_again(path)


def begins_again(path: str) -> bool:
    """Whether this is an Ogg file or a transport stream of several, one after the other: each time occurs several times
    in it, so that it can only be read from its beginning."""
    if not is_transport_stream(path):
        return is_chained(path)
    status = os.stat(packs.pack_of(path))
    return _jumps_back(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _jumps_back(path: str, size: int, modified: int) -> bool:
    """Whether a sound in the container begins well before the one that stands before it."""
    before = None
    with contextlib.suppress(*UNREADABLE, Quarantined), _container(path) as container:
        stream = sound_of(container)
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            time = float(packet.pts * stream.time_base)
            if before is not None and time < before - BEGINS_AGAIN_SECONDS:
                return True
            before = time
    return False


def _container(path: str) -> av.container.InputContainer:
    options = {"protocol_whitelist": "file"}  # a play list opens nothing elsewhere
    if (chunk := data_chunk(path)) and not chunk.is_kept:
        options["ignore_length"] = "1"
    try:
        container = av.open(packs.opened(path), metadata_errors="ignore", options=options)
    except UNREADABLE:
        raise Quarantined("broken") from None
    for stream in (*container.streams.audio, *container.streams.video):
        if stream.codec_context:  # FFmpeg knows how to decode it
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return container


def origin(container: av.container.InputContainer) -> float:
    """Presentation time of the first thing seen or heard, in seconds; what an encoder adds lies before 0."""
    return max(container.start_time or 0, 0) / av.time_base


def pictures_of(container: av.container.InputContainer) -> av.VideoStream | None:
    """The first stream of pictures; a cover is none."""
    streams = (s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
    return next(streams, None)


def sound_of(container: av.container.InputContainer) -> av.AudioStream:
    """The first stream of sound; :class:`Quarantined` (empty, or broken if FFmpeg knows no such codec)."""
    if not container.streams.audio:
        raise Quarantined("empty")
    if not container.streams.audio[0].codec_context:
        raise Quarantined("broken")
    return container.streams.audio[0]


def _read(path: str, start: float, seconds: float, mono: Mono) -> tuple[np.ndarray, int]:
    """Mono float32 samples at the file's own rate, and that rate."""
    chunk = data_chunk(path)
    # libsndfile reads MPEG with a library that writes to the terminal
    if first_bytes(path, 4) not in SNDFILE_MAGIC or (chunk and chunk.is_mpeg):
        return _read_ffmpeg(path, start, seconds, mono)
    try:
        samples, rate = _read_sndfile(path, start, seconds, mono)
    except soundfile.LibsndfileError:
        return _read_ffmpeg(path, start, seconds, mono)
    if len(samples) < (seconds - SLACK_SECONDS) * rate:  # a header may promise less than there is
        with contextlib.suppress(Quarantined):
            more, rate_of_more = _read_ffmpeg(path, start, seconds, mono)
            if len(more) / rate_of_more > len(samples) / rate + SLACK_SECONDS:
                return more, rate_of_more
        if not len(samples) and start == 0:
            raise Quarantined("empty")
    return samples, rate


def _read_sndfile(path: str, start: float, seconds: float, mono: Mono) -> tuple[np.ndarray, int]:
    status = os.stat(packs.pack_of(path))
    version = (path, status.st_size, status.st_mtime_ns)
    file = _opened(*version)
    if file.format == "OGG" and file.tell() != round(start * file.samplerate):
        _opened.cache_clear()  # libsndfile may land elsewhere when it seeks in an Ogg file that it has read from
        file = _opened(*version)
    check_rate(file.samplerate)
    try:
        first = round(start * file.samplerate)
        if first >= file.frames:
            return np.zeros(0, np.float32), file.samplerate
        wanted = min(round(seconds * file.samplerate), file.frames - first)
        if wanted * file.channels > MOST_VALUES:
            raise soundfile.LibsndfileError(0)
        if file.tell() != first:
            file.seek(first)
        # numpy makes floats of 16-bit samples several times as fast as libsndfile does, and the same ones
        kind = "int16" if file.subtype == "PCM_16" else "float32"
        samples = file.read(out=_buffer(wanted, file.channels, kind))
    except soundfile.LibsndfileError:
        _opened.cache_clear()
        raise
    return mono(samples), file.samplerate


def check_rate(rate: int) -> None:
    """:class:`Quarantined` (broken) unless a sound may have ``rate`` samples a second."""
    if not RATES[0] <= rate <= RATES[1]:
        raise Quarantined("broken")


@functools.lru_cache(maxsize=1)
def _buffer(frames: int, channels: int, kind: str) -> np.ndarray:
    """Used again and again: to ask the system for this much memory takes longer than decoding WAV."""
    return np.empty((frames, channels), kind)


@functools.lru_cache(maxsize=1)
def _opened(path: str, size: int, modified: int) -> soundfile.SoundFile:
    """The file, left open: seeking in MP3 reads all that lies before, so the segments of a recording of a day are
    read one after the other. ``size`` and ``modified`` tell a file that was written anew."""
    return soundfile.SoundFile(packs.opened(path))


def _read_ffmpeg(path: str, start: float, seconds: float, mono: Mono) -> tuple[np.ndarray, int]:
    """Laid down at the times of their presentation."""
    with opened(path, start) as container:
        stream = sound_of(container)
        rate = stream.codec_context.sample_rate
        check_rate(rate)
        wanted = round(seconds * rate)
        samples = np.zeros(wanted, np.float32)
        end, decoded, errors, expected = 0, 0, 0, None
        for frame in _decoded(container, stream, start):
            if frame is None:
                errors += 1
                continue
            decoded += 1
            time, frame = frame
            first = round((time - start) * rate)
            if expected is not None and abs(first - expected) <= CONTINUOUS_SECONDS * rate:
                first = expected
            expected = first + round(frame.samples * rate / frame.sample_rate)
            if first >= wanted:
                break
            if expected <= 0:
                continue
            block = mono(_channels(frame))
            if frame.sample_rate != rate:
                block = soxr.resample(block, frame.sample_rate, rate)
            block, first = (block[-first:], 0) if first < 0 else (block, first)
            block = block[: wanted - first]
            samples[first : first + len(block)] = block
            if len(block):
                end = max(end, first + len(block))
        if not decoded:
            raise Quarantined("broken" if errors else "empty")
    return samples[:end], rate


def _channels(frame: av.AudioFrame) -> np.ndarray:
    """The samples of a decoded block (n, channels)."""
    block = frame.to_ndarray()
    return block.T if frame.format.is_planar else block.reshape(-1, frame.layout.nb_channels)


def _decoded(container, stream, start: float) -> Iterator:
    """(seconds from the origin, decoded frame) from a little before ``start`` s on; None for each packet that cannot
    be decoded. Where times begin again, as in files put one after the other, they are counted on."""
    begin, after = origin(container), 0.0
    if _is_sought(container.name, start):
        try:
            container.seek(int((start + begin - PREROLL_SECONDS) / stream.time_base), stream=stream)
        except UNREADABLE:
            _left_open.clear()  # it is closed by who opened it
            yield None
    packets, last = container.demux(stream), None
    while True:
        try:
            packet = next(packets, None)
        except UNREADABLE:
            _left_open.clear()  # it is closed by who opened it
            yield None
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except UNREADABLE:
            yield None
            continue
        for frame in frames:
            if frame.pts is None:
                continue
            time = frame.time - begin
            if last is not None and time + after < last - BEGINS_AGAIN_SECONDS:
                after = last - time
            last = time + after
            yield last, frame


def _presented(path: str, start: float) -> Iterator[tuple[float, av.VideoFrame]]:
    """(seconds from ``start``, picture) in the order of presentation, from the key frame before ``start``."""
    with contextlib.suppress(Quarantined), opened(path, start) as container:
        stream = pictures_of(container)
        if stream and stream.codec_context:
            for decoded in _decoded(container, stream, start):
                if decoded is not None:
                    yield decoded[0] - start, decoded[1]


def _nearest(
    presented: Iterator[tuple[float, av.VideoFrame]], grid: np.ndarray, reach: float
) -> Iterator[tuple[float, av.VideoFrame]]:
    """For each time of the ascending ``grid``, the picture nearest to it and at most ``reach`` away."""
    position, before = 0, None
    for time, frame in presented:
        while position < len(grid) and time >= grid[position]:
            nearest = (time, frame)
            if before is not None and grid[position] - before[0] <= time - grid[position]:
                nearest = before
            if abs(nearest[0] - grid[position]) <= reach:
                yield nearest
            position += 1
        if position == len(grid):
            return
        before = (time, frame)
    if before is not None and position < len(grid) and abs(before[0] - grid[position]) <= reach:
        yield before


def levels(samples: np.ndarray) -> np.ndarray:
    """Samples in [-1, 1] as int16; what is beyond is clipped."""
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def encode(
    path: str | os.PathLike,
    samples: np.ndarray,
    sample_rate: int,
    frames: np.ndarray,
    frames_per_second: int,
    audio_codec: str,
) -> None:
    """Write mono float32 ``samples`` (n,) and RGB ``frames`` uint8 (m, h, w, 3) as one file.

    The container follows from the suffix; the pictures are MPEG-4, the sound ``audio_codec`` ('aac', 'flac').
    The same input gives the same bytes.
    """
    with av.open(os.fspath(path), "w", options={"fflags": "+bitexact"}) as container:
        video = container.add_stream("mpeg4", rate=frames_per_second)
        video.height, video.width, video.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        video.codec_context.qmin = video.codec_context.qmax = 4
        video.codec_context.thread_count = 1
        options = {"aac_coder": "fast"} if audio_codec == "aac" else {}
        audio = container.add_stream(audio_codec, rate=sample_rate, layout="mono", options=options)
        if audio_codec == "aac":
            audio.bit_rate = 64_000
            sound = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        else:
            sound = av.AudioFrame.from_ndarray(levels(samples)[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts = sample_rate, 0
        to_yuv = VideoReformatter()
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = to_yuv.reformat(frame, format="yuv420p", threads=1)
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
