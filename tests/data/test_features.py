"""Log-mel against an independent reference, and every reason for quarantine with a really broken file."""

import av
import numpy as np
import pytest
import soundfile

from c3 import config
from c3.data import features
from c3.data.features import Quarantined


def reference(samples, rate=16_000, bands=64, low=125.0, high=7500.0):
    """The features in float64, written out: loops, a DFT matrix, triangles."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    mel = np.linspace(*(2595 * np.log10(1 + np.array([low, high]) / 700)), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequencies = np.arange(257) * rate / 512
    bank = np.zeros((257, bands))
    for b in range(bands):
        left, centre, right = edges[b : b + 3]
        rise, fall = (frequencies - left) / (centre - left), (right - frequencies) / (right - centre)
        bank[:, b] = np.clip(np.minimum(rise, fall), 0, None)
    dft = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(400)) / 512)
    rows = []
    for first in range(0, len(samples) - 400 + 1, 160):
        spectrum = np.abs(dft @ (samples[first : first + 400].astype(np.float64) * window))
        rows.append(np.log(spectrum @ bank + 0.01))
    return np.array(rows)


def test_log_mel_agrees_with_float64(spec):
    rng = np.random.default_rng(1)
    t = np.arange(16_000) / 16_000
    samples = (0.3 * np.sin(2 * np.pi * 440 * t) + 0.05 * rng.standard_normal(len(t))).astype(np.float32)
    actual, expected = features.log_mel(samples, spec), reference(samples)
    assert actual.shape == expected.shape == (98, 64)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_ten_seconds_hold_ten_windows(spec):
    assert len(features.log_mel(np.zeros(160_000, np.float32), spec)) == 998
    assert len(features.log_mel(np.zeros(399, np.float32), spec)) == 0
    np.testing.assert_allclose(features.log_mel(np.zeros(400, np.float32), spec), np.log(0.01), rtol=1e-6)


def test_extract(encoded, segment, spec):
    got = features.extract(segment(encoded["mp4"], 1.0, 3.5, video=encoded["mp4"]), spec)
    assert got.rows.shape == (248, 64)
    assert got.frames.shape == (2, 64, 64, 3)
    assert got.times == pytest.approx([0.5, 1.5], abs=0.13)
    assert got.seconds == pytest.approx(2.5)


def test_a_segment_a_little_short_is_used(encoded, segment, spec):
    got = features.extract(segment(encoded["flac"], 1.0, 4.2), spec)
    assert got.seconds == pytest.approx(3.0, abs=0.001)
    assert len(got.frames) == 0


def damaged(path, target, share=0.5):
    data = open(path, "rb").read()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def silent_film(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    return path


def written(path, samples):
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    return path


CASES = {
    "missing": lambda folder, encoded: folder / "nowhere.wav",
    "empty: no byte": lambda folder, encoded: damaged(encoded["wav"], folder / "a.wav", 0),
    "empty: no byte in mp4": lambda folder, encoded: damaged(encoded["mp4"], folder / "a.mp4", 0),
    "empty: no sample": lambda folder, encoded: written(folder / "a.wav", np.zeros(0)),
    "empty: no sound stream": lambda folder, encoded: silent_film(folder / "a.mp4"),
    "broken: wav of noise": lambda folder, encoded: _noise(folder / "a.wav"),
    "broken: mp3 of noise": lambda folder, encoded: _noise(folder / "a.mp3"),
    "broken: mp4 of noise": lambda folder, encoded: _noise(folder / "a.mp4"),
    "broken: mp4 without its index": lambda folder, encoded: damaged(encoded["mp4"], folder / "a.mp4"),
    "broken: not a number": lambda folder, encoded: written(folder / "a.wav", np.full(64_000, np.nan)),
    **{
        f"truncated: {e}": lambda folder, encoded, e=e: damaged(encoded[e], folder / f"a.{e}", 0.6)
        for e in ("wav", "flac", "ogg", "mp3", "mkv", "webm")
    },
    "silent": lambda folder, encoded: written(folder / "a.wav", np.full(64_000, 5e-5)),
    "too short": lambda folder, encoded: written(folder / "a.wav", np.full(12_000, 0.1)),
}


def _noise(path):
    path.write_bytes(np.random.default_rng(0).bytes(60_000))
    return path


@pytest.mark.parametrize("case", CASES)
def test_quarantine(case, tmp_path, encoded, segment, spec):
    path = CASES[case](tmp_path, encoded)
    with pytest.raises(Quarantined) as caught:
        features.extract(segment(path), spec)
    assert caught.value.reason == case.partition(":")[0]


def test_segment_beyond_the_file_is_truncated(encoded, segment, spec):
    with pytest.raises(Quarantined) as caught:
        features.extract(segment(encoded["wav"], 30.0, 40.0), spec)
    assert caught.value.reason == "truncated"


def test_announced_segment_too_short(encoded, segment, spec):
    with pytest.raises(Quarantined) as caught:
        features.extract(segment(encoded["wav"], 0.0, 0.9), spec)
    assert caught.value.reason == "too short"


def test_broken_pictures_leave_the_sound(encoded, segment, spec, tmp_path):
    got = features.extract(segment(encoded["wav"], video=_noise(tmp_path / "a.mp4")), spec)
    assert len(got.rows) == 398
    assert len(got.frames) == len(got.times) == 0


def test_other_specification():
    spec = config.Features(sample_rate=8000, mel_bands=32, mel_max_hz=3800)
    assert features.log_mel(np.ones(8000, np.float32), spec).shape == (98, 32)
