"""Lists of segments, as AudioSet, its kin, and the packs of its media have them.

A kind of file is a reader that gives a table of text; what its columns mean is a line of :data:`FORMS`.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from c3.data.reading import UNREADABLE
from c3.data.sources import names
from c3.data.sources.files import EXTENSIONS
from c3.errors import C3Error

SEGMENT_COLUMNS = ["YTID", "start_seconds", "end_seconds", "positive_labels"]
SECONDS = 10.0
"""length of a segment of which a list says only the start: all such lists are of clips of AudioSet's length"""


class Form(NamedTuple):
    """What the columns of a list are called. Without times, a segment is its whole file."""

    whose: str
    id: str
    labels: str
    start: str | None = None
    end: str | None = None
    is_file: bool = False
    """the id is the name of a file, with its start or not"""
    split: str | None = None
    """a column that says train or test; the other rows are passed over"""
    several: bool = False
    """a segment has several rows, one for each event in it: they become one, with all labels"""
    unit: float = 1.0
    """seconds in the unit of a start in the name of a file"""


FORMS = (
    Form("AudioSet", *(SEGMENT_COLUMNS[place] for place in (0, 3, 1, 2))),
    Form("AudioSet's strong labels", "segment_id", "label", is_file=True, several=True, unit=0.001),
    Form("VGGSound", "id", "label", start="start", split="test"),
    Form("AVE", "VideoID", "Category", "StartTime", "EndTime", several=True),
    Form("AST, and parquet of AudioSet", "video_id", "labels"),
    Form("CED", "filename", "labels", is_file=True),
    Form("PANNs, PaSST", "audio_name", "target", is_file=True),
    Form("ESC-50", "filename", "category", is_file=True),
    Form("UrbanSound8K", "slice_file_name", "class", is_file=True),
    Form("FSD50K", "fname", "mids", is_file=True),
    Form("WebDataset", "key", "tags", is_file=True),
)
HEADERS = {  # of the lists that have none: separator, and a reader of the first row that knows them
    ",": (["id", "start", "label", "test"], lambda row: row[1].isdigit() and row[3] in ("train", "test")),
    "&": (["Category", "VideoID", "Quality", "StartTime", "EndTime"], lambda row: row[3].isdigit()),
}
TAGS = ("tag", "tags")
MAJORITY = 0.5
"""from where on a class counts, of a list that has a number for each"""


def read(path: str | Path, split: str | None = None) -> pd.DataFrame:
    """A list: ytid, start, end (float seconds; end is NaN where only the file knows), labels (text), in its order.

    split: train or evaluation; of a list that holds both, only the rows of one. Raises :class:`C3Error` for columns
    that no form has, an empty label list, or a value that is no time.
    """
    try:
        table = READERS.get(Path(path).suffix.lower(), _text)(path).fillna("")
    except (*UNREADABLE, tarfile.TarError, csv.Error):
        raise C3Error(
            f"{path} cannot be read; allowed is a segment CSV of AudioSet, or another list of segments."
        ) from None
    form = next((form for form in FORMS if {form.id, form.labels, form.start, form.end} - {None} <= set(table)), None)
    if form is None:
        others = "; ".join(f"{form.id}, {form.labels} ({form.whose})" for form in FORMS[1:])
        raise C3Error(
            f"{path} has the header {table.attrs.get('header', ','.join(map(str, table)))!r}; allowed is "
            f"'# {', '.join(SEGMENT_COLUMNS)}', or a list with the columns {others}."
        )
    if form.split and split and form.split in table:
        table = table[table[form.split].isin(["test"] if split == "evaluation" else ["train"])]
    segments = pd.DataFrame({"ytid": table[form.id].str.strip().to_numpy(), "labels": table[form.labels].to_numpy()})
    if form.is_file:
        stems = segments["ytid"].map(_stem)
        parts = pd.DataFrame([names.split(stem) for stem in stems], columns=["ytid", "start", "end"])
        segments["ytid"], segments["start"], segments["end"] = parts["ytid"], parts["start"] * form.unit, parts["end"]
        segments["end"] = segments["end"].fillna(segments["start"] + SECONDS)
        segments["start"] = segments["start"].fillna(0.0)
    else:
        for name in ("start", "end"):
            segments[name] = _seconds(path, table, form, name)
    segments = segments[segments["ytid"] != ""].reset_index(drop=True)
    unlabelled = segments["labels"].str.strip(', "') == ""
    if unlabelled.any():
        raise C3Error(
            f"{path}: segment {segments.ytid[unlabelled].iloc[0]} has an empty label list; "
            "allowed is one label or more, separated by commas."
        )
    if form.several:
        grouped = segments.groupby(["ytid", "start"], sort=False, as_index=False)
        segments = grouped.agg({"end": "max", "labels": lambda labels: ";".join(dict.fromkeys(labels))})
    return segments[["ytid", "start", "end", "labels"]]


def _seconds(path, table: pd.DataFrame, form: Form, name: str) -> np.ndarray | float:
    """The column of a time; of a list that lacks it, what its form means."""
    column = getattr(form, name)
    if column is None:
        if name == "start":
            return 0.0
        return table[form.start].astype(float).to_numpy() + SECONDS if form.start else np.nan
    numbers = pd.to_numeric(table[column], errors="coerce")
    bad = table[~np.isfinite(numbers) | (numbers < 0)]
    if len(bad):
        raise C3Error(
            f"{path}: segment {bad[form.id].iloc[0]} has the {name} {bad[column].iloc[0]!r}; "
            "allowed are seconds from 0 on."
        )
    return numbers.astype(float).to_numpy()


