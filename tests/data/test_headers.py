"""The bytes of WAVE and Ogg files, cut and lied about."""

import pytest
import zoo

from c3.data import headers
from c3.data.headers import data_chunk, has_another_behind, has_end, is_chained, is_followed, is_transport_stream

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


def test_a_flac_file_behind_another_is_found_wherever_it_begins(tmp_path, monkeypatch):
    flac = zoo.written(tmp_path / "a.flac", zoo.pitches(1))
    path = tmp_path / "b.flac"
    for block in (2**20, len(flac), len(flac) + 3, len(flac) + 8, 16):
        monkeypatch.setattr(headers, "BLOCK", block)
        for content, followed in ((flac, False), (flac + flac, True), (flac[:8], False), (b"x" + flac + flac, False)):
            path.write_bytes(content)
            assert is_followed(str(path)) == followed


@pytest.mark.parametrize("kind", zoo.CHUNKED)
@pytest.mark.parametrize("count", [4000, 4001])
def test_a_file_behind_one_of_chunks_is_found_and_nothing_else_is_taken_for_one(kind, count, tmp_path):
    samples = zoo.pitches(1)[:count]
    one = zoo.encoded(tmp_path / f"a.{kind}", samples, *zoo.CHUNKED[kind])
    if kind in ("aiff", "caf", "w64"):  # of another program, with a byte that makes the length even or without
        other = zoo.written(tmp_path / f"b.{kind}", samples, subtype="PCM_24")
    else:
        other = zoo.encoded(tmp_path / f"b.{kind}", samples[:3000], *zoo.CHUNKED[kind])
    path = tmp_path / "c"
    tag, hole = b"TAG" + bytes(125), bytes(1000)
    behind = {b"": False, b"\0": False, tag: False, hole: False, one: True, b"\0" + other: True, zoo.wave(): True}
    for first in (one, other):
        for more, is_another in behind.items():
            path.write_bytes(first + more)
            assert has_another_behind(str(path)) == is_another
        for cut in range(1, len(first), len(first) // 50):
            path.write_bytes(first[:cut])
            assert not has_another_behind(str(path))


def test_mp4_may_say_its_lengths_in_eight_bytes_or_not_at_all(tmp_path):
    begin, path = b"\0\0\0\x10ftypisom\0\0\0\0", tmp_path / "a.mp4"
    long = b"\0\0\0\1mdat" + (100).to_bytes(8, "big") + bytes(84)
    for content, is_another in ((long + begin, True), (long, False), (bytes(4) + b"mdat" + bytes(99) + begin, False)):
        path.write_bytes(begin + content)
        assert has_another_behind(str(path)) == is_another


@pytest.mark.parametrize(
    ("content", "is_one"),
    [((b"G" + bytes(187)) * 3, True), ((bytes(4) + b"G" + bytes(187)) * 3, True), (b"G" + bytes(999), False)],
)
def test_transport_streams_are_known_by_their_packets(content, is_one, tmp_path):
    path = tmp_path / "a.mts"
    path.write_bytes(content)
    assert is_transport_stream(str(path)) == is_one
