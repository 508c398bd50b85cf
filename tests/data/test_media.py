"""Sound and pictures come out of every container at the right time."""

import struct
from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile
import zoo

from c3.data import media
from c3.data.features import log_mel
from c3.data.probe import probe

# Mean difference of log-mel. Matroska rounds times to 1 ms, which shows when a piece begins in the middle.
CODEC_LOSS = {"flac": 0.001, "mkv": 0.05, "mp4": 0.15, "m4a": 0.08, "ogg": 0.12, "mp3": 0.12, "webm": 0.15}


@pytest.mark.parametrize("extension", CODEC_LOSS)
@pytest.mark.parametrize(("start", "seconds"), [(0.0, 4.0), (1.3, 2.0)])
def test_all_codecs_give_the_same_features(encoded, spec, extension, start, seconds):
    expected = media.decode_audio(encoded["wav"], start, seconds, 16_000)
    actual = media.decode_audio(encoded[extension], start, seconds, 16_000)
    assert actual.dtype == np.float32
    assert len(actual) == len(expected) == round(seconds * 16_000)
    difference = np.abs(log_mel(actual, spec) - log_mel(expected, spec))
    assert difference.mean() < CODEC_LOSS[extension]
    shifted = np.abs(log_mel(actual[160:], spec) - log_mel(expected, spec)[:-1]).mean()
    assert shifted > 2 * difference.mean(), "as good when shifted by 10 ms: not aligned"


