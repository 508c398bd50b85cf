"""Sheets: tables of segments that a person listens to and fills in, and the labels in them."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from c3.data.manifest import places
from c3.errors import C3Error
from c3.labels import forms
from c3.labels.recordings import Recordings

SHEET_COLUMNS = ["sound", "segment_id", "file", "start", "end", "labels"]
RESERVED = frozenset({"segment_id", "file", "start", "end"})
"""no names of classes, each of which has a column beside these in the table of what is recognised"""
UNSURE = "unsure"
"""stands in place of labels, or beside one, where somebody is not sure; small or large letters"""
MANGLED = re.compile(r"#[\w/]+[!?]?|Err:\d+|[-+]?\d+([.,]\d+)?[eE][-+]?\d+")
"""what spreadsheets make of an identifier that they take for a formula or a number"""


def sheet(asked: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """A sheet to be filled in by a person who listens: a row for each segment of a receipt that has no answer.

    asked: the receipt of a :class:`c3.labels.annotation.Person`. Columns :data:`SHEET_COLUMNS`: ``sound`` is the name
    of a file with the segment's sound alone, start and end are seconds in ``file``.
    """
    asked = asked[asked["labels"] == ""]
    rows = places(manifest.set_index("segment_id").loc[asked["segment_id"]]).reset_index()
    return rows.assign(sound=[f"{number:04d}.wav" for number in asked["order"]], labels="")[SHEET_COLUMNS]


class Answers(NamedTuple):
    """What people have said: segment_id → its labels; and the segments about which they were not sure, in order."""

    labels: dict[str, tuple[str, ...]]
    unsure: list[str]


def read_sheets(paths: Sequence[str | Path], manifest: pd.DataFrame | None = None) -> Answers:
    """What stands in sheets and in tables of other programs (:mod:`c3.labels.forms`).

    An event counts for the segments that it overlaps by half of the shorter of the two. Segments of a recording in
    which nothing is marked are not answered: nobody said that there is nothing. A cell that is empty or holds
    ``unsure`` is no answer. Names that differ in capitals, spaces or Unicode form count as one, which is told.

    Without a manifest, segments and recordings are not looked up, and events do not count. Raises :class:`C3Error`
    for what cannot be read, an unknown segment or recording, different labels of one segment, and no label at all.
    """
    answers, events = _read(paths, manifest)
    if not answers.labels and not (events and manifest is None):
        raise C3Error(f"{', '.join(map(str, paths))}: no row has a label; allowed is at least one.")
    return answers


def read_sheet(path: str | Path, manifest: pd.DataFrame | None = None) -> Answers:
    """As :func:`read_sheets`, of one that may have no label at all."""
    return _read([path], manifest)[0]


def _read(paths: Sequence[str | Path], manifest: pd.DataFrame | None) -> tuple[Answers, int]:
    """The answers, and how many events other programs have."""
    known = None if manifest is None else set(manifest["segment_id"])
    said: list[Said] = []
    events: list[forms.Event] = []
    for path in paths:
        table = forms.read(path)
        if isinstance(table, list):
            events += table
        else:
            said += _rows(path, table, known)
    if manifest is not None:
        said += _heard(events, manifest)
    return _agreed(said), len(events)


class Said(NamedTuple):
    """What stands somewhere about a segment: its labels as they are written."""

    where: str
    segment: str
    written: list[str]


def _agreed(said: list[Said]) -> Answers:
    """The answers; :class:`C3Error` for different labels of one segment."""
    spelling = _spelling([label for _, _, written in said for label in written])
    answers: dict[str, tuple[str, ...]] = {}
    for where, segment, written in said:
        labels = tuple(sorted({spelling[label] for label in written}))
        if taken := RESERVED.intersection(labels):
            raise C3Error(
                f"{where} has the label {min(taken)!r}; allowed are others than {', '.join(sorted(RESERVED))}."
            )
        if labels and UNSURE not in labels and answers.setdefault(segment, labels) != labels:
            raise C3Error(
                f"{where}: segment {segment} has the labels {' | '.join(labels)!r}, and elsewhere"
                f" {' | '.join(answers[segment])!r}; allowed is the same everywhere."
            )
    return Answers(answers, list(dict.fromkeys(each.segment for each in said if each.segment not in answers)))


def _rows(path: str | Path, table: pd.DataFrame, known: set[str] | None) -> Iterator[Said]:
    """The rows of a sheet about segments that are ``known``. An empty row may be about one that is no longer there."""
    for number, segment, text in zip(table.index, table["segment_id"], table["labels"], strict=True):
        where, written = f"{path}, row {number}", _labels(text)
        is_known = bool(segment.strip()) if known is None else segment in known
        mangled = MANGLED.fullmatch(segment.strip()) and not (known and is_known)
        if mangled or (written and not is_known):
            why = ", which a spreadsheet has made of another" if mangled else ""
            raise C3Error(f"{where} has the segment_id {segment!r}{why}; allowed are segments of the recordings.")
        if is_known:
            yield Said(where, segment, written)


def _labels(text: str) -> list[str]:
    """The labels in a cell, as they are written; spaces beside the separator do not count."""
    return [label for label in re.split(r"\s*\|\s*", text) if label.strip()]


def _heard(events: list[forms.Event], manifest: pd.DataFrame) -> list[Said]:
    """The segments in which events are, with the labels of all of them."""
    files = Recordings(manifest["audio_path"].unique())
    segments = {
        file: (table.index.to_numpy(), table["start"].to_numpy(), table["end"].to_numpy())
        for file, table in places(manifest.set_index("segment_id")).groupby("file")
    }
    heard: dict[str, tuple[str, list[str]]] = {}
    for event in events:
        found = files.find(event.recording)
        if len(found) != 1:
            several = f"which may be {' or '.join(found[:3])}" if found else "which is none of them"
            raise C3Error(
                f"{event.where} is about {event.recording or 'a recording without a name'}, {several}; allowed are the"
                " recordings below folder.root, by as much of their path as tells them apart."
            )
        ids, start, end = segments[found[0]]
        inside = ids[_overlap(event, start, end)]
        if not len(inside):
            _tell(f"{event.where}: {event.label!r} from {event.start:g} to {event.end:g} s lies in no segment.")
        for segment in inside:
            heard.setdefault(segment, (event.where, []))[1].extend(_labels(event.label))
    return [Said(where, segment, written) for segment, (where, written) in heard.items()]


def _overlap(event: forms.Event, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which segments (n,) share half of the shorter of the two with an event; a point lies in one: bool (n,)."""
    if event.start == event.end:
        return (start <= event.start) & (event.start < end)
    shared = np.minimum(end, event.end) - np.maximum(start, event.start)
    return shared >= np.minimum(end - start, event.end - event.start) / 2 - 1e-6  # s: tables round


