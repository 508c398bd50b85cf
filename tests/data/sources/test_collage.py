"""Collages: recordings, splits and pictures by the names of the files; on made and on real files."""

import cv2
import numpy as np
import pytest
import soundfile
import yaml

from c3 import config
from c3.data import features, manifest, media
from c3.data.sources import audioset, collage
from c3.errors import C3Error

ROOT = config.__file__.rpartition("/c3/")[0]


@pytest.fixture
def material(tmp_path):
    """Two classes of short sounds by two speakers; red and blue pictures, green background."""
    root = tmp_path / "material"
    rng = np.random.default_rng(0)
    colors = {"low": (0, 0, 255), "high": (255, 0, 0), "ground": (0, 255, 0)}
    for name, color in colors.items():
        (root / name).mkdir(parents=True)
        for number in range(5):
            cv2.imwrite(str(root / name / f"{number}.png"), np.full((40, 50, 3), color, np.uint8))
    for name, pitch in (("low", 200), ("high", 2000)):
        for speaker in ("ann", "bob"):
            for take in range(4):
                n = int(rng.uniform(1.0, 1.6) * 8000)
                wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(n) / 8000)
                soundfile.write(root / name / f"{speaker}_{take}.wav", wave, 8000)
    values = dict(
        root=str(root),
        classes={
            "/m/low": dict(name="Low", sounds="low/*.wav", pictures="low/*.png"),
            "/m/high": dict(name="High", sounds="high/*.wav", pictures="high/*.png"),
        },
        background="ground/*.png",
        recording=r"^([a-z]+)_\d",
        evaluation="^bob",
    )
    return values, root, tmp_path / "out"


def write(values, out, threads=1):
    paths = [out / f"{name}.csv" for name in ("train", "evaluation", "class_labels")]
    collage.write(config.Collage(**values), 0, threads, *paths)
    return audioset.manifest([paths[0]], [paths[1]], paths[2], out, 0.0, 0)[:3]


def test_one_recording_of_several_segments(material, spec):
    values, root, out = material
    table, classes, missing = write(values, out)
    assert not len(missing)
    assert list(classes["name"]) == ["Low", "High"]
    assert table.groupby("recording_id").size().tolist() == [4, 4, 4, 4]
    assert table["split"].value_counts().to_dict() == {"train": 8, "evaluation": 8}
    for recording, rows in table.sort_values("start").groupby("recording_id"):
        assert rows["start"].tolist() == [0.0, *rows["end"].tolist()[:-1]]
        assert len(list(out.glob(f"{recording}.mkv"))) == 1
    lengths = sorted(soundfile.info(path).duration for path in root.glob("*/*.wav"))
    np.testing.assert_allclose(sorted(table["end"] - table["start"]), lengths, atol=0.0011)
    for segment in table.itertuples():
        got = features.extract(segment, spec)
        pitched = got.rows.mean(axis=0).argmax()
        assert (pitched < 15) == (segment.labels == ["/m/low"])


def test_without_any_picture_it_is_sound_alone(material):
    """The same segments with the same samples, in files that have no pictures."""
    values, _, out = material
    table, _, _ = write(values, out)
    for chosen in values["classes"].values():
        del chosen["pictures"]
    alone, _, missing = write(values | {"background": None}, out)
    assert not len(missing) and not list(out.glob("*.mkv"))
    assert alone["video_path"].isna().all() and alone["audio_path"].str.endswith(".flac").all()
    assert alone[["segment_id", "start", "end"]].equals(table[["segment_id", "start", "end"]])
    recorded = dict(zip(table["segment_id"], table["labels"], strict=True))
    for segment in alone.itertuples():
        samples = media.decode_audio(segment.audio_path, segment.media_start, segment.end - segment.start, 8000)
        pitch = np.abs(np.fft.rfft(samples)).argmax() / (segment.end - segment.start)
        assert (pitch < 1000) == (recorded[segment.segment_id] == ["/m/low"])


