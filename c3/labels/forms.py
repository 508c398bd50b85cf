"""The forms that answers come in: sheets as spreadsheets save them, and the tables of other programs.

A form is known by its content, not by its name. A sheet is about segments; all other forms hold events, with times.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pandas as pd

from c3.errors import C3Error

ALLOWED = (
    "allowed is a CSV table with segment_id and labels, a Raven selection table, Audacity's labels or an export of"
    " Label Studio as JSON"
)
RAVEN_LABELS = ("species", "annotation", "common name")
RAVEN_OWN = ("selection", "view", "channel", "confidence", "low freq", "high freq", "begin ", "end ", "file offset")
"""how the names of columns begin that Raven itself fills in, or BirdNET-Analyzer with a number"""


class Event(NamedTuple):
    """Something heard: where its table says so, in which recording (a path or its end), start and end in it (s)."""

    where: str
    recording: str
    start: float
    end: float
    label: str


def read(path: str | Path) -> pd.DataFrame | list[Event]:
    """A sheet as a table of text, its index the row in a spreadsheet; or the events of another program's table.

    :class:`C3Error` for a file that is neither.
    """
    try:
        content = Path(path).read_bytes()
    except OSError:
        raise C3Error(f"{path} cannot be read; {ALLOWED}.") from None
    if content.startswith(b"PK"):
        table = _workbook(path, content)
    else:
        text = _text(path, content)
        if text.lstrip()[:1] in ("[", "{"):
            return list(_label_studio(path, text))
        if _is_audacity(path, text):
            return list(_audacity(path, text))
        table = _table(path, text)
    if {"begin time (s)", "end time (s)"} <= set(table):
        return list(_raven(path, table))
    for column in ("segment_id", "labels"):
        if column not in table:
            raise C3Error(f"{path} has no column {column}; {ALLOWED}.")
    return table


def _text(path: str | Path, content: bytes) -> str:
    """UTF-8, or UTF-16 as Excel's "Unicode text", or what Windows uses in the west (cp1252)."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise C3Error(f"{path} cannot be read as text; {ALLOWED}.")


def _lines(text: str) -> list[str]:
    """Not by splitlines, which also splits at characters that may stand in a name."""
    return re.split(r"\r\n|\r|\n", text)


def _table(path: str | Path, text: str) -> pd.DataFrame:
    """Cells between commas, semicolons or tabs, whichever the header has most of."""
    header = next((line for line in _lines(text) if line.strip()), "")
    # Raven does not use quotation marks, so that one may stand alone in a name.
    quoting = csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL
    separator = max(",;\t", key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting))
    except csv.Error:
        rows = []
    return _framed(path, rows)


def _workbook(path: str | Path, content: bytes) -> pd.DataFrame:
    """The first sheet of an Excel workbook."""
    try:
        table = pd.read_excel(io.BytesIO(content), header=None, dtype=str, keep_default_na=False, engine="openpyxl")
    except ImportError:
        raise C3Error(
            f"{path} is an Excel workbook, which needs the package openpyxl (pip install openpyxl); allowed without it"
            " is the same table saved as CSV."
        ) from None
    except Exception:  # openpyxl raises whatever it stumbles over
        raise C3Error(f"{path} cannot be read; {ALLOWED}.") from None
    return _framed(path, table.to_numpy().tolist())


def _framed(path: str | Path, rows: list[list[str]]) -> pd.DataFrame:
    """Rows of cells as a table; the first that is not empty names the columns, in small letters."""
    first = next((number for number, row in enumerate(rows) if any(map(str.strip, row))), None)
    if first is None:
        raise C3Error(f"{path} cannot be read; {ALLOWED}.")
    header = [name.strip().lower() for name in rows[first]]
    cells = {}
    for number, row in enumerate(rows[first + 1 :], start=first + 2):
        if any(cell.strip() for cell in row[len(header) :]):
            raise C3Error(
                f"{path}, row {number} has {len(row)} cells, and the header {len(header)}; allowed are as many (a label"
                " that holds what separates the cells stands in quotation marks)."
            )
        cells[number] = [*row, *[""] * (len(header) - len(row))][: len(header)]
    table = pd.DataFrame.from_dict(cells, orient="index", columns=header, dtype=object)
    return table.loc[:, ~table.columns.duplicated()]