def _spelling(written: list[str]) -> dict[str, str]:
    """Label as written → its name: of those that differ in capitals, spaces or Unicode form the most frequent."""
    names = {label: " ".join(unicodedata.normalize("NFC", label).split()) for label in written}
    alike: dict[str, Counter] = defaultdict(Counter)
    for label in written:
        alike[names[label].casefold()][names[label]] += 1
    chosen = {key: counts.most_common(1)[0][0] for key, counts in alike.items()}
    chosen[UNSURE] = UNSURE
    for key, name in chosen.items():
        different = [label for label in names if names[label].casefold() == key]
        if len(different) > 1 and key != UNSURE:
            _tell(f"The labels {', '.join(map(_shown, different))} count as one, {name!r}.")
    return {label: chosen[name.casefold()] for label, name in names.items()}


def _shown(label: str) -> str:
    """In quotation marks; an accent that is a character of its own, which looks like any other, by its number."""
    return repr(label) if unicodedata.is_normalized("NFC", label) else ascii(label)


def _tell(sentence: str) -> None:
    print(f"c3: {sentence}", file=sys.stderr)


def answered(answers: dict[str, tuple[str, ...]], windows: pd.DataFrame) -> pd.DataFrame:
    """Weak labels (segment_id, window, labels) of the windows of the segments in ``answers``, in table order.

    windows: a window table. Segments without a window, which are quarantined, are told: their labels teach nothing.
    """
    absent = sorted(set(answers) - set(windows["segment_id"]))
    if absent:
        _tell(f"{len(absent)} labelled segments cannot be used (see quarantine.csv), among them {absent[0]}.")
    weak = windows.loc[windows["segment_id"].isin(answers), ["segment_id", "window"]].reset_index(drop=True)
    return weak.assign(labels=[list(answers[segment]) for segment in weak["segment_id"]])
