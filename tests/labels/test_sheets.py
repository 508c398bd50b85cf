"""Sheets: what a person is asked, and what was answered."""

import pandas as pd
import pytest

from c3.errors import C3Error
from c3.labels import sheets
from c3.labels.annotation import GroundTruth

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


def test_a_sheet_lists_what_is_asked():
    annotator = GroundTruth(MANIFEST)
    for segment in ("b.wav_0", "a.wav_10"):
        assert annotator.ask(segment) == ()
    assert sheets.sheet(annotator.receipt(), MANIFEST, {}).to_dict("list") == {
        "sound": ["0001.wav", "0002.wav"],
        "segment_id": ["b.wav_0", "a.wav_10"],
        "file": ["x/b.wav", "x/a.wav"],
        "start": [0.0, 10.0],
        "end": [7.123, 20.0],
        "labels": ["", ""],
    }


@pytest.mark.parametrize(
    ("answered", "left"),
    [
        ([], ["b.wav_0", "a.wav_10"]),
        (["b.wav_0"], ["a.wav_10"]),
        (["c.wav_0"], ["b.wav_0"]),  # one that was not asked for counts too
        (["b.wav_0", "a.wav_10"], []),
    ],
)
def test_what_is_answered_is_not_asked_again(answered, left):
    asked = pd.DataFrame({"order": [1, 2], "segment_id": ["b.wav_0", "a.wav_10"]})
    sheet = sheets.sheet(asked, MANIFEST, dict.fromkeys(answered, ("owl",)))
    assert sheet["segment_id"].tolist() == left and list(sheet) == sheets.SHEET_COLUMNS


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_filled_in_sheets_label_windows(tmp_path, separator):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    sheet = pd.DataFrame({"segment_id": ["a.wav_0", "b.wav_0"], "file": "x, y", "labels": ["wren|  rain, light ", ""]})
    sheet.to_csv(first, sep=separator, index=False, encoding="utf-8-sig")
    second.write_text("labels,segment_id\nwind,b.wav_0\n")
    answers = sheets.read_sheets([first, second])
    assert answers == {"a.wav_0": ("rain, light", "wren"), "b.wav_0": ("wind",)}
    assert sheets.answered(answers, WINDOWS).to_dict("list") == {
        "segment_id": ["a.wav_0", "a.wav_0", "b.wav_0"],
        "window": [0, 1, 0],
        "labels": [["rain, light", "wren"], ["rain, light", "wren"], ["wind"]],
    }
    with pytest.raises(C3Error, match=r"label for c\.wav_0; allowed are segments of the split train"):
        sheets.answered({**answers, "c.wav_0": ("wind",)}, WINDOWS)


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