def test_channels_are_averaged(tmp_path):
    path = str(tmp_path / "stereo.wav")
    soundfile.write(path, np.stack([np.full(800, 0.5), np.full(800, -0.1)], axis=1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(media.decode_audio(path, 0, 1, 16_000), 0.2, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_opposite_phase_does_not_cancel(tmp_path, sound, subtype):
    """Two channels that cancel each other but for a hundredth: the louder of the two is heard."""
    path = str(tmp_path / "stereo.wav")
    soundfile.write(path, np.stack([sound, -0.99 * sound], axis=1), 16_000, subtype=subtype)
    np.testing.assert_allclose(media.decode_audio(path, 0, 2, 16_000), sound[:32_000], atol=4e-5)
    soundfile.write(path, np.stack([sound, -0.5 * sound], axis=1), 16_000, subtype=subtype)
    np.testing.assert_allclose(media.decode_audio(path, 0, 2, 16_000), sound[:32_000] / 4, atol=4e-5)


def test_one_of_eight_channels_is_heard(tmp_path, sound):
    path = str(tmp_path / "array.wav")
    soundfile.write(path, np.pad(sound[:, None], [(0, 0), (5, 2)]), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(media.decode_audio(path, 0, 2, 16_000), sound[:32_000] / 8, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_every_depth_has_the_same_full_scale(tmp_path, subtype, channels):
    path = str(tmp_path / "deep.wav")
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, (800, channels)), 16_000, subtype=subtype)
    expected = soundfile.read(path, dtype="float64", always_2d=True)[0].mean(axis=1)
    np.testing.assert_allclose(media.decode_audio(path, 0, 1, 16_000), expected, atol=1e-7)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3"])
def test_pieces_in_any_order_are_those_of_the_whole(encoded, extension):
    whole = soundfile.read(encoded[extension], dtype="float32", always_2d=True)[0].mean(axis=1)
    for start in (0.0, 1.0, 2.0, 0.5, 2.5, 1.5):
        first = round(start * 22_050)
        piece = media.decode_audio(encoded[extension], start, 1.0, 22_050)
        np.testing.assert_allclose(piece, whole[first : first + 22_050], atol=1e-4)


def test_a_file_written_anew_is_read_anew(tmp_path):
    path = str(tmp_path / "a.wav")
    for level, samples in ((0.5, 800), (0.25, 1600)):
        soundfile.write(path, np.full(samples, level), 16_000, subtype="FLOAT")
        np.testing.assert_array_equal(media.decode_audio(path, 0, 1, 16_000), np.full(samples, level, np.float32))


@pytest.mark.parametrize("extension", ["wav", "mp4"])
def test_piece_beyond_the_end(encoded, extension):
    """AAC fills its last block of 1024 samples."""
    block = 1024 * 16_000 / 22_050 if extension == "mp4" else 0
    assert 8000 <= len(media.decode_audio(encoded[extension], 3.5, 2.0, 16_000)) <= 8000 + block
    assert len(media.decode_audio(encoded[extension], 60.0, 2.0, 16_000)) == 0


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
@pytest.mark.parametrize("start", [0.0, 1.0, 2.5])
def test_frames_are_those_nearest_to_the_grid(encoded, extension, start):
    frames, times = media.decode_frames(encoded[extension], start, 1.5, 2.0, 32)
    assert frames.shape == (3, 32, 32, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(times, [0.25, 0.75, 1.25], atol=0.126)
    shown = frames.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shown, 10 * 4 * (start + times), atol=4)


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_pieces_of_a_file_left_open_are_those_of_one_opened_anew(encoded, extension, monkeypatch):
    monkeypatch.setattr(media, "LONG_SECONDS", 0)

    def piece(start):
        return media.decode_audio(encoded[extension], start, 1.0, 16_000), *media.decode_frames(
            encoded[extension], start, 1.0, 2.0, 16
        )

    starts = [0.0, 1.0, 2.0, 1.25, 0.25, 2.5]
    left_open = [piece(start) for start in starts]
    assert len(media._left_open) == 1
    for start, got in zip(starts, left_open, strict=True):
        media._left_open.clear()
        for mine, expected in zip(got, piece(start), strict=True):
            np.testing.assert_array_equal(mine, expected)


def test_a_codec_that_ffmpeg_does_not_know_is_broken(tmp_path, sound, film):
    path = tmp_path / "unknown.mp4"
    media.encode(path, sound, 22_050, film, 4, "flac")
    path.write_bytes(path.read_bytes().replace(b"fLaC", b"zzzz"))
    for read in (probe, lambda name: media.decode_audio(name, 0.0, 1.0, 16_000)):
        with pytest.raises(media.Quarantined, match="broken"):
            read(str(path))


@pytest.mark.parametrize("place", ["demux", "decode"])
def test_a_stream_that_appears_late_is_broken_content(place):
    """PyAV knows no stream that a transport stream announces in its middle, and raises IndexError."""

    def fail(*_):
        raise IndexError("list index out of range")

    def demux(_):
        yield SimpleNamespace(decode=lambda: fail() if place == "decode" else [])
        if place == "demux":
            fail()

    container = SimpleNamespace(start_time=0, name="a.mts", demux=demux)
    assert list(media._decoded(container, None, 0.0)) == [None]


def test_frames_are_not_repeated_nor_invented(encoded):
    frames, times = media.decode_frames(encoded["mp4"], 0.0, 8.0, 1.0, 16)
    assert len(frames) == len(times) == 4
    assert len(media.decode_frames(encoded["m4a"], 0.0, 4.0, 1.0, 16)[0]) == 0


@pytest.mark.parametrize(("degrees", "matrix"), [(90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))])
def test_pictures_stand_upright(tmp_path, sound, degrees, matrix):
    """A phone that is held on its side writes into the header how far the pictures are to be turned clockwise."""
    film = np.zeros((8, 64, 64, 3), np.uint8)
    film[:, :32, :32] = 250
    path = tmp_path / "film.mp4"
    media.encode(path, sound[: 2 * 22_050], 22_050, film, 4, "aac")
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    a, b, c, d = (number << 16 for number in matrix)
    turned = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    content = path.read_bytes()
    place = content.index(upright, content.index(b"tkhd"))
    path.write_bytes(content[:place] + turned + content[place + len(turned) :])
    frames, _ = media.decode_frames(str(path), 0, 2, 1, 16)
    expected = np.rot90(film[0, ::4, ::4], -degrees // 90)
    np.testing.assert_allclose(frames[0].astype(int), expected, atol=25)


@pytest.mark.parametrize("extension", ["mp4", "mkv", "ts"])
def test_sound_that_begins_later_is_heard_later(tmp_path, extension):
    """The sound begins when the third second is seen; the clock of a transport stream does not begin at 0 itself."""
    path = str(tmp_path / f"late.{extension}")
    write_film(path, sound_from=3)
    assert zoo.heard(media.decode_audio(path, 0, 9, 16_000), 16_000) == [-1, -1, -1, 0, 1, 2, 3, 4, 5]
    frames, times = media.decode_frames(path, 1.0, 6, 1, 16)
    np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), 25 * np.floor(1 + times), atol=6)
    assert probe(path).seconds == pytest.approx(9, abs=0.1)


def write_film(path, sound_from):
    """Nine seconds whose grey tells the second, 25 for each, 8 pictures a second, and six seconds of sound."""
    with av.open(path, "w") as container:
        video = container.add_stream("mpeg2video" if path.endswith("ts") else "mpeg4", rate=25)
        video.width, video.height, video.pix_fmt, video.bit_rate = 64, 64, "yuv420p", 2_000_000
        audio = container.add_stream("aac", rate=48_000, layout="mono")
        for number in range(9 * 25):
            picture = np.full((64, 64, 3), 25 * (number // 25), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000)
        block = av.AudioFrame.from_ndarray(zoo.pitches()[None], format="fltp", layout="mono")
        block.sample_rate, block.pts = zoo.RATE, 0
        for frame in [*resampler.resample(block), *resampler.resample(None)]:
            frame.pts += sound_from * 48_000
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))


def test_square_takes_the_middle():
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    assert (media.square(picture, 5) == 200).all()
    assert (media.square(picture, 10) == 200).all()


def test_encoding_is_reproducible(tmp_path, sound, film):
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    for path in paths:
        media.encode(path, sound, 22_050, film, 4, "aac")
    assert paths[0].read_bytes() == paths[1].read_bytes()
