"""Own recordings: every file below a folder is cut into segments without labels."""

import itertools
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c3 import config
from c3.data import folder, manifest
from c3.errors import C3Error


@pytest.mark.parametrize(
    ("seconds", "segments"),
    [
        (20, [(0, 10), (10, 20)]),
        (24.9, [(0, 10), (10, 20)]),
        (25, [(0, 10), (10, 20), (20, 25)]),
        (3, [(0, 3)]),
        (0, []),
    ],
)
def test_recordings_are_cut_into_segments(seconds, segments):
    assert folder.cut(seconds, 10) == segments


@given(st.floats(0.01, 2000), st.floats(0.96, 600))
def test_segments_follow_each_other_and_leave_less_than_half_of_one(seconds, length):
    segments = folder.cut(seconds, length)
    assert segments[0][0] == 0
    assert all(abs(start - end) < 1e-9 * seconds for (_, end), (start, _) in itertools.pairwise(segments))
    assert all(0 < end - start <= length * (1 + 1e-9) for start, end in segments)
    assert -1e-6 * length <= seconds - segments[-1][1] < length / 2 or segments == [(0, seconds)]


def test_real_recordings_in_folders(real, tmp_path):
    sounds = sorted(real.glob("esc10/*/*.ogg"))[::20]
    for number, path in enumerate(sounds):
        target = tmp_path / f"site {number % 2}" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    (tmp_path / "empty.flac").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no recording")
    table, classes, missing = folder.manifest(config.Folder(root=str(tmp_path), segment_seconds=2), 0.3, 0)
    manifest.validate(table)
    assert set(table["recording_id"]) == {f"site {number % 2}/{path.name}" for number, path in enumerate(sounds)}
    assert not len(classes) and not table["labels"].map(len).any() and table["video_path"].isna().all()
    assert set(table["split"]) == {"train", "validation"}
    assert table["segment_id"].is_monotonic_increasing
    assert missing.to_dict("list") == {
        "segment_id": ["broken.wav_0", "empty.flac_0"],
        "path": [str(tmp_path / "broken.wav"), str(tmp_path / "empty.flac")],
        "reason": ["broken", "empty"],
    }
    manifest.write(table, tmp_path / "manifest.parquet")
    assert manifest.read(tmp_path / "manifest.parquet")[["segment_id", "start", "end"]].equals(
        table[["segment_id", "start", "end"]]
    )


def test_film_has_pictures(encoded, tmp_path):
    shutil.copy(encoded["mp4"], tmp_path)
    table, _, _ = folder.manifest(config.Folder(root=str(tmp_path)), 0.0, 0)
    assert table["video_path"].tolist() == table["audio_path"].tolist() == [str(tmp_path / "sound.mp4")]


def test_a_folder_without_recordings(tmp_path):
    with pytest.raises(C3Error, match=r"No media found in .*; allowed are files ending in mp4"):
        folder.manifest(config.Folder(root=str(tmp_path)), 0.0, 0)
    with pytest.raises(C3Error, match="nowhere cannot be read; allowed is a folder with media files"):
        folder.manifest(config.Folder(root=str(tmp_path / "nowhere")), 0.0, 0)
