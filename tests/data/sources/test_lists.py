"""Lists of segments in the forms of AudioSet, its kin, and the packs; the files are made as their authors' own are."""

import json
import tarfile

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from c3.data.sources import lists
from c3.data.sources.classes import read_class_labels, resolved
from c3.errors import C3Error

ID, OTHER = "--PJHxphWEs", "YaBcDeFgHiJ"
# What is written, and (id, start, end, labels) of its segments; an end of None is not in the list.
TEXTS = {
    "Google": (
        "# Segments csv created Sun Mar  5 10:54:31 2017\n# num_ytids=2, num_segs=2\n"
        "# YTID, start_seconds, end_seconds, positive_labels\n"
        f'{ID}, 30.000, 40.000, "/m/09x0r,/t/dd00088"\n{OTHER}, 0.000, 8.000, "/m/03l9g"\n',
        [(ID, 30, 40, "/m/09x0r,/t/dd00088"), (OTHER, 0, 8, "/m/03l9g")],
    ),
    "audioset-processing": (
        f'YTID,start_seconds,end_seconds,positive_labels\n{ID},30,40,"/m/09x0r,/t/dd00088"\n{OTHER},0,8,/m/03l9g\n',
        [(ID, 30, 40, "/m/09x0r,/t/dd00088"), (OTHER, 0, 8, "/m/03l9g")],
    ),
    "a copy in AST": (
        f'# YTID, start_seconds, end_seconds, positive_labels,\n{ID}, 30.000, 40.000, """/m/09x0r,/t/dd00088""",,\n',
        [(ID, 30, 40, '"/m/09x0r,/t/dd00088"')],
    ),
    "strong labels": (
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
        f"{ID}_30000\t0.000\t2.627\t/m/09x0r\n{ID}_30000\t1.0\t10.000\t/m/03l9g\n{ID}_30000\t5.0\t6.0\t/m/09x0r\n"
        f"{OTHER}_0\t0.000\t10.000\t/m/09x0r\n",
        [(ID, 30, 40, "/m/09x0r;/m/03l9g"), (OTHER, 0, 10, "/m/09x0r")],
    ),
    "VGGSound": (
        f'{ID},30,"people eating, noisily",train\n{OTHER},5,playing harp,train\n-_-_-_-_-_-,5,playing harp,test\n',
        [(ID, 30, 40, "people eating, noisily"), (OTHER, 5, 15, "playing harp")],
    ),
    "AVE": (
        f"Church bell&{ID}&good&0&10\nBark&{OTHER}&good&2&9\nMale speech&{OTHER}&good&2&8\n",
        [(ID, 0, 10, "Church bell"), (OTHER, 2, 9, "Bark;Male speech")],
    ),
    "AST": (
        json.dumps({"data": [{"video_id": ID, "wav": f"/a/{ID}.flac", "labels": "/m/09x0r,/t/dd00088"}]}),
        [(ID, 0, None, "/m/09x0r,/t/dd00088")],
    ),
    "CED": (
        f"filename\tlabels\thdf5path\nY{ID}.wav\t73;361\thdf/a.h5\n{OTHER}_30.000_40.000.wav\t0\thdf/b.h5\n",
        [(ID, 0, None, "73;361"), (OTHER, 30, 40, "0")],
    ),
    "ESC-50": (
        "filename,fold,target,category,esc10,src_file,take\n1-100032-A-0.wav,1,0,dog,True,100032,A\n",
        [("1-100032-A-0", 0, None, "dog")],
    ),
    "UrbanSound8K": (
        "slice_file_name,fsID,start,end,salience,fold,classID,class\n100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n",
        [("100032-3-0-0", 0, None, "dog_bark")],
    ),
    "FSD50K": (
        'fname,labels,mids,split\n64760,"Electric_guitar,Music","/m/02sgy,/m/04rlf",train\n',
        [("64760", 0, None, "/m/02sgy,/m/04rlf")],
    ),
}
TEXTS["AST after a comment"] = ("# made by hand\n" + TEXTS["AST"][0], TEXTS["AST"][1])
TEXTS["AVE with a header"] = ("Category&VideoID&Quality&StartTime&EndTime\n" + TEXTS["AVE"][0], TEXTS["AVE"][1])


def rows_of(table):
    return [(*row[:2], None if np.isnan(row[2]) else row[2], row[3]) for row in table.itertuples(index=False)]


@pytest.mark.parametrize("whose", TEXTS)
def test_text(tmp_path, whose):
    text, expected = TEXTS[whose]
    (tmp_path / "list.txt").write_text(text)
    assert rows_of(lists.read(tmp_path / "list.txt", "train")) == expected


def test_a_list_of_both_splits_gives_the_one_asked_for(tmp_path):
    (tmp_path / "vggsound.csv").write_text(TEXTS["VGGSound"][0])
    assert lists.read(tmp_path / "vggsound.csv", "evaluation")["ytid"].tolist() == ["-_-_-_-_-_-"]


def test_parquet_of_a_data_hub(tmp_path):
    table = pa.table(
        {
            "video_id": [ID, OTHER],
            "audio": pa.array([{"bytes": b"x", "path": f"{ID}.flac"}] * 2),
            "labels": [["/m/09x0r", "/t/dd00088"], ["/m/03l9g"]],
            "human_labels": [["Speech", "Gush"], ["Hammer"]],
        }
    )
    pq.write_table(table, tmp_path / "00.parquet")
    expected = [(ID, 0, None, "/m/09x0r;/t/dd00088"), (OTHER, 0, None, "/m/03l9g")]
    assert rows_of(lists.read(tmp_path / "00.parquet")) == expected


