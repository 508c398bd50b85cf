"""The tables of other programs, each written here as that program writes it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.errors import C3Error
from c3.labels import forms

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


def events(folder, name, text, encoding="utf-8"):
    """(recording, start, end, label) of what a file of this name and text holds."""
    (folder / name).write_bytes(text.encode(encoding))
    return [
        (event.recording.removeprefix(f"{folder}/"), event.start, pytest.approx(event.end), event.label)
        for event in forms.read(folder / name)
    ]


@pytest.mark.parametrize("label", ["Species", "Annotation", "Common Name", "My notes"])
def test_raven_names_the_recording_by_the_table(tmp_path, label):
    text = (
        f"{RAVEN}\tDelta Time (s)\tBegin Date Time\t{label}\r\n"
        "1\tWaveform 1\t1\t154.387792767\t154.911598217\t2878.2\t4049.0\t0.5238\t2026/05/01 06:02\tEATO\r\n"
        "1\tSpectrogram 1\t1\t154.387792767\t154.911598217\t2878.2\t4049.0\t0.5238\t2026/05/01 06:02\tEATO\r\n"
        '2\tSpectrogram 1\t1\t183,609636834\t184,0\t2878,2\t3975,8\t0.5238\t2026/05/01 06:03\t5" wide\r\n'
        "3\tSpectrogram 1\t1\t250.5\t251.0\t2878.2\t3975.8\t0.5000\t2026/05/01 06:04\t\r\n"
    )
    expected = [
        ("site B/rec.1", 154.387792767, 154.911598217, "EATO"),
        ("site B/rec.1", 154.387792767, 154.911598217, "EATO"),
        ("site B/rec.1", 183.609636834, 184.0, '5" wide'),
    ]
    (tmp_path / "site B").mkdir()
    for ending in (".Table.1.selections.txt", ".selections.txt", ".txt"):
        assert events(tmp_path, f"site B/rec.1{ending}", text) == expected
    assert events(tmp_path, "site B/rec.1.txt", text, "utf-16") == expected
    assert events(tmp_path, "site B/rec.1.txt", text, "cp1252") == expected


def test_raven_over_several_files_says_where_in_them(tmp_path):
    text = (
        f"{RAVEN}\tBegin Path\tFile Offset (s)\tSpecies\n"
        "1\tSpectrogram 1\t1\t3.5\t4.5\t0.0\t8000.0\tD:\\rec\\a.wav\t3.5\towl\n"
        "2\tSpectrogram 1\t1\t903.25\t905.0\t0.0\t8000.0\tD:\\rec\\b.wav\t3.25\twren\n"
    )
    found = [("D:\\rec\\a.wav", 3.5, 4.5, "owl"), ("D:\\rec\\b.wav", 3.25, 5.0, "wren")]
    assert events(tmp_path, "all.selections.txt", text) == found
    by_name = text.replace("Begin Path", "Begin File").replace("D:\\rec\\", "")
    assert events(tmp_path, "all.selections.txt", by_name) == [(row[0][-5:], *row[1:]) for row in found]
    with pytest.raises(
        C3Error, match=r"several recordings .* allowed is a selection table with the column File Offset"
    ):
        events(tmp_path, "all.selections.txt", text.replace("File Offset (s)", "Other"))


def test_raven_without_selections(tmp_path):
    """It may end its header in a tab."""
    for header in (RAVEN, f"{RAVEN}\t", f"{RAVEN}\tSpecies\t"):
        assert events(tmp_path, "a.Table.1.selections.txt", header + "\n") == []
    with pytest.raises(C3Error, match="no column that says what is heard; allowed is Species, Annotation"):
        events(tmp_path, "a.selections.txt", f"{RAVEN}\n1\tSpectrogram 1\t1\t1.0\t2.0\t0.0\t8000.0\n")


def test_birdnet_analyzer_as_a_raven_table(tmp_path):
    text = (
        f"{RAVEN}\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t6.0\t9.0\t0\t15000\tWinter Wren\twinwre3\t0.8123\t/home/me/rec/a.wav\t6.0\n"
    )
    assert events(tmp_path, "a.BirdNET.selection.table.txt", text) == [("/home/me/rec/a.wav", 6, 9, "Winter Wren")]


def test_audacity(tmp_path):
    text = (
        "3.400000\t6.100000\twren\n\\\t2593.156006\t8866.920898\n7,250000\t7,250000\tKuckuck, fern\n"
        "8.000000\t9.000000\tWinter Wren\t0.8123\n9.500000\t9.900000\t\n"
    )
    expected = [("a.b", 3.4, 6.1, "wren"), ("a.b", 7.25, 7.25, "Kuckuck, fern"), ("a.b", 8, 9, "Winter Wren")]
    assert events(tmp_path, "a.b.txt", text) == expected
    assert events(tmp_path, "a.b.txt", text.replace("\n", "\r\n")) == expected
    assert events(tmp_path, "a.b.txt", "") == []  # a track without labels
    with pytest.raises(C3Error, match=r"a\.txt, line 2 has the time 'x'; allowed are seconds"):
        events(tmp_path, "a.txt", "1.0\t2.0\towl\nx\t2.0\towl\n")
    with pytest.raises(C3Error, match=r"a\.txt, line 1 is from 3 to 2 s; allowed is an end after the start"):
        events(tmp_path, "a.txt", "3.0\t2.0\towl\n")


def region(start, end, *labels):
    value = {"start": start, "end": end, "channel": 0, "labels": list(labels)}
    return {"original_length": 98.7, "value": value, "from_name": "labels", "to_name": "audio", "type": "labels"}


@pytest.mark.parametrize(
    ("address", "recording"),
    [
        ("/data/upload/7/1a2b3c4d-a_b.wav", "a_b.wav"),
        ("/data/local-files/?d=site%20B/%C3%84%20%232.flac", "site B/Ä #2.flac"),
        ("https://host/rec/a%20b.wav?token=1", "/rec/a b.wav"),
        ("s3://bucket/rec/a.wav", "/rec/a.wav"),
        ("rec/a #2.wav", "rec/a #2.wav"),
    ],
)
def test_label_studio(tmp_path, address, recording):
    note = {"value": {"text": ["loud"]}, "from_name": "note", "to_name": "audio", "type": "textarea"}
    task = {
        "id": 1,
        "data": {"sound": address, "site": "B/north"},
        "annotations": [
            {"id": 1, "was_cancelled": False, "result": [region(25.1, 50, "Music", "Rain"), note]},
            {"id": 2, "was_cancelled": True, "result": [region(1, 2, "Skipped")]},
        ],
        "predictions": [{"result": [region(3, 4, "Machine")]}],
    }
    expected = [(recording, 25.1, 50, "Music"), (recording, 25.1, 50, "Rain")]
    assert events(tmp_path, "export", json.dumps([task])) == expected
    small = {
        "sound": address,
        "id": 1,
        "label": [{"start": 25.1, "end": 50, "channel": 0, "labels": ["Music", "Rain"]}],
    }
    assert events(tmp_path, "export", json.dumps([small])) == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[{", "is no JSON; allowed is a CSV table"),
        (b"[1]", "task 1 is not a task of Label Studio; allowed is"),
        (b"PK\x03\x04", "Excel workbook, which needs the package openpyxl|cannot be read; allowed is"),
        (b"RIFF\0\0\0\0WAVE", "cannot be read as text; allowed is"),
        (b"\n\n", "cannot be read; allowed is"),
        (
            b"Start (s),End (s),Common name\n",
            "has no column segment_id; allowed is a CSV table with segment_id and labels",
        ),
    ],
)
def test_what_is_none_of_the_forms(tmp_path, content, sentence):
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(C3Error, match=sentence):
        forms.read(tmp_path / "table")


PIECES = [
    "segment_id",
    "labels",
    RAVEN,
    "Species",
    "1.5",
    "3,5",
    "1e999",
    "nan",
    "wren",
    '"',
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
]
PIECES += ["\\", "[", "]", "{", "}", '"data"', '"annotations"', '"result"', '"value"', ":", "\0", "\ufeff", "ö", "PK"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
@settings(max_examples=200)
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_sentence(tmp_path_factory, text, encoding):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text.encode(encoding, errors="replace"))
    try:
        table = forms.read(path)
    except C3Error as error:
        assert str(path) in str(error) and "allowed" in str(error)
    else:
        assert isinstance(table, list) or {"segment_id", "labels"} <= set(table)
