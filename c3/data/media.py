"""Decoding: the sound and the pictures of a piece of a media file, aligned by presentation time.

Sound of WAV, FLAC, Ogg and MP3 is read by libsndfile (which seeks to the sample and drops the encoder's
delay), everything else by FFmpeg through PyAV, where each decoded block is laid down at its presentation
time, so that the same sound gives the same samples, up to codec loss, from every container.
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
from av.video.reformatter import VideoReformatter

from c3.data import packs

AUDIO_EXTENSIONS = ("wav", "flac", "m4a", "ogg", "opus", "mp3")
VIDEO_EXTENSIONS = ("mp4", "mkv", "webm")
SNDFILE_EXTENSIONS = ("wav", "flac", "ogg", "mp3")
REASONS = ("missing", "empty", "broken", "truncated", "silent", "too short", "wrongly named", "out of range")
PREROLL_SECONDS = 0.5
"""how far before the asked start decoding begins, so that codecs with memory have settled"""
BLOCK = 16_384
"""sample frames averaged at once, which stay in the processor's cache"""
LONG_SECONDS = 3600
"""from this length on, a recording in a container stays open between its segments"""
CONTINUOUS_SECONDS = 0.005
"""blocks whose times fit this closely follow each other without a gap: Matroska rounds times to 1 ms"""


class Quarantined(Exception):
    """A segment that cannot be used; ``reason`` is one of :data:`REASONS`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def decode_audio(path: str, start: float, seconds: float, sample_rate: int) -> np.ndarray:
    """Mono sound of ``path`` from ``start`` s on: float32 (n,) at ``sample_rate`` Hz.

    n is at most seconds · sample_rate. Channels are averaged, the rate is converted by soxr (HQ). The result
    is shorter than asked where the data end earlier, of length 0 if they end before ``start``.
    Raises :class:`Quarantined` (missing, empty, broken).
    """
    check_file(path)
    if path.lower().endswith(SNDFILE_EXTENSIONS):
        try:
            samples, rate = _read_sndfile(path, start, seconds)
        except soundfile.LibsndfileError:
            samples, rate = _read_ffmpeg(path, start, seconds)
    else:
        samples, rate = _read_ffmpeg(path, start, seconds)
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
    ``start``. Pictures are centre-cropped to a square and averaged down (area). A file without pictures, or
    whose pictures cannot be decoded, gives n = 0. Raises :class:`Quarantined` (missing, empty).
    """
    check_file(path)
    step = 1.0 / frames_per_second
    grid = (np.arange(int(seconds * frames_per_second + 1e-6)) + 0.5) * step
    pictures, times, to_rgb = [], [], VideoReformatter()
    for time, frame in _nearest(_presented(path, start), grid, step / 2):
        pictures.append(square(to_rgb.reformat(frame, format="rgb24", threads=1).to_ndarray(), pixels))
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


def probe(path: str) -> tuple[float, int]:
    """(seconds of sound, sample rate) that the header announces; :class:`Quarantined` (missing, empty, broken)."""
    check_file(path)
    if path.lower().endswith(SNDFILE_EXTENSIONS):
        try:
            header = soundfile.info(packs.opened(path))
            return header.frames / header.samplerate, header.samplerate
        except soundfile.LibsndfileError:
            pass
    with _open(path, 0.0) as container:
        return (container.duration or 0) / av.time_base, _sound(container).codec_context.sample_rate


_left_open: dict[tuple, av.container.InputContainer] = {}  # of one file at most


@contextlib.contextmanager
def _open(path: str, start: float) -> Iterator[av.container.InputContainer]:
    """The container, to be read from the first packet or from where ``start`` is sought; :class:`Quarantined` (broken).

    That of a long recording is left open, since its index takes long to read: 0.3 s for 12 hours of mp4. Others are
    opened anew: some of the noise that an AAC decoder makes up hangs on what it decoded before, by a thousandth.
    """
    status = os.stat(packs.pack_of(path))
    version = (path, status.st_size, status.st_mtime_ns)
    container = _left_open.get(version) if _is_sought(start) else None
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


def _is_sought(start: float) -> bool:
    return start > PREROLL_SECONDS


def _container(path: str) -> av.container.InputContainer:
    try:
        container = av.open(packs.opened(path), metadata_errors="ignore")
    except (av.FFmpegError, ValueError):
        raise Quarantined("broken") from None
    for stream in (*container.streams.audio, *container.streams.video):
        if stream.codec_context:  # FFmpeg knows how to decode it
            stream.codec_context.thread_count = 1
    return container


def _sound(container: av.container.InputContainer) -> av.AudioStream:
    """The first stream of sound; :class:`Quarantined` (empty, or broken if FFmpeg knows no such codec)."""
    if not container.streams.audio:
        raise Quarantined("empty")
    if not container.streams.audio[0].codec_context:
        raise Quarantined("broken")
    return container.streams.audio[0]