@pytest.mark.parametrize("packed", [False, True])
def test_hdf5(tmp_path, packed):
    """PANNs keeps a bool for each class, PaSST a bit; a clip that was not there has no name."""
    target = np.zeros((3, 527), bool)
    target[0, [0, 526]] = target[2, 73] = True
    with h5py.File(tmp_path / "list.h5", "w") as file:
        file.create_dataset("audio_name", data=np.array([f"Y{ID}.wav", "", f"Y{OTHER}.wav"], "S20"))
        file.create_dataset("target", data=np.packbits(target, axis=1) if packed else target)
        if packed:
            file.create_dataset("mp3", (3,), h5py.vlen_dtype(np.uint8))
    assert rows_of(lists.read(tmp_path / "list.h5")) == [(ID, 0, None, "0;526"), (OTHER, 0, None, "73")]


def test_parquet_with_a_column_for_each_class(tmp_path):
    """As SONYC-UST lies on a data hub: no names of files but in the sound, numbers from -1 to 1."""
    sounds = [{"bytes": b"x", "path": f"{name}.wav"} for name in ("00_000066", "00_000071", "00_000118")]
    columns = {"audio": sounds, "split": ["train"] * 3, "dog": [1.0, 0.3, -1.0], "jackhammer": [0.66, 0.0, 0.5]}
    pq.write_table(pa.table(columns), tmp_path / "00.parquet")
    assert rows_of(lists.read(tmp_path / "00.parquet")) == [
        ("00_000066", 0, None, "dog;jackhammer"),
        ("00_000118", 0, None, "jackhammer"),
    ]
    pq.write_table(pa.table({"audio": sounds, "split": ["train"] * 3}), tmp_path / "01.parquet")
    with pytest.raises(C3Error, match=r"01.parquet has the header 'split'; allowed is"):
        lists.read(tmp_path / "01.parquet")


def test_json_in_tar(tmp_path):
    texts = {f"a/{ID}": {"tag": ["Speech", "Gush"], "text": ["x"]}, OTHER: {"tags": "Hammer"}}
    with tarfile.open(tmp_path / "0.tar", "w") as archive:
        for key, values in texts.items():
            (tmp_path / "x.json").write_text(json.dumps(values))
            archive.add(tmp_path / "x.json", f"{key}.json")
    assert rows_of(lists.read(tmp_path / "0.tar")) == [(ID, 0, None, "Speech;Gush"), (OTHER, 0, None, "Hammer")]


KNOWN = pd.DataFrame(
    [
        ("/m/09x0r", "Speech"),
        ("/m/05zppz", "Male speech, man speaking"),
        ("/m/07qfr4h", "Hubbub, speech noise, speech babble"),
        ("/m/0ytgt", "Child speech, kid speaking"),
    ],
    columns=["label", "name"],
)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("/m/09x0r,/m/0ytgt", ["/m/09x0r", "/m/0ytgt"]),
        ('"/m/09x0r, /m/0ytgt"', ["/m/09x0r", "/m/0ytgt"]),
        ("Speech;Hubbub, speech noise, speech babble", ["/m/09x0r", "/m/07qfr4h"]),
        ("Male speech, man speaking,Speech", ["/m/05zppz", "/m/09x0r"]),
        ("speech, child speech, kid speaking", ["/m/09x0r", "/m/0ytgt"]),
        ("0;3", ["/m/09x0r", "/m/0ytgt"]),
        ("Speech,/m/09x0r,0,", ["/m/09x0r"]),
    ],
)
def test_labels_by_mid_name_or_index(text, labels):
    assert resolved(pd.DataFrame({"ytid": ["a"], "labels": [text]}), KNOWN, "list.csv") == [labels]


@pytest.mark.parametrize(("text", "unknown"), [("Speech;Whale", "Whale"), ("4", "4"), ("Hubbub, speech", "Hubbub")])
def test_an_unknown_label_is_refused(text, unknown):
    with pytest.raises(C3Error, match=f"list.csv: segment a has the unknown label '{unknown}'; allowed are the MIDs, "):
        resolved(pd.DataFrame({"ytid": ["a"], "labels": [text]}), KNOWN, "list.csv")


def test_names_of_the_real_classes_resolve_to_themselves(real):
    """All 527, of which many hold commas: each alone, and all in one line in either way of joining them."""
    known = read_class_labels(real / "audioset" / "class_labels_indices.csv")
    table = pd.DataFrame({"ytid": "a", "labels": [*known["name"], ";".join(known["name"]), ",".join(known["name"])]})
    *single, semicolons, commas = resolved(table, known, "list.csv")
    assert single == [[label] for label in known["label"]]
    assert semicolons == known["label"].tolist() and commas == known["label"].tolist()


def test_class_labels_without_a_header(tmp_path):
    (tmp_path / "mid_to_display_name.tsv").write_text("/m/09x0r\tSpeech\n/m/05zppz\tMale speech, man speaking\n")
    (tmp_path / "vocabulary.csv").write_text("0,Accelerating_and_revving_and_vroom,/m/07q2z82\n1,Bark,/m/05tny_\n")
    found = [read_class_labels(tmp_path / name) for name in ("mid_to_display_name.tsv", "vocabulary.csv")]
    assert found[0].to_numpy().tolist() == KNOWN.iloc[:2].to_numpy().tolist()
    assert found[1]["label"].tolist() == ["/m/07q2z82", "/m/05tny_"]
