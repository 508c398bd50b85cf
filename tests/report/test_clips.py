"""Clips: what a page shows and plays is the sound of the segment, with what is around it."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile

from c3 import config
from c3.data import accounts, manifest, media
from c3.data.sources import folder
from c3.errors import C3Error
from c3.report import clips

SCRIPTS = Path(__file__).parents[2] / "scripts"


def segment(path, start, end, video=None):
    name = f"far/{path.name}_{start:g}"
    places = {"audio_path": str(path), "video_path": video, "media_start": start, "start": start, "end": end}
    return SimpleNamespace(segment_id=name, **places)


def tones(path, rate, pitches, seconds=1.0):
    """A recording of tones (Hz), one after the other."""
    time = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, np.concatenate([0.2 * np.sin(2 * np.pi * pitch * time) for pitch in pitches]), rate)
    return path


def pitch(samples, rate):
    """Of the highest peak of the spectrum, Hz."""
    return np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)


@pytest.mark.parametrize(
    ("start", "end", "heard", "mark"),
    [
        (4, 6, range(2, 8), (1 / 3, 1 / 3)),
        (0, 2, range(0, 4), (0, 1 / 2)),  # nothing is before the beginning
        (8, 10, range(6, 10), (1 / 2, 1 / 2)),  # nor after the end
    ],
)
def test_context_as_far_as_the_recording_goes(tmp_path, start, end, heard, mark):
    path = tones(tmp_path / "a_20260501_235958.wav", 22_050, [300 + 50 * number for number in range(10)])
    clip = clips.write(segment(path, start, end), {}, tmp_path, "0001.clip")
    samples, rate = soundfile.read(tmp_path / clip["sound"])
    assert rate == 22_050 and soundfile.info(tmp_path / clip["sound"]).subtype == "PCM_16"
    assert clip["seconds"] == len(samples) / rate == len(heard) and clip["slow"] is None and clip["frame"] is None
    assert clip["mark"] == pytest.approx(mark, abs=1e-3)
    for number, tone in enumerate(heard):
        assert pitch(samples[number * rate : (number + 1) * rate], rate) == pytest.approx(300 + 50 * tone, abs=1.5)
    assert clip["times"][0] == (0, f"0:{heard[0]:02d}") and clip["times"][-1] == (1, f"0:{heard[-1] + 1:02d}")
    assert clip["place"] == f"far/{path.name}, 0:{start:02d}–0:{end:02d}"
    assert clip["begun"] == {0: "2026-05-01 23:59:58", 4: "2026-05-02 00:00:02", 8: "2026-05-02 00:00:06"}[start]


@pytest.mark.parametrize("rate", [8_000, 48_000, 384_000])
def test_a_tone_lies_where_the_axes_say(tmp_path, rate):
    """A tone at a quarter of the rate, from a third of the time on: half-way up, in the right two thirds."""
    time = np.arange(3 * rate) / rate
    sound = np.where(time >= 1, 0.3 * np.sin(2 * np.pi * rate / 4 * time), 0)
    drawn = clips.picture(sound.astype(np.float32), rate, (300, 200)).convert("RGB")
    pixels = np.asarray(drawn, int).sum(axis=2)
    assert pixels.shape == (200, 300)
    bright = pixels > 0.8 * pixels.max()
    rows, columns = np.nonzero(bright)
    assert abs(rows.mean() - 99.5) < 3 and np.ptp(rows) < 20
    assert abs(columns.min() - 100) <= 2 and columns.max() >= 297


def test_pitches_go_up_to_half_the_rate(tmp_path):
    clip = clips.write(segment(tones(tmp_path / "a.wav", 44_100, [440] * 3), 0, 3), {}, tmp_path, "1")
    assert clip["pitches"] == [(0, "0"), (round(5 / 22.05, 4), "5"), (round(10 / 22.05, 4), "10"),
                               (round(15 / 22.05, 4), "15"), (round(20 / 22.05, 4), "20")]  # fmt: skip


def test_what_is_too_high_for_ears_is_slowed_down(tmp_path):
    path = tones(tmp_path / "bat.wav", 384_000, [45_000, 6_000, 45_000])
    clip = clips.write(segment(path, 0, 3), {}, tmp_path, "1")
    usual, rate = soundfile.read(tmp_path / clip["sound"])
    assert rate == 48_000 and len(usual) == 3 * rate
    assert pitch(usual[rate : 2 * rate], rate) == pytest.approx(6_000, abs=2)
    assert (
        np.abs(usual[: rate // 2]).max() < 0.01 * np.abs(usual).max()
    )  # above what that rate can carry: not folded back
    slow, rate = soundfile.read(tmp_path / clip["slow"])
    assert len(slow) / rate == pytest.approx(30)
    assert pitch(slow[: 10 * rate], rate) == pytest.approx(4_500, abs=1)
    assert clip["pitches"][-1][1] == "150"


def test_clips_are_equally_loud():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=16_000).astype(np.float32)
    levels = [np.sqrt(np.mean(clips.audible(noise * gain, 16_000) ** 2)) for gain in (0.3, 0.001)]
    assert levels == pytest.approx([clips.LOUDNESS] * 2, rel=1e-3)
    click = np.zeros(16_000, np.float32)
    click[8000] = 0.01
    assert np.abs(clips.audible(click, 16_000)).max() == pytest.approx(0.9)  # never beyond what a file can hold
    assert not clips.audible(np.zeros(100, np.float32), 16_000).any()


def test_a_film_has_a_picture(tmp_path):
    frames = np.zeros((8, 48, 64, 3), np.uint8)
    frames[:4, :, :, 0], frames[4:, :, :, 2] = 200, 200  # red, then blue
    path = tmp_path / "film.mp4"
    media.encode(path, np.sin(np.arange(4 * 16_000) / 5).astype(np.float32) * 0.3, 16_000, frames, 2, "aac")
    for start, colour in ((0, 0), (2, 2)):
        clip = clips.write(segment(path, start, start + 2, str(path)), {}, tmp_path, f"{start}")
        picture = cv2.imread(str(tmp_path / clip["frame"]))[..., ::-1]
        assert picture.shape == (clips.FRAME_PIXELS, clips.FRAME_PIXELS, 3)
        assert picture.mean(axis=(0, 1)).argmax() == colour and picture.mean(axis=(0, 1))[colour] > 150
        assert soundfile.info(tmp_path / clip["sound"]).duration == pytest.approx(4, abs=0.1)


def test_a_recording_that_is_gone_or_another_by_now_is_named(tmp_path):
    path = tones(tmp_path / "a.wav", 8_000, [440])
    known = {str(path): accounts.version(str(path))}
    clips.write(segment(path, 0, 1), known, tmp_path, "1")
    tones(path, 8_000, [880, 880])
    with pytest.raises(C3Error, match=r"a\.wav is changed; allowed is the recording as it was"):
        clips.write(segment(path, 0, 1), known, tmp_path, "2")
    assert not list(tmp_path.glob("2.*"))
    with pytest.raises(C3Error, match=r"a\.wav ends before 5 s; allowed is the recording as it was"):
        clips.write(segment(path, 5, 6), {}, tmp_path, "1")
    with pytest.raises(C3Error, match=r"b\.wav is missing; allowed is the recording as it was"):
        clips.write(segment(tmp_path / "b.wav", 0, 1), {}, tmp_path, "1")


@pytest.mark.parametrize("page", ["sheet", "review"])
def test_no_page_lets_another_recording_be_heard_under_the_name_of_one(page, tmp_path):
    """The scripts, before the recording is written anew and after."""
    (tmp_path / "own").mkdir()
    path = tones(tmp_path / "own/a.wav", 8_000, [440] * 12)
    table, _, _, files = folder.manifest(config.Folder(root=str(path.parent), segment_seconds=4), 0.0, 0)
    manifest.write(table, tmp_path / "manifest.parquet")
    files.to_csv(tmp_path / "files.csv", index=False)
    segments = table["segment_id"].tolist()
    asked = pd.DataFrame({"order": [1, 2, 3], "segment_id": segments, "labels": ""})
    asked.to_csv(tmp_path / "asked.csv", index=False)
    pd.DataFrame({"segment_id": segments, "owl": [0.9, 0.8, 0.7]}).to_parquet(tmp_path / "predictions.parquet")
    (tmp_path / "answers.csv").write_text(f"segment_id,labels\n{segments[0]},owl\n")
    options = {
        "sheet": "--asked asked.csv --index index.parquet --out out/sheet.csv",
        "review": "--predictions predictions.parquet --sheets answers.csv --row r --out out/index.html",
    }
    command = [sys.executable, SCRIPTS / f"{page}.py", "--manifest", "manifest.parquet", "--files", "files.csv"]
    command += ["--experiment", "toy", *options[page].split()]
    (tmp_path / "out").mkdir()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert sum(file.suffix == ".wav" for file in made) >= 2
    tones(path, 8_000, [880] * 13)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert f"{path} is changed; allowed is the recording as it was when the manifest was made" in done.stderr
    assert made == {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.5, "0:07.5"), (59.96, "1:00"), (725, "12:05"), (3630, "1:00:30")]
)
def test_a_clock(seconds, text):
    assert clips.clock(seconds) == text


@pytest.mark.parametrize("name", ["note 1.ogg", "20261350_060000.wav", "120260501_0600001.wav", "19990101.wav"])
def test_a_name_without_a_time(name):
    assert clips.begun(name, 3.0) == ""
