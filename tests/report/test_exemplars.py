"""Clips and pictures of exemplars against what they are made from."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import soundfile
from matplotlib import colormaps

from c3.data import accounts
from c3.report import exemplars

SCRIPT = Path(__file__).parents[2] / "scripts/exemplars.py"


def test_piece_is_the_window_with_its_neighbours():
    segment = SimpleNamespace(media_start=30.0, start=5.0)
    assert exemplars.piece(segment, 3, True, True, 0.96) == pytest.approx((30 + 2 * 0.96, 3 * 0.96))
    assert exemplars.piece(segment, 0, False, True, 0.96) == pytest.approx((30, 2 * 0.96))
    assert exemplars.piece(segment, 3, False, False, 0.96) == pytest.approx((30 + 3 * 0.96, 0.96))


def test_quiet_sound_is_made_loud_and_does_not_click():
    samples = (0.001 * np.sin(np.arange(16_000) / 20)).astype(np.float32)
    louder = exemplars.audible(samples, 16_000)
    assert np.abs(louder).max() == pytest.approx(0.9, abs=1e-3)
    assert louder[0] == 0 and abs(louder[-1]) < 1e-6
    middle = slice(200, -200)
    scale = np.abs(louder[middle]).max() / np.abs(samples[middle]).max()
    np.testing.assert_allclose(louder[middle], scale * samples[middle], rtol=1e-4, atol=1e-6)
    assert np.abs(samples).max() < 0.002  # the samples given are left as they are


@pytest.mark.parametrize("samples", [np.zeros(100, np.float32), np.zeros(0, np.float32), np.ones(1, np.float32)])
def test_silence_and_hardly_any_sound(samples):
    louder = exemplars.audible(samples, 16_000)
    assert len(louder) == len(samples) and np.isfinite(louder).all()


def test_time_runs_right_and_pitch_up(tmp_path):
    spectrogram = np.zeros((5, 3), np.float32)
    spectrogram[4, 2] = 1.0  # the last moment, the highest band
    exemplars.picture(spectrogram, 0, 1).save(tmp_path / "a.png")
    picture = cv2.imread(str(tmp_path / "a.png"))
    assert picture.shape == (3, 5, 3)
    brightness = picture.astype(int).sum(axis=2)
    assert np.unravel_index(brightness.argmax(), brightness.shape) == (0, 4)
    assert len(np.unique(brightness)) == 2
    darkest, brightest = colormaps["magma"]([0.0, 1.0], bytes=True)[:, 2::-1]
    np.testing.assert_array_equal(picture[0, 4], brightest)
    np.testing.assert_array_equal(picture[2, 0], darkest)
    assert exemplars.picture(spectrogram - 5, 0, 1) == exemplars.picture(spectrogram * 0, 0, 1)


def test_a_recording_that_is_another_by_now_is_not_heard(tmp_path):
    found = importlib.util.spec_from_file_location("exemplars_script", SCRIPT)
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(16_000, 0.1), 16_000)
    known = {str(path): accounts.version(str(path))}
    heard = script.sound(str(path), known, 0.0, 1.0, tmp_path, "1.flac")
    assert heard == {"sound": f"{tmp_path.name}/1.flac", "silence": None} and (tmp_path / "1.flac").exists()
    soundfile.write(path, np.full(17_000, 0.1), 16_000)
    heard = script.sound(str(path), known, 0.0, 1.0, tmp_path, "2.flac")
    assert heard == {"sound": None, "silence": "The recording is changed."} and not (tmp_path / "2.flac").exists()
