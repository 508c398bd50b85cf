"""AudioSet's formats: the official tables, every way to name a file, every mistake in the input."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from c3.data import manifest
from c3.data.sources import audioset
from c3.data.sources.files import find_media
from c3.errors import C3Error

HEADER = "# YTID, start_seconds, end_seconds, positive_labels"
CLASSES = 'index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/m/05zppz,"Male speech, man speaking"\n'


@pytest.fixture
def root(tmp_path):
    """A maker of a root: tables from rows, and empty media files. Returns the arguments of manifest()."""

    def make(train, evaluation, files, class_labels=CLASSES):
        for name, rows in (("train", train), ("evaluation", evaluation)):
            (tmp_path / f"{name}.csv").write_text("\n".join(["# Segments csv", HEADER, *rows]) + "\n")
        (tmp_path / "classes.csv").write_text(class_labels)
        folder = tmp_path / "media"
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(b"")
        folder.mkdir(exist_ok=True)
        return {
            "train": [tmp_path / "train.csv"],
            "evaluation": [tmp_path / "evaluation.csv"],
            "class_labels": tmp_path / "classes.csv",
            "media": folder,
            "validation_share": 0.0,
            "seed": 0,
        }

    return make


@pytest.mark.parametrize(("name", "rows"), [("balanced_train", 22_160), ("eval", 20_371)])
def test_official_tables(real, name, rows):
    segments = audioset.read_segments(real / "audioset" / f"{name}_segments.csv")
    assert len(segments) == rows
    assert segments["ytid"].str.len().eq(11).all()
    assert (segments["end"] > segments["start"]).all()
    known = set(audioset.read_class_labels(real / "audioset" / "class_labels_indices.csv")["label"])
    assert len(known) == 527
    assert set(segments["labels"].explode()) <= known


def test_official_tables_with_a_small_media_root(real, tmp_path):
    """Hair dryers of both official tables: 3 + 2 of them have a file."""
    tables = {name: real / "audioset" / f"{name}_segments.csv" for name in ("balanced_train", "eval")}
    for name, count in (("balanced_train", 3), ("eval", 2)):
        segments = audioset.read_segments(tables[name])
        for ytid in segments.ytid[segments.labels.map(lambda labels: labels == ["/m/03wvsk"])].iloc[:count]:
            (tmp_path / f"Y{ytid}.m4a").write_bytes(b"x")
    class_labels = real / "audioset" / "class_labels_indices.csv"
    table, classes, missing, *_ = audioset.manifest(
        [tables["balanced_train"]], [tables["eval"]], class_labels, tmp_path, 0.0, 0
    )
    assert manifest.unevaluated(table, classes).empty
    assert table["split"].value_counts().to_dict() == {"train": 3, "evaluation": 2}
    assert list(classes["name"]) == ["Hair dryer"]
    assert (missing["reason"] == "missing").sum() == 22_160 + 20_371 - 5


def test_quirks_of_the_format(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text(
        "# Segments csv created Sun Mar  5 10:54:31 2017\n# num_ytids=2, num_segs=2\n"
        f'{HEADER}\n--PJHxphWEs, 30.000, 40.500, "/m/09x0r,/t/dd00088"\n'
        'NaN,0,10,/m/09x0r\n1234567890_,0,9,"/m/09x0r, /m/05zppz"\n'
    )
    segments = audioset.read_segments(path)
    assert list(segments["ytid"]) == ["--PJHxphWEs", "NaN", "1234567890_"]
    assert list(segments["end"]) == [40.5, 10, 9]
    assert list(segments["labels"]) == [["/m/09x0r", "/t/dd00088"], ["/m/09x0r"], ["/m/09x0r", "/m/05zppz"]]


def test_written_tables_read_back(tmp_path):
    segments = pd.DataFrame(
        {"ytid": ["a", "b"], "start": [0.0, 1.5], "end": [10.0, 3.25], "labels": [["/m/1", "/m/2"], ["/m/1"]]}
    )
    audioset.write_segments(tmp_path / "s.csv", segments)
    pd.testing.assert_frame_equal(audioset.read_segments(tmp_path / "s.csv"), segments, check_dtype=False)
    classes = pd.DataFrame({"label": ["/m/1", "/m/2"], "name": ['Male "speech", man', "x"]})
    audioset.write_class_labels(tmp_path / "c.csv", classes)
    pd.testing.assert_frame_equal(audioset.read_class_labels(tmp_path / "c.csv"), classes, check_dtype=False)


def test_ways_to_name_a_file(root):
    """Each name is found, clips begin at 0, pictures come from video containers alone."""
    expected = {
        "aaaaaaaaaaa": ("aaaaaaaaaaa.mp4", 30.0, True),
        "bbbbbbbbbbb": ("deep/er/Ybbbbbbbbbbb.wav", 30.0, False),
        "ccccccccccc": ("ccccccccccc_30.mkv", 0.0, True),
        "ddddddddddd": ("ddddddddddd_30000.flac", 0.0, False),
        "eeeeeeeeeee": ("eeeeeeeeeee_30.000.ogg", 0.0, False),
        "fffffffffff": ("Yfffffffffff_30.MP3", 0.0, False),
        "Ygggggggggg": ("Ygggggggggg.webm", 30.0, True),
        "-_hhhhhh_30": ("-_hhhhhh_30.m4a", 30.0, False),
    }
    rows = [f'{ytid}, 30.000, 40.000, "/m/09x0r"' for ytid in expected]
    files = [path for path, _, _ in expected.values()]
    others = ["nobody.wav", "ccccccccccc_31.mkv", ".aaaaaaaaaaa.mp4", "aaaaaaaaaaa.txt"]
    table, _, missing, *_ = audioset.manifest(**root(rows, ["gone,0,10,/m/09x0r"], files + others))
    assert list(table["segment_id"]) == sorted(f"{ytid}_30" for ytid in expected)
    for row in table.itertuples():
        path, media_start, video = expected[row.recording_id]
        assert row.audio_path.endswith(path)
        assert row.media_start == media_start
        assert row.video_path == (row.audio_path if video else None)
    listed = [(row.segment_id, row.path.rpartition("/")[2], row.reason) for row in missing.itertuples()]
    assert listed == [
        ("", "ccccccccccc_31.mkv", "wrongly named"),
        ("", "nobody.wav", "wrongly named"),
        ("gone_0", "", "missing"),
    ]


def test_clips_go_before_recordings_and_video_before_sound(root):
    files = ["aaa.mp4", "aaa_5.wav", "bbb.wav", "bbb.mkv"]
    rows = ["aaa,5,15,/m/09x0r", "aaa,20,30,/m/09x0r", "bbb,0,10,/m/09x0r"]
    table, _, missing, *_ = audioset.manifest(**root(rows, [], files))
    names = [path.rpartition("/")[2] for path in table["audio_path"]]
    assert dict(zip(table["segment_id"], names, strict=True)) == {
        "aaa_5": "aaa_5.wav",
        "aaa_20": "aaa.mp4",
        "bbb_0": "bbb.mkv",
    }
    assert not len(missing)


def test_a_recording_in_training_and_evaluation_is_left_out_of_training(root):
    rows = ["aaa,0,10,/m/09x0r", "bbb,0,10,/m/09x0r"]
    found = audioset.manifest(**root(rows, ["aaa,10,20,/m/09x0r"], ["aaa.wav", "bbb.wav"]))
    assert dict(zip(found.table["segment_id"], found.table["split"], strict=True)) == {
        "aaa_10": "evaluation",
        "bbb_0": "train",
    }
    assert "1 segments of recordings that stand in evaluation too are left out of training" in found.counts


def write_sound(path, seconds, rate=8000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(seconds * rate)), rate)


def test_recordings_and_what_was_cut_out_of_them(root):
    """A name without a start: the length of the file says which of both it is."""
    lengths = {"whole": 300, "cut": 10, "short": 6, "neither": 20, "two": 10, "early": 9}
    rows = [f"{name},30,40,/m/09x0r" for name in lengths if name != "early"]
    rows += ["two,60,70,/m/09x0r", "early,0,10,/m/09x0r", "empty,30,40,/m/09x0r"]
    arguments = root(rows, [], ["empty.wav"])
    for name, seconds in lengths.items():
        write_sound(arguments["media"] / f"{name}.wav", seconds)
    table, _, missing, _, counts = audioset.manifest(**arguments)
    assert dict(zip(table["recording_id"], table["media_start"], strict=True)) == {
        "whole": 30,
        "cut": 0,
        "short": 0,
        "early": 0,
        "empty": 30,  # what reads it will say what is wrong
    }
    assert missing["segment_id"].tolist() == ["neither_30", "two_30", "two_60"]
    assert set(missing["reason"]) == {"out of range"}
    assert "<id>                                         7         5             3" in counts
    assert "segments: 8 listed, 5 with media, 0 missing, 3 out of range" in counts


def test_counts_by_form(root):
    ids = [f"{number}bcdefghij-" for number in range(6)]
    files = [f"Speech/{ids[0]}_30.0-40.0.ogg", f"{ids[1]}_30000_40000.flac", f"a title-{ids[2]}.opus"]
    files += [f"{ids[3]}_90_100.wav", f"{ids[4]}_30_40.wav", "nobody.wav"]
    _, _, missing, _, counts = audioset.manifest(**root([f"{each},30,40,Speech" for each in ids], [], files))
    lines = [line.rsplit(maxsplit=3) for line in counts.splitlines()]
    assert lines[1:4] == [
        ["<id>_<start>_<end> in s", "3", "2", "1"],
        ["<id>_<start>_<end> in ms", "1", "1", "0"],
        ["<title>-<id>", "1", "1", "0"],
    ]
    assert counts.splitlines()[4].split() == ["of", "no", "recording", "in", "the", "lists", "1"]
    assert counts.endswith("segments: 6 listed, 4 with media, 2 missing, 0 out of range")
    assert missing["reason"].tolist() == ["wrongly named"] * 2 + ["missing"] * 2


def test_a_list_without_times_is_of_whole_files(root):
    """As AST's JSON: a segment is as long as its file."""
    arguments = root([], ["aaa,0,10,/m/09x0r"], ["aaa.wav"])
    arguments["train"] = [arguments["media"] / "train.json"]
    arguments["train"][0].write_text('{"data": [{"video_id": "bbb", "wav": "/x/bbb.wav", "labels": "0"}]}')
    write_sound(arguments["media"] / "bbb.wav", 4.5)
    table = audioset.manifest(**arguments).table.set_index("recording_id")
    assert table.loc["bbb", ["start", "end", "media_start"]].tolist() == [0, 4.5, 0]


