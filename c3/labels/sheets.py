"""Sheets: tables of segments that a person listens to and fills in, and the labels in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from c3.data.manifest import places
from c3.errors import C3Error

SHEET_COLUMNS = ["sound", "segment_id", "file", "start", "end", "labels"]


def sheet(asked: pd.DataFrame, manifest: pd.DataFrame, answers: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """A sheet to be filled in by a person who listens: a row for each segment asked for, with empty labels.

    asked: a receipt; answers: labels that are there already, as :func:`read_sheets` gives them. Their segments are left
    out, and of the others as many come first as are asked for beyond those answered. Columns :data:`SHEET_COLUMNS`:
    ``sound`` is the name of a file with the segment's sound alone, start and end are seconds in ``file``.
    """
    left = max(len(asked) - len(answers), 0)
    asked = asked[~asked["segment_id"].isin(answers)].head(left)
    rows = places(manifest.set_index("segment_id").loc[asked["segment_id"]]).reset_index()
    return rows.assign(sound=[f"{number:04d}.wav" for number in asked["order"]], labels="")[SHEET_COLUMNS]


def read_sheet(path: str | Path) -> dict[str, tuple[str, ...]]:
    """segment_id → labels, of the rows of a sheet that are filled in; several labels are separated by ``|``.

    Columns may be separated by commas, semicolons or tabs, as spreadsheets write them. Raises :class:`C3Error` for a
    file that is no sheet, or a segment with different labels.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=separator)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise C3Error(f"{path} cannot be read; allowed is a CSV table with segment_id and labels.") from None
    for column in ("segment_id", "labels"):
        if column not in table:
            raise C3Error(f"{path} has no column {column}; allowed is a CSV table with segment_id and labels.")
    answers: dict[str, tuple[str, ...]] = {}
    for segment, text in zip(table["segment_id"], table["labels"], strict=True):
        labels = tuple(sorted({label.strip() for label in text.split("|")} - {""}))
        if labels:
            _agree(answers, segment, labels, path)
    return answers


def read_sheets(paths: Sequence[str | Path]) -> dict[str, tuple[str, ...]]:
    """As :func:`read_sheet`, of several; :class:`C3Error` also if none has a label."""
    answers: dict[str, tuple[str, ...]] = {}
    for path in paths:
        for segment, labels in read_sheet(path).items():
            _agree(answers, segment, labels, path)
    if not answers:
        raise C3Error(f"{', '.join(map(str, paths))}: no row has a label; allowed is at least one.")
    return answers


def _agree(answers: dict, segment: str, labels: tuple[str, ...], path: str | Path) -> None:
    if answers.setdefault(segment, labels) != labels:
        raise C3Error(
            f"{path}: segment {segment} has the labels {' | '.join(labels)!r}, and elsewhere"
            f" {' | '.join(answers[segment])!r}; allowed is the same everywhere."
        )


def answered(answers: dict[str, tuple[str, ...]], windows: pd.DataFrame) -> pd.DataFrame:
    """Weak labels (segment_id, window, labels) of the windows of the segments in ``answers``, in table order.

    windows: a window table. Raises :class:`C3Error` for a segment that is not among its training segments.
    """
    train = windows[windows["split"] == "train"]
    unknown = set(answers) - set(train["segment_id"])
    if unknown:
        raise C3Error(f"A sheet has a label for {min(unknown)}; allowed are segments of the split train.")
    weak = train.loc[train["segment_id"].isin(answers), ["segment_id", "window"]].reset_index(drop=True)
    return weak.assign(labels=[list(answers[segment]) for segment in weak["segment_id"]])
