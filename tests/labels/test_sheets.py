"""Sheets: what a person is asked, and what was answered."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c3.errors import C3Error
from c3.labels import forms, sheets
from c3.labels.annotation import Person

MANIFEST = pd.DataFrame(
    {
        "segment_id": ["a.wav_0", "a.wav_10", "b.wav_0"],
        "audio_path": ["x/a.wav", "x/a.wav", "x/b.wav"],
        "start": [0.0, 10.0, 0.0],
        "end": [10.0, 20.0, 7.12345],
        "media_start": [0.0, 10.0, 0.0],
        "labels": [[], [], []],
        "split": "train",
    }
)
WINDOWS = pd.DataFrame({"segment_id": ["a.wav_0", "a.wav_0", "b.wav_0", "c.wav_0"], "window": [0, 1, 0, 0]}).assign(
    split=["train", "train", "train", "validation"]
)


def test_a_sheet_lists_what_is_asked_and_not_answered():
    person = Person({"a.wav_0": ("rain, light", "wren")})
    for segment in ("b.wav_0", "a.wav_0", "a.wav_10"):
        person.ask(segment)
    assert sheets.sheet(person.receipt(), MANIFEST).to_dict("list") == {
        "sound": ["0002.wav", "0003.wav"],
        "segment_id": ["b.wav_0", "a.wav_10"],
        "file": ["x/b.wav", "x/a.wav"],
        "start": [0.0, 10.0],
        "end": [7.123, 20.0],
        "labels": ["", ""],
    }


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_filled_in_sheets_label_windows(tmp_path, separator, capsys):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    sheet = pd.DataFrame({"segment_id": ["a.wav_0", "b.wav_0"], "file": "x, y", "labels": ["wren|  rain, light ", ""]})
    sheet.to_csv(first, sep=separator, index=False, encoding="utf-8-sig")
    second.write_text("labels,segment_id\nwind,b.wav_0\n")
    answers = sheets.read_sheets([first, second]).labels
    assert answers == {"a.wav_0": ("rain, light", "wren"), "b.wav_0": ("wind",)}
    assert sheets.answered(answers, WINDOWS).to_dict("list") == {
        "segment_id": ["a.wav_0", "a.wav_0", "b.wav_0"],
        "window": [0, 1, 0],
        "labels": [["rain, light", "wren"], ["rain, light", "wren"], ["wind"]],
    }
    held_out = sheets.answered({"c.wav_0": ("wind",), "d.wav_0": ("wind",)}, WINDOWS)
    assert held_out["segment_id"].tolist() == ["c.wav_0"]  # any split; d.wav_0 has no window
    assert "1 labelled segments cannot be used (see quarantine.csv), among them d.wav_0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("segment_id,labels\na,\n", "no row has a label; allowed is at least one"),
        ("segment,labels\na,wren\n", "sheet.csv has no column segment_id; allowed is a CSV table"),
        ("segment_id,labels\na,wren\na,wind\n", "segment a has the labels 'wind', and elsewhere 'wren'; allowed is"),
        ("", "sheet.csv cannot be read; allowed is a CSV table"),
    ],
)
def test_a_sheet_that_cannot_be_used(tmp_path, text, sentence):
    (tmp_path / "sheet.csv").write_text(text)
    with pytest.raises(C3Error, match=sentence):
        sheets.read_sheets([tmp_path / "sheet.csv"])


HEADER = "sound;segment_id;file;start;end;labels\r\n"
FILLED = HEADER + "0001.wav;a.wav_0;x/a.wav;0,0;10,0;dög | rain\r\n0002.wav;b.wav_0;x/b.wav;0,0;7,123;\r\n;;;;;\r\n"


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [
        (";", "cp1252"),  # Excel's CSV where the comma stands in numbers
        (";", "utf-8-sig"),  # its CSV UTF-8
        ("\t", "utf-16"),  # its Unicode text
        ("\t", "utf-16-le"),
        (";", "utf-8"),  # LibreOffice
    ],
)
def test_a_sheet_as_spreadsheets_save_it(tmp_path, separator, encoding):
    text = FILLED.replace(";", separator)
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (tmp_path / "sheet").write_bytes((mark + text).encode(encoding))
    answers = sheets.read_sheets([tmp_path / "sheet"], MANIFEST)
    assert answers == ({"a.wav_0": ("dög", "rain")}, ["b.wav_0"])


def test_a_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (sheets.SHEET_COLUMNS, ["1.wav", "a.wav_0", "x/a.wav", 0, 10.5, "dög"], [None, "b.wav_0", None, 0, 7]):
        book.active.append(row)
    book.save(tmp_path / "sheet.xlsx")
    assert sheets.read_sheets([tmp_path / "sheet.xlsx"], MANIFEST) == ({"a.wav_0": ("dög",)}, ["b.wav_0"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#NAME?,wren\n", r"row 2 has the segment_id '#NAME\?', which a spreadsheet has made of another; allowed are"),
        ("a.wav_0,wren\n\n#REF!,\n", r"row 4 has the segment_id '#REF!', which a spreadsheet has made of another"),
        ("1.2E+05,wren\n", r"row 2 has the segment_id '1\.2E\+05', which a spreadsheet has made of another"),
        ("z.wav_0,wren\n", r"row 2 has the segment_id 'z\.wav_0'; allowed are segments of the recordings"),
        (",wren\n", r"row 2 has the segment_id ''; allowed are segments of the recordings"),
        ("a.wav_0,start\n", r"row 2 has the label 'start'; allowed are others than end, file, segment_id, start"),
        ("a.wav_0,rain, light\n", r"row 2 has 3 cells, and the header 2; allowed are as many"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, text, sentence):
    (tmp_path / "sheet.csv").write_text("segment_id,labels\n" + text)
    with pytest.raises(C3Error, match=sentence):
        sheets.read_sheets([tmp_path / "sheet.csv"], MANIFEST)
    if "z.wav" not in text:  # what can be known before there is a manifest
        with pytest.raises(C3Error, match=sentence):
            sheets.read_sheets([tmp_path / "sheet.csv"])


def test_a_row_without_labels_may_be_about_a_recording_that_is_gone(tmp_path):
    (tmp_path / "sheet.csv").write_text("segment_id,labels\nz.wav_0,\na.wav_0,wren\n")
    assert sheets.read_sheets([tmp_path / "sheet.csv"], MANIFEST) == ({"a.wav_0": ("wren",)}, [])


def test_who_is_unsure_is_asked_again(tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("segment_id,labels\nb.wav_0, Unsure\na.wav_10,\na.wav_0,wren | unsure\n")
    with pytest.raises(C3Error, match="no row has a label"):
        sheets.read_sheets([first], MANIFEST)
    assert sheets.read_sheet(first, MANIFEST) == ({}, ["b.wav_0", "a.wav_10", "a.wav_0"])
    second.write_text("segment_id,labels\na.wav_10,wren\n")
    assert sheets.read_sheets([first, second], MANIFEST) == ({"a.wav_10": ("wren",)}, ["b.wav_0", "a.wav_0"])


def test_names_that_look_alike_count_as_one(tmp_path, capsys):
    decomposed = unicodedata.normalize("NFD", "dög")
    rows = ["a.wav_0,Dög|wren", f"a.wav_10,{decomposed} ", "b.wav_0,dög | barn  Owl"]
    (tmp_path / "1.csv").write_text("\n".join(["segment_id,labels", *rows]))
    (tmp_path / "2.csv").write_text("segment_id,labels\na.wav_0,DÖG | wren\n")  # no contradiction
    answers = sheets.read_sheets([tmp_path / "1.csv", tmp_path / "2.csv"], MANIFEST)
    assert answers.labels == {"a.wav_0": ("dög", "wren"), "a.wav_10": ("dög",), "b.wav_0": ("barn Owl", "dög")}
    told = capsys.readouterr().err.splitlines()
    assert told == ["c3: The labels 'Dög', 'do\\u0308g ', 'dög', 'DÖG' count as one, 'dög'."]


def test_of_spellings_as_frequent_the_first_counts(tmp_path):
    (tmp_path / "1.csv").write_text("segment_id,labels\na.wav_0,Wren\na.wav_10,wren\n")
    assert set(sheets.read_sheets([tmp_path / "1.csv"], MANIFEST).labels.values()) == {("Wren",)}


def raven(folder, name, *rows, columns="Begin Time (s)\tEnd Time (s)\tSpecies"):
    path = folder / name
    path.write_text("\n".join([columns, *rows, ""]))
    return path


@pytest.mark.parametrize(
    ("begin", "end", "segments"),
    [
        (1, 4, ["a.wav_0"]),
        (8, 12, ["a.wav_0", "a.wav_10"]),  # half of it in each
        (8, 11, ["a.wav_0"]),  # 2 s of 3 in the first, 1 s in the second
        (4, 20, ["a.wav_0", "a.wav_10"]),  # 6 s of the first segment's 10, all of the second
        (6, 20, ["a.wav_10"]),  # 4 s of the first
        (10, 20, ["a.wav_10"]),
        (10, 10, ["a.wav_10"]),  # a point
        (9.999, 9.999, ["a.wav_0"]),
        (20, 21, []),
    ],
)
def test_an_event_counts_where_half_of_it_or_half_of_the_segment_is(tmp_path, capsys, begin, end, segments):
    answers = sheets.read_sheet(raven(tmp_path, "a.txt", f"{begin}\t{end}\towl"), MANIFEST)
    assert answers.labels == dict.fromkeys(segments, ("owl",))
    assert ("row 2: 'owl' from 20 to 21 s lies in no segment" in capsys.readouterr().err) == (not segments)


@given(start=st.floats(0, 40), length=st.floats(0, 60), cut=st.floats(0.1, 9))
@settings(max_examples=50)
def test_overlap_as_counted_in_milliseconds(start, length, cut):
    """Against counting the middles of small steps, where it is not on the edge."""
    starts = np.arange(9) * cut
    ends = starts + cut
    steps = np.arange(0, 101, 0.001) + 0.0005
    event = forms.Event("", "", start, start + length, "")
    in_event = (steps > start) & (steps < start + length)
    for begin, end, found in zip(starts, ends, sheets._overlap(event, starts, ends), strict=True):
        shared = (in_event & (steps > begin) & (steps < end)).sum() / 1000
        margin = shared - min(end - begin, length) / 2
        if length and abs(margin) > 0.01:
            assert found == (margin > 0)


def test_tables_of_several_programs_and_sheets_together(tmp_path):
    first = raven(tmp_path, "a.Table.1.selections.txt", "1\t3\towl", "2\t9\tOwl | rain")
    second = tmp_path / "a.txt"
    second.write_text("4.0\t6.0\twind\n12.0\t13.0\tunsure\n")
    third = tmp_path / "sheet.csv"
    third.write_text("segment_id,labels\na.wav_0,owl | rain | wind\nb.wav_0,\n")
    assert sheets.read_sheets([third, first, second], MANIFEST) == (
        {"a.wav_0": ("owl", "rain", "wind")},
        ["b.wav_0", "a.wav_10"],
    )
    third.write_text("segment_id,labels\na.wav_0,owl\n")
    with pytest.raises(C3Error, match=r"a\.Table\.1\.selections\.txt, row 2: segment a\.wav_0 has the labels"):
        sheets.read_sheets([third, first, second], MANIFEST)
    assert sheets.read_sheets([first]).labels == {}  # before there is a manifest: that it can be read


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("c", "row 2 is about .*c, which is none of them; allowed are the recordings below folder.root"),
        ("b", r"row 2 is about .*b, which may be x/b\.wav or y/b\.wav; allowed are the recordings"),
    ],
)
def test_a_recording_that_is_not_there_or_there_twice(tmp_path, name, sentence):
    manifest = pd.concat([MANIFEST, MANIFEST.assign(segment_id=MANIFEST["segment_id"] + "'", audio_path="y/b.wav")])
    with pytest.raises(C3Error, match=sentence):
        sheets.read_sheets([raven(tmp_path, f"{name}.selections.txt", "1\t3\towl")], manifest)


def test_an_identifier_may_look_as_if_a_spreadsheet_had_made_it(tmp_path):
    names = ["#REF!", " a.wav_0", "1E5"]
    manifest = MANIFEST.assign(segment_id=names)
    pd.DataFrame({"segment_id": names, "labels": "wren"}).to_csv(tmp_path / "sheet.csv", index=False)
    assert sheets.read_sheets([tmp_path / "sheet.csv"], manifest).labels == dict.fromkeys(names, ("wren",))