def _read_sndfile(path: str, start: float, seconds: float) -> tuple[np.ndarray, int]:
    """Mono float32 samples at the file's own rate, and that rate."""
    status = os.stat(packs.pack_of(path))
    version = (path, status.st_size, status.st_mtime_ns)
    file = _opened(*version)
    if file.format == "OGG" and file.tell() != round(start * file.samplerate):
        _opened.cache_clear()  # libsndfile may land elsewhere when it seeks in an Ogg file that it has read from
        file = _opened(*version)
    try:
        if file.frames == 0:
            raise Quarantined("empty")
        first = round(start * file.samplerate)
        if first >= file.frames:
            return np.zeros(0, np.float32), file.samplerate
        if file.tell() != first:
            file.seek(first)
        # numpy makes floats of 16-bit samples several times as fast as libsndfile does, and the same ones
        kind = "int16" if file.subtype == "PCM_16" else "float32"
        wanted = min(round(seconds * file.samplerate), file.frames - first)
        samples = file.read(out=_buffer(wanted, file.channels, kind))
    except soundfile.LibsndfileError:
        _opened.cache_clear()
        raise
    return _channel_mean(samples), file.samplerate


@functools.lru_cache(maxsize=1)
def _buffer(frames: int, channels: int, kind: str) -> np.ndarray:
    """Used again and again: to ask the system for this much memory takes longer than decoding WAV."""
    return np.empty((frames, channels), kind)


@functools.lru_cache(maxsize=1)
def _opened(path: str, size: int, modified: int) -> soundfile.SoundFile:
    """The file, left open: seeking in MP3 reads all that lies before, so the segments of a recording of a day are
    read one after the other. ``size`` and ``modified`` tell a file that was written anew."""
    return soundfile.SoundFile(packs.opened(path))


def _channel_mean(samples: np.ndarray) -> np.ndarray:
    """Mean over the columns of (n, channels) as a new float32 array, of int16 at full scale 1: numpy's own takes longer
    along a short axis than decoding."""
    full_scale = 32768 if samples.dtype == np.int16 else 1
    channels = samples.shape[1]
    weights, mean = np.full(channels, 1 / (channels * full_scale), np.float32), np.empty(len(samples), np.float32)
    for first in range(0, len(samples), BLOCK):
        block = samples[first : first + BLOCK].astype(np.float32, copy=False)
        np.matmul(block, weights, out=mean[first : first + BLOCK])
    return mean


def _read_ffmpeg(path: str, start: float, seconds: float) -> tuple[np.ndarray, int]:
    """Mono float32 samples at the stream's own rate, laid down at their presentation times, and that rate."""
    with _open(path, start) as container:
        stream = _sound(container)
        rate = stream.codec_context.sample_rate
        if not rate:
            raise Quarantined("broken")
        wanted = round(seconds * rate)
        samples = np.zeros(wanted, np.float32)
        end, decoded, errors, expected = 0, 0, 0, None
        for frame in _decoded(container, stream, start):
            if frame is None:
                errors += 1
                continue
            decoded += 1
            block = _mono(frame)
            first = round((frame.time - start) * rate)
            if expected is not None and abs(first - expected) <= CONTINUOUS_SECONDS * rate:
                first = expected
            expected = first + len(block)
            if first >= wanted:
                break
            block, first = (block[-first:], 0) if first < 0 else (block, first)
            block = block[: wanted - first]
            samples[first : first + len(block)] = block
            if len(block):
                end = max(end, first + len(block))
        if not decoded:
            raise Quarantined("broken" if errors else "empty")
    return samples[:end], rate


def _mono(frame: av.AudioFrame) -> np.ndarray:
    """The channel mean of a decoded block, float32 (n,), full scale 1."""
    block = frame.to_ndarray()
    if not frame.format.is_planar:
        block = block.reshape(-1, frame.layout.nb_channels).T
    if block.dtype == np.uint8:
        return ((block.astype(np.float32) - 128) / 128).mean(axis=0)
    if np.issubdtype(block.dtype, np.integer):
        return (block / np.float32(-float(np.iinfo(block.dtype).min))).astype(np.float32).mean(axis=0)
    return block.astype(np.float32).mean(axis=0)


def _decoded(container, stream, start: float) -> Iterator:
    """Decoded frames from a little before ``start`` s on; None for each packet that cannot be decoded."""
    if _is_sought(start):
        try:
            container.seek(int((start - PREROLL_SECONDS) / stream.time_base), stream=stream)
        except av.FFmpegError:
            _left_open.clear()  # it is closed by who opened it
            yield None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            _left_open.clear()  # it is closed by who opened it
            yield None
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            yield None
            continue
        yield from (frame for frame in frames if frame.pts is not None)


def _presented(path: str, start: float) -> Iterator[tuple[float, av.VideoFrame]]:
    """(seconds from ``start``, picture) in the order of presentation, from the key frame before ``start``."""
    with contextlib.suppress(Quarantined), _open(path, start) as container:
        if container.streams.video:
            for frame in _decoded(container, container.streams.video[0], start):
                if frame is not None:
                    yield frame.time - start, frame


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
