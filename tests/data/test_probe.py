"""How long sounds are, whatever their headers say: what is heard in each second is what was put there."""

import pytest
import zoo

from c3.data import media
from c3.data.media import Quarantined
from c3.data.probe import probe

REMARKS = {
    "a third.wav": "its header says 2.0 s, there are 6.0 s",
    "three times.wav": "its header says 18.0 s, there are 6.0 s",
    "cut.wav": "its header says 6.0 s, there are 3.0 s",
    "two.ogg": "its header says 6.0 s, there are 12.0 s",
    "cut.ogg": "its end is missing",
    "two.flac": "another file follows in it, which is not read",
    "two, of the same length.flac": "another file follows in it, which is not read",
    "two.mts": "its header says 6.0 s, there are 12.0 s",
    "two.wav": "another file follows in it, which is not read",
}
BEHIND = {"two, of other codecs.ogg", "two.m4a"}
SHORT = "a short one behind"
ESTIMATED = ("no Xing", "a.aac", "MPEG")  # their length stands nowhere, and FFmpeg guesses it


@pytest.fixture(scope="module")
def animals(tmp_path_factory):
    return zoo.make(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_all_that_is_there_is_found_and_heard(name, animals, tmp_path):
    content, seconds = animals[name]
    path = tmp_path / name
    path.write_bytes(content)
    sound = probe(str(path))
    assert sound.seconds == pytest.approx(len(seconds), abs=0.15 if name != "cut.ogg" else 1)
    pieces = [media.decode_audio(str(path), start, 2, 16_000) for start in range(0, len(seconds), 2)]
    assert [second for piece in pieces for second in zoo.heard(piece, 16_000)][: len(seconds)] == seconds
    whole = media.decode_audio(str(path), 0, sound.seconds, 16_000)
    assert len(whole) / 16_000 == pytest.approx(sound.seconds, abs=0.1)
    assert not sound.has_pictures
    if name in BEHIND:
        assert "behind the last sound" in sound.remark
    elif name.startswith(SHORT):
        assert "another file follows in it" in sound.remark
    else:
        assert sound.remark == REMARKS.get(name, "") or name.startswith(ESTIMATED)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (zoo.wave()[:44], "empty"),
        (zoo.wave(0)[:44], "empty"),
        (zoo.wave()[:30], "broken"),
        (b"no sound at all", "broken"),
        (zoo.wave()[:24] + b"\1\0\0\0" + zoo.wave()[28:], "broken"),  # one sample a second
        (zoo.wave()[:24] + b"\xff\xff\xff\x7f" + zoo.wave()[28:], "broken"),
    ],
)
def test_what_has_no_sound_says_why(content, reason, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(Quarantined, match=reason):
        probe(str(path))


def test_a_cover_is_no_film(tmp_path, sound, film, encoded):
    assert probe(encoded["mp4"]).has_pictures
    path = tmp_path / "cover.mp3"
    picture = zoo.jpeg()
    frame = b"\0image/jpeg\0\3\0" + picture
    tag = b"APIC" + zoo.synchsafe(len(frame)) + b"\0\0" + frame
    path.write_bytes(b"ID3\4\0\0" + zoo.synchsafe(len(tag)) + tag + open(encoded["mp3"], "rb").read())
    assert not probe(str(path)).has_pictures
    assert len(media.decode_frames(str(path), 0, 2, 1, 16)[0]) == 0
    assert probe(str(path)).seconds == pytest.approx(4, abs=0.1)
