"""Recordings by name."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.labels.recordings import Recordings, safe, table_names, unique, uploaded


def test_tables_lie_as_the_recordings_do():
    files = ["r/20260501_060000.WAV", "r/site B, north/Ärger & Co #2.flac", "r/site B, north/20260501_060000.wav"]
    assert table_names(files, "r") == {
        "r/20260501_060000.WAV": "20260501_060000",
        "r/site B, north/Ärger & Co #2.flac": "site B, north/Ärger & Co #2",
        "r/site B, north/20260501_060000.wav": "site B, north/20260501_060000",
    }


def test_no_two_recordings_share_a_table():
    files = ["r/a.wav", "r/a.flac", "r/A.mp3", "r/all.wav", "r/b?.wav", "r/b*.wav", "r/c:.x.wav"]
    assert list(table_names(files, "r", taken=["all"]).values()) == [
        "a.wav",
        "a.flac",
        "A.mp3",
        "all.wav",
        "b_.wav",
        "b_.wav_2",
        "c_.x",
    ]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@settings(max_examples=50)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), unique=True))
def test_any_names_give_as_many_tables_in_the_folder(files):
    names = table_names([f"r/{file}" for file in files], "r")
    assert len({name.casefold() for name in names.values()}) == len(files)
    for name in names.values():
        assert all(part not in ("", ".", "..") and len(part.encode()) < 220 for part in name.split("/"))


def test_safe_names():
    assert safe("wren") == "wren"
    assert safe('..a/b\\c:d*e?"<f>|\n ') == "a_b_c_d_e___f___"
    assert safe("...") == "_"
    assert len(safe("ö" * 300).encode()) == 200
    assert unique(["a/b", "A/b", "c"], taken=["C"]) == ["a/b", "A/b_2", "c_2"]


RECORDINGS = Recordings(["r/2025/a.wav", "r/2026/a.wav", "r/2026/A.flac", "r/site B/Ärger & Co #2.flac", "r/x.y.ogg"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("D:\\field\\2026\\a.wav", ["r/2026/a.wav"]),
        ("/elsewhere/r/2025/a.wav", ["r/2025/a.wav"]),
        ("a.wav", ["r/2025/a.wav", "r/2026/a.wav"]),
        ("2025/a", ["r/2025/a.wav"]),
        ("2026/a", ["r/2026/a.wav"]),
        ("2026/A", ["r/2026/A.flac"]),
        ("x.y", ["r/x.y.ogg"]),
        ("x", []),
        (unicodedata.normalize("NFD", "Ärger & Co #2"), ["r/site B/Ärger & Co #2.flac"]),
        (uploaded("Ärger & Co #2.flac"), ["r/site B/Ärger & Co #2.flac"]),
    ],
)
def test_which_recording_is_meant(name, found):
    assert RECORDINGS.find(name) == found


@settings(max_examples=50)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, unique=True))
def test_each_is_found_by_its_path(files):
    files = [f"r/{file}" for file in files if "\\" not in file]
    recordings = Recordings(files)
    assert all(file in recordings.find(f"/home/{file}") for file in files)
