"""The bytes of WAVE and Ogg files, cut and lied about."""

import pytest
import zoo

from c3.data.headers import data_chunk, has_end, is_chained

SIZE = 2 * zoo.SECONDS * zoo.RATE
LIST = b"LIST\4\0\0\0INFO"


@pytest.mark.parametrize(
    ("content", "announced", "there", "is_kept", "is_followed"),
    [
        (zoo.wave(), SIZE, SIZE, True, False),
        (zoo.wave(after=LIST), SIZE, SIZE + 12, True, False),
        (zoo.wave(after=LIST + b"\0\0"), SIZE, SIZE + 14, True, False),
        (zoo.wave(0), 0, SIZE, False, False),
        (zoo.wave(SIZE // 2), SIZE // 2, SIZE, False, False),
        (zoo.wave(2 * SIZE), 2 * SIZE, SIZE, True, False),
        (zoo.wave()[:44], SIZE, 0, True, False),
        (zoo.wave(after=zoo.wave()), SIZE, 2 * SIZE + 44, True, True),
        (
            b"RF64"
            + bytes(4)
            + b"WAVEds64"
            + b"\x18\0\0\0"
            + bytes(8)
            + b"\6"
            + bytes(15)
            + zoo.wave(2**32 - 1)[12:50],
            6,
            6,
            True,
            False,
        ),
    ],
)
def test_where_the_samples_of_a_wave_file_are(content, announced, there, is_kept, is_followed, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert data_chunk(str(path))[:4] == (announced, there, is_kept, is_followed)


@pytest.mark.parametrize("content", [b"", b"RIFF", zoo.wave()[:12], zoo.wave()[:36], b"RIFF\0\0\0\0AVI LIST"])
def test_a_file_without_samples_has_no_chunk_of_them(content, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert data_chunk(str(path)) is None


def test_ogg_files_one_after_the_other(encoded, tmp_path):
    ogg = open(encoded["ogg"], "rb").read()
    for content, chained, ended in ((ogg, False, True), (ogg + ogg, True, True), (ogg[: len(ogg) // 2], False, False)):
        path = tmp_path / f"{chained} {ended}.ogg"
        path.write_bytes(content)
        assert (is_chained(str(path)), has_end(str(path))) == (chained, ended)
    assert not is_chained(encoded["wav"])