def test_pictures_come_and_go_with_the_class(material):
    values, _, out = material
    table, _, _ = write(values, out)
    views = []
    for segment in table.itertuples():
        frames, _ = media.decode_frames(segment.video_path, segment.media_start, segment.end - segment.start, 4, 8)
        red, green, blue = (frames.mean(axis=(1, 2)).argmax(axis=1) == channel for channel in range(3))
        wrong = blue if segment.labels == ["/m/low"] else red
        assert not wrong.any()
        views.append(1 - green.mean())
    assert 0.4 < np.mean(views) < 0.8


def test_drawn_segments(material):
    values, _, out = material
    values |= dict(sounds_per_segment=3, segments_per_recording=5)
    table, _, _ = write(values, out)
    assert len(table) == 2 * 2 * 5
    assert table["recording_id"].is_unique
    assert (table["start"] == 0).all()
    assert table["end"].between(3 * 1.0 + 3 * 0.2, 3 * 1.6 + 3 * 0.6).all()
    chosen = collage.recordings(config.Collage(**values), 0)
    for recording in chosen:
        (sounds,) = recording.segments
        assert len(set(sounds)) == 3
        assert len({(sound.split("/")[-2], "bob" in sound) for sound in sounds}) == 1
        assert recording.evaluation == ("bob" in sounds[0])


def test_a_share_of_the_recordings_is_held_out_by_their_own_names(material):
    """The same speaker is on the same side in every class; another seed draws another."""
    values, _, _ = material
    values |= dict(evaluation=0.5)
    held_out = set()
    for seed in range(8):
        sides = {}
        for recording in collage.recordings(config.Collage(**values), seed):
            for (sound,) in recording.segments:
                sides.setdefault(sound.split("/")[-1].split("_")[0], set()).add(recording.evaluation)
        assert sorted(map(sorted, sides.values())) == [[False], [True]]
        held_out |= {speaker for speaker, side in sides.items() if side == {True}}
    assert held_out == {"ann", "bob"}


def test_a_class_that_is_frequent_and_one_that_is_rare(material):
    values, _, _ = material
    values["classes"]["/m/high"] |= dict(sounds_per_segment=2, segments_per_recording=30, train_segments=2)
    values["classes"]["/m/low"] |= dict(train_segments=16)
    values |= dict(sounds_per_segment=1, segments_per_recording=20, evaluation_segments=5)
    chosen = collage.recordings(config.Collage(**values), 0)
    count = {
        (label, side): sum(len(r.segments) for r in chosen if (r.label, r.evaluation) == (label, side))
        for label in ("/m/low", "/m/high")
        for side in (False, True)
    }
    assert count == {("/m/low", False): 16, ("/m/low", True): 5, ("/m/high", False): 2, ("/m/high", True): 5}
    assert {(r.label, len(sounds)) for r in chosen for sounds in r.segments} == {("/m/low", 1), ("/m/high", 2)}


def test_pictures_are_disjoint_and_ids_tell_nothing(material):
    values, _, _ = material
    chosen = collage.recordings(config.Collage(**values), 0)
    sides = [
        {path for r in chosen if r.evaluation == side for path in r.pictures + r.background} for side in (False, True)
    ]
    assert sides[0] and sides[1] and not sides[0] & sides[1]
    assert all(len(recording.ytid) == 11 for recording in chosen)


def test_workers_do_not_matter(material):
    values, _, out = material
    for threads in (1, 2):
        write(values, out / str(threads), threads)
    one, two = (sorted((out / name).iterdir()) for name in "12")
    assert [path.name for path in one] == [path.name for path in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))