def _stem(name: str) -> str:
    """A file name without its folders and the ending of a media file."""
    name = name.replace("\\", "/").rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return stem if ending.lower() in EXTENSIONS else name


def _text(path: str | Path) -> pd.DataFrame:
    """Text with commas, tabs or `&` between fields, or JSON; comments, of which one may be the header, stand before."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = []
        for line in file:
            lines.append(line)
            if not line.startswith("#"):
                break
        rest = file.read()
    comments, first = [line for line in lines if line.startswith("#")], (lines or [""])[-1]
    if first.lstrip().startswith("{"):
        return _json(first + rest)
    separator = next((each for each in "\t&" if each in first), ",")
    header = next((line for line in (*comments, first) if _known(_fields(line, separator))), None)
    if header is not None:
        fields, body = _fields(header, separator), rest if header is first else first + rest
    else:
        fields, is_one = HEADERS.get(separator, (None, None))
        row = _fields(first, separator)
        if fields is None or first.startswith("#") or len(row) != len(fields) or not is_one(row):
            header = (comments or [first])[-1].rstrip("\r\n")
            return _named(pd.DataFrame(), header)
        body = first + rest
    extra = [f"#{number}" for number in range(8)]  # some copies end their rows in commas
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # else columns too many are left out
            table = pd.read_csv(
                io.StringIO(body),
                sep=separator,
                names=[*fields, *extra],
                dtype=str,
                keep_default_na=False,
                skipinitialspace=True,
                index_col=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise C3Error(f"{path} has a row of more than {len(fields)} columns: {error}") from None
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=fields, dtype=str)
    table = table.fillna("")
    longer = (table[extra].apply(lambda column: column.str.strip()) != "").any(axis=1)
    if longer.any():
        row = int(np.flatnonzero(longer)[0])
        raise C3Error(f"{path} has a row of more than {len(fields)} columns: number {row + 1} after the header.")
    return table[fields]


def _named(table: pd.DataFrame, header: str) -> pd.DataFrame:
    table.attrs["header"] = header
    return table


def _fields(line: str, separator: str) -> list[str]:
    row = next(csv.reader([line.lstrip("# ")], delimiter=separator, skipinitialspace=True), [])
    return [field.strip() for field in row]


def _known(fields: list[str]) -> bool:
    return any({form.id, form.labels} <= set(fields) for form in FORMS)


def _json(text: str) -> pd.DataFrame:
    """AST's: {"data": [{"video_id", "wav", "labels"}]}."""
    values = json.loads(text)
    rows = values.get("data") if isinstance(values, dict) else None
    return pd.DataFrame(rows, dtype=str) if rows else _named(pd.DataFrame(), text.partition("\n")[0])


def _parquet(path: str | Path) -> pd.DataFrame:
    """A table of a data hub without its sound; lists of labels become text. SONYC-UST has a column of numbers from -1
    to 1 for each class; a clip without any class is left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    fields = file.schema_arrow
    light = [field.name for field in fields if not pa.types.is_struct(field.type)]
    table = file.read(light).to_pandas()
    sounds = [field.name for field in fields if pa.types.is_struct(field.type)]
    classes = [field.name for field in fields if pa.types.is_floating(field.type)]
    if sounds and classes and not _known(light):
        labels = [";".join(np.array(classes)[row >= MAJORITY]) for row in table[classes].to_numpy()]
        paths = file.read([f"{sounds[0]}.path"])[sounds[0]].combine_chunks().field("path").to_pylist()
        table = pd.DataFrame({"filename": paths, "labels": labels}, dtype=str)
        return table[table["labels"] != ""]
    return table.map(lambda value: ";".join(map(str, value)) if isinstance(value, np.ndarray) else str(value))


def _hdf5(path: str | Path) -> pd.DataFrame:
    """`audio_name` and `target`, one bool or bit for each class in the order of the class labels; no empty rows."""
    import h5py

    with h5py.File(path) as file:
        if not {"audio_name", "target"} <= set(file):
            return pd.DataFrame(columns=list(file))
        audio_names = [name.decode() if isinstance(name, bytes) else name for name in file["audio_name"][:]]
        packed, target = "mp3" in file, file["target"][:]
    hot = np.unpackbits(target, axis=1) if packed else target.astype(bool)
    labels = [";".join(map(str, np.flatnonzero(row))) for row in hot]
    table = pd.DataFrame({"audio_name": audio_names, "target": labels}, dtype=str)
    return table[table["audio_name"] != ""]


def _tar(path: str | Path) -> pd.DataFrame:
    """The JSON beside each sound of a WebDataset; labels under `tag` or `tags`."""
    rows = []
    with tarfile.open(path, "r:") as archive:
        for entry in archive:
            if entry.isfile() and entry.name.endswith(".json"):
                values = json.load(archive.extractfile(entry))
                tags = next((values[name] for name in TAGS if values.get(name)), [])
                text = tags if isinstance(tags, str) else ";".join(tags)
                rows.append((entry.name.removesuffix(".json"), text))
    return pd.DataFrame(rows, columns=["key", "tags"], dtype=str)


READERS = {".parquet": _parquet, ".h5": _hdf5, ".hdf5": _hdf5, ".hdf": _hdf5, ".tar": _tar}