@pytest.mark.parametrize("packed_whole", [False, True])
def test_a_pack_is_its_own_list_or_that_of_others(root, packed_whole, tmp_path):
    """Parquet with clips of 1 s, and the official list that says where in the recording they were."""
    row = dict(audio=[{"bytes": None, "path": "-aaaaaaaaaa.wav"}], labels=[["/m/09x0r"]], video_id=["-aaaaaaaaaa"])
    write_sound(tmp_path / "a.wav", 32 if packed_whole else 1)
    row["audio"][0]["bytes"] = (tmp_path / "a.wav").read_bytes()
    arguments = root(["-aaaaaaaaaa,30,31,/m/09x0r"], [], [])
    pq.write_table(pa.table(row), arguments["media"] / "0.parquet")
    table = audioset.manifest(**arguments).table
    assert table["audio_path"].tolist() == [f"{arguments['media']}/0.parquet#00000000.wav"]
    assert table[["start", "end", "media_start"]].to_numpy().tolist() == [[30, 31, 30 if packed_whole else 0]]
    table = audioset.manifest(**{**arguments, "train": [arguments["media"] / "0.parquet"]}).table
    assert table[["start", "end", "media_start"]].to_numpy().tolist() == [[0, 32 if packed_whole else 1, 0]]


def test_some_classes_and_a_sample(root):
    rows = [f"{number:03},0,10,{'Speech' if number % 2 else '1'}" for number in range(100)]
    arguments = root(
        rows, ['eee,0,10,"/m/09x0r,/m/05zppz"'], [f"{number:03}.wav" for number in range(100)] + ["eee.wav"]
    )
    found = audioset.manifest(**arguments, classes=["Male speech, man speaking"], sample=20)
    assert found.table["split"].value_counts().to_dict() == {"train": 20, "evaluation": 1}
    assert set(map(tuple, found.table["labels"])) == {("/m/05zppz",)} and len(found.classes) == 1
    assert found.counts.endswith("21 of them are taken (audioset.sample)")
    assert not len(found.missing)  # the media of other classes are not wrongly named
    assert found.files["ignored"].value_counts().to_dict() == {audioset.NOT_CHOSEN: 80, "": 21}