def test_a_broken_sound_becomes_a_silent_segment(material, spec):
    values, root, out = material
    (root / "low" / "ann_1.wav").write_bytes(b"RIFF nothing")
    (root / "ground" / "0.png").write_bytes(b"no picture")
    table, _, _ = write(values, out)
    reasons = []
    for segment in table.itertuples():
        try:
            features.extract(segment, spec)
        except features.Quarantined as reason:
            reasons.append(reason.reason)
    assert reasons == ["silent"]


def mistake(values, **changes):
    return values | changes


MISTAKES = {
    "collage.classes is empty": dict(classes={}),
    "background is 'nothing/.*', which fits no file in": dict(background="nothing/*.png"),
    "names no recording; allowed are names that fit": dict(recording=r"^(x)"),
    "collage.recording is '\\('; .*regular expression": dict(recording="("),
    "collage.recording is 'ann'; .*with a group": dict(recording="ann"),
    "recording ann is in training and in evaluation": dict(evaluation="_0"),
    "collage.sounds_per_segment is 9; allowed is up to 4": dict(sounds_per_segment=9, segments_per_recording=2),
    "fits one file; allowed are two": dict(background="ground/1.png"),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(material, sentence):
    values, _, out = material
    with pytest.raises(C3Error, match=sentence):
        write(values | MISTAKES[sentence], out)
    assert not out.exists()


def overlay(name, real):
    values = yaml.safe_load(open(f"{ROOT}/config/{name}.yaml"))["collage"]
    return values | {"root": str(real)}


def test_esc10(real):
    chosen = collage.recordings(config.Collage(**overlay("esc10", real)), 0)
    assert len(chosen) == 304
    assert sum(len(recording.segments) for recording in chosen) == 400
    assert sum(len(recording.segments) for recording in chosen if recording.evaluation) == 80
    names = dict(audioset.read_class_labels(real / "audioset" / "class_labels_indices.csv").itertuples(index=False))
    for label, chosen_class in overlay("esc10", real)["classes"].items():
        assert names[label] == chosen_class["name"]


def test_avdigits(real):
    chosen = collage.recordings(config.Collage(**overlay("avdigits", real)), 0)
    assert len(chosen) == 10 * 6 * 40
    speakers = {side: {r.segments[0][0].split("_")[-2] for r in chosen if r.evaluation == side} for side in (0, 1)}
    assert speakers[1] == {"yweweler"}
    assert len(speakers[0]) == 5 and "yweweler" not in speakers[0]


def test_some_real_clips(real, tmp_path, spec):
    values = overlay("esc10", real)
    label = "/m/07qn5dc"
    rooster = values["classes"][label] | {"sounds": "esc10/009*/[45]-1[69]*.ogg"}
    table, classes, _ = write(values | {"classes": {label: rooster}}, tmp_path)
    assert manifest.unevaluated(table, classes).empty
    assert table["recording_id"].nunique() < len(table)
    got = features.extract(next(table.itertuples()), spec)
    assert len(got.rows) > 300 and len(got.frames) >= 3


def test_longtail(real):
    """58 classes from 200 training segments down to a few, none of one side's sources on the other side."""
    section = config.Collage(**overlay("longtail", real))
    chosen = collage.recordings(section, 0)
    counts = {label: [0, 0] for label in section.classes}
    sources = ({}, {})
    for recording in chosen:
        counts[recording.label][recording.evaluation] += len(recording.segments)
        for sound in [sound for sounds in recording.segments for sound in sounds]:
            sources[recording.evaluation][sound.rpartition("/")[2].rpartition("-")[0] or sound.split("_")[-2]] = sound
    train, evaluation = np.array(list(counts.values())).T
    prior = [round(200 / rank ** (np.log(50) / np.log(58))) for rank in range(1, 59)]  # Zipf, from 200 to 4
    assert [chosen.train_segments for chosen in section.classes.values()] == prior
    assert len(counts) == 58 and train[0] == 200 and train.min() >= 2 and np.median(train) < 8
    assert evaluation.min() >= 2 and evaluation.max() == 8
    assert not set(sources[0]) & set(sources[1])