def _raven(path: str | Path, table: pd.DataFrame) -> Iterator[Event]:
    """Selections; ``Begin Time (s)`` runs over all files of a table, ``File Offset (s)`` starts anew with each."""
    named = next((name for name in ("begin path", "begin file") if name in table and table[name].str.strip().any()), "")
    own = re.sub(r"(?i)(\.Table\.\d+)?(\.BirdNET\.selection\.table|\.selections)?\.[^.]+$", "", str(path))
    offset = "file offset (s)" if "file offset (s)" in table else "begin time (s)"
    if named and offset != "file offset (s)" and table[named].nunique() > 1:
        raise C3Error(
            f"{path} is about several recordings without saying where in them; allowed is a selection table with the"
            " column File Offset (s)."
        )
    column = _raven_labels(path, table) if len(table) else None
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        if row[column].strip().lower() not in ("", "nocall"):  # which BirdNET-Analyzer writes where it hears nothing
            where = f"{path}, row {number}"
            begin, end = _seconds(where, row["begin time (s)"]), _seconds(where, row["end time (s)"])
            start = _seconds(where, row[offset])
            yield _event(where, row[named] if named else own, start, start + end - begin, row[column])


def _raven_labels(path: str | Path, table: pd.DataFrame) -> str:
    """The column that says what is heard: one of the usual names, or the first with text that Raven does not fill."""
    for name in RAVEN_LABELS:
        if name in table and table[name].str.strip().any():
            return name
    for name in table:
        texts = [text for text in table[name].str.strip() if text and not _is_number(text)]
        if texts and not name.startswith(RAVEN_OWN):
            return name
    raise C3Error(f"{path} has no column that says what is heard; allowed is Species, Annotation or Common Name.")


def _is_audacity(path: str | Path, text: str) -> bool:
    """Whether the first line has two times and a name between tabs; of no line at all the file's ending tells."""
    lines = [line for line in _lines(text) if line.strip() and not line.startswith("\\")]
    if not lines:
        return str(path).lower().endswith(".txt")
    cells = lines[0].split("\t")
    return len(cells) > 1 and _is_number(cells[0]) and _is_number(cells[1])


def _audacity(path: str | Path, text: str) -> Iterator[Event]:
    r"""Labels of the recording that the file is named after; lines that begin with ``\`` are about frequencies."""
    own = str(path).removesuffix(Path(path).suffix)
    for number, line in enumerate(_lines(text), start=1):
        if line.strip() and not line.startswith("\\"):
            where, cells = f"{path}, line {number}", line.split("\t")
            if len(cells) < 2:
                raise C3Error(f"{where} is {line!r}; allowed are a start, an end and a label with tabs between.")
            if len(cells) > 2 and cells[2].strip():
                yield _event(where, own, _seconds(where, cells[0]), _seconds(where, cells[1]), cells[2])


def _label_studio(path: str | Path, text: str) -> Iterator[Event]:
    """What people have marked; not predictions, nor what they skipped. Regions of the small form (JSON-MIN) too."""
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError):
        raise C3Error(f"{path} is no JSON; {ALLOWED}.") from None
    for number, task in enumerate(tasks if isinstance(tasks, list) else [tasks], start=1):
        where = f"{path}, task {number}"
        try:
            regions = list(_regions(task))
        except (AttributeError, KeyError, TypeError):
            raise C3Error(f"{where} is not a task of Label Studio; {ALLOWED}.") from None
        for source, region in regions:
            start, end = (_seconds(where, region.get(name)) for name in ("start", "end"))
            for label in region["labels"]:
                yield _event(where, _address(source), start, end, str(label))


def _regions(task: dict) -> Iterator[tuple[str, dict]]:
    """Of a task the regions that have labels (start, end, labels), each with the address of its recording."""
    data = task.get("data", task)
    address = data.get("audio") or next((each for each in data.values() if isinstance(each, str) and "/" in each), "")
    for annotation in task.get("annotations", []):
        if not annotation.get("was_cancelled"):
            for result in annotation["result"]:
                if "labels" in result["value"]:
                    yield str(data.get(result.get("source", "").removeprefix("$"), address)), result["value"]
    if "data" not in task:  # the small form: each tag of the interface is a key, and regions are a list
        for regions in filter(lambda value: isinstance(value, list), task.values()):
            yield from ((address, region) for region in regions if "labels" in region)


def _address(address: str) -> str:
    """The path that an address of Label Studio holds: of a local file, or of an upload without its random beginning."""
    if "?d=" in address:
        return unquote(address.split("?d=", 1)[1])
    if "/data/upload/" in address:
        return re.sub(r"^[0-9a-f]{8}-", "", unquote(address).rpartition("/")[2])
    return unquote(urlsplit(address).path) if "://" in address else address


def _event(where: str, recording: str, start: float, end: float, label: str) -> Event:
    if not 0 <= start <= end < float("inf"):
        raise C3Error(f"{where} is from {start:g} to {end:g} s; allowed is an end after the start, from 0 s on.")
    return Event(where, recording.strip(), start, end, label)


def _seconds(where: str, text: str | float | None) -> float:
    if not _is_number(text):
        raise C3Error(f"{where} has the time {text!r}; allowed are seconds, such as 12.5.")
    return float(str(text).replace(",", "."))


def _is_number(text: str | float | None) -> bool:
    try:
        float(str(text).replace(",", "."))
    except ValueError:
        return False
    return True