GOOD = ["aaa,0,10,/m/09x0r"]
MISTAKES = {
    "No media found in .*media; allowed": dict(train=GOOD, evaluation=[], files=[]),
    "No media found in .*media for 1 segments .*other.wav": dict(train=GOOD, evaluation=[], files=["other.wav"]),
    "train.csv: segment aaa has an empty label list": dict(train=['aaa,0,10,""'], evaluation=[], files=["aaa.wav"]),
    "train.csv: segment aaa has the unknown label '/m/x'": dict(
        train=['aaa,0,10,"/m/09x0r,/m/x"'], evaluation=[], files=["aaa.wav"]
    ),
    "train.csv: segment aaa has the start 'soon'": dict(
        train=["aaa,soon,10,/m/09x0r"], evaluation=[], files=["aaa.wav"]
    ),
    "train.csv has a row of more": dict(train=[*GOOD, "aaa,0,10,/m/09x0r,/m/09x0r"], evaluation=[], files=["aaa.wav"]),
    "segment aaa_10 ends at 5 s": dict(train=["aaa,10,5,/m/09x0r"], evaluation=[], files=["aaa.wav"]),
    "segment aaa_0 stands twice": dict(train=GOOD + GOOD, evaluation=[], files=["aaa.wav"]),
    "classes.csv has the header 'mid,name'": dict(
        train=GOOD, evaluation=[], files=["aaa.wav"], class_labels="mid,name\n/m/09x0r,Speech\n"
    ),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_mistakes(root, sentence):
    with pytest.raises(C3Error, match=sentence):
        audioset.manifest(**root(**MISTAKES[sentence]))


@pytest.mark.parametrize("text", ["ytid,start,end,labels\naaa,0,10,/m/09x0r\n", "# comment\naaa,0,10,x\n", "", "{}\n"])
def test_another_header(tmp_path, text):
    path = tmp_path / "segments.csv"
    path.write_text(text)
    with pytest.raises(C3Error, match=r"segments.csv has the header .*; allowed is '# YTID, start_seconds"):
        audioset.read_segments(path)


@pytest.mark.parametrize("row", ['a, 0, 10, "/m/1", more', "a, 0, 10, /m/1, /m/2"])
def test_a_column_too_many_is_never_left_out(row, tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text(f"# YTID, start_seconds, end_seconds, positive_labels\n{row}\n")
    with pytest.raises(C3Error, match=r"segments\.csv has a row of more than 4 columns"):
        audioset.read_segments(path)


def test_no_file():
    with pytest.raises(C3Error, match=r"nowhere\.csv cannot be read"):
        audioset.read_segments("nowhere.csv")
    with pytest.raises(C3Error, match=r"nowhere\.csv cannot be read"):
        audioset.read_class_labels("nowhere.csv")
    with pytest.raises(C3Error, match="nowhere cannot be read"):
        find_media("nowhere")


def test_folders_that_lead_back_are_read_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.wav").write_bytes(b"")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert len(find_media(tmp_path)) == 1
