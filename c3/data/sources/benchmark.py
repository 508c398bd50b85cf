"""Data sets that people compare models on, with official folds or an official split, read from their own tables.

A data set is a line of :data:`FORMS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from c3 import config
from c3.data import manifest as manifests
from c3.data.reading import UNREADABLE
from c3.data.sources.audioset import Found, lengths
from c3.data.sources.files import EXTENSIONS, check_found, find_packed
from c3.data.sources.lists import READERS, SECONDS
from c3.errors import C3Error


class Form(NamedTuple):
    """What the columns of a table are called."""

    whose: str
    file: str
    """name of the clip's file, with its ending or not"""
    recording: str
    """the Freesound id: clips cut out of one recording never stand on both sides"""
    labels: str
    """one label, or several with commas between"""
    clips: int
    """of the whole data set"""
    fold: str | None = None
    split: str | None = None
    """a column that says `val` of training clips that are held out"""


FORMS = (
    Form("ESC-50", "filename", "src_file", "category", 2_000, fold="fold"),
    Form("UrbanSound8K", "slice_file_name", "fsID", "class", 8_732, fold="fold"),
    Form("FSD50K", "fname", "fname", "labels", 51_197, split="split"),
)
HELD_OUT = "held out"


def form_of(path: str | Path) -> Form:
    """Whose table a file is; :class:`C3Error` if it is of none of :data:`FORMS`."""
    return _read(path)[0]


def read(path: str | Path) -> pd.DataFrame:
    """A table: stem (file name without ending), recording_id, labels (lists), fold (0 without), split (train or
    validation)."""
    form, table = _read(path)
    stems = table[form.file].map(lambda name: Path(name).stem if Path(name).suffix[1:] in EXTENSIONS else name)
    clips = pd.DataFrame({"stem": stems, "recording_id": table[form.recording], "split": "train", "fold": 0})
    clips["labels"] = [[label.strip() for label in text.split(",") if label.strip()] for text in table[form.labels]]
    if form.split in table:
        clips["split"] = np.where(table[form.split] == "val", "validation", "train")
    if form.fold:
        clips["fold"] = pd.to_numeric(table[form.fold], errors="coerce").fillna(0).astype(int)
    wrong = clips[(clips["labels"].str.len() == 0) | (clips["fold"] < (1 if form.fold else 0))]
    if len(wrong):
        row = wrong.iloc[0]
        raise C3Error(
            f"{path}: clip {row.stem} has the labels {row.labels} and the fold {row.fold}; allowed is one label or more"
            " and a fold from 1 on."
        )
    return clips


def manifest(section: config.Benchmark, validation_share: float, seed: int) -> Found:
    """The manifest of the clips that are there: one fold, or the evaluation tables, held out of all else.

    The held-out fold is the first of ``section.folds``. Where a table says which clips are for validation, they are,
    and no others. Raises :class:`C3Error` for a table of another form, and if what is held out, or all else, is not
    there.
    """
    parts = [read(path) for path in section.train]
    clips = pd.concat([*parts, *(read(path).assign(split="evaluation") for path in section.evaluation)])
    clips = clips.reset_index(drop=True)
    fold = next(iter(section.folds), None)
    if fold is not None:
        clips.loc[clips["fold"] == fold, "split"] = "evaluation"
    below = find_packed(section.media)
    check_found(below, section.media)
    files = below[below["ignored"] == ""].drop_duplicates("stem").set_index("stem")
    clips["segment_id"] = clips["stem"]
    clips["audio_path"] = clips["stem"].map(files["path"])
    there = clips["audio_path"].notna()
    _check_there(clips, there, section, fold)
    evaluated = set(clips.loc[clips["split"] == "evaluation", "recording_id"])
    leaks = (clips["split"] != "evaluation") & clips["recording_id"].isin(evaluated)
    table = clips[there & ~leaks].copy()
    length_of = lengths(table["audio_path"])
    table["start"] = table["media_start"] = 0.0
    table["end"] = table["audio_path"].map(length_of).astype(float).fillna(SECONDS)
    table["video_path"] = None
    if not (table["split"] == "validation").any():
        manifests.hold_out(table, validation_share, seed)
    table = table[manifests.COLUMNS].sort_values("segment_id", ignore_index=True)
    manifests.validate(table, ", ".join([*section.train, *section.evaluation]))
    labels = sorted(set(table["labels"].explode()))
    classes = pd.DataFrame({"label": labels, "name": [label.replace("_", " ") for label in labels]})
    unused = below[(below["ignored"] == "") & ~below["path"].isin(clips["audio_path"])]
    missing = [
        pd.DataFrame({"segment_id": clips.loc[~there, "segment_id"], "path": "", "reason": "missing"}),
        pd.DataFrame({"segment_id": "", "path": unused["path"], "reason": "wrongly named"}),
    ]
    missing = pd.concat(missing, ignore_index=True).sort_values(["segment_id", "path"], ignore_index=True)
    below.loc[below["path"].isin(clips.loc[leaks, "audio_path"]), "ignored"] = "its recording is held out"
    return Found(table, classes, missing, below[["path", "ignored"]], _told(clips, there, fold, int(leaks.sum())))


def _read(path: str | Path) -> tuple[Form, pd.DataFrame]:
    try:
        table = READERS.get(Path(path).suffix.lower(), _csv)(path)
    except UNREADABLE:
        raise C3Error(f"{path} cannot be read; allowed is a table of {', '.join(f.whose for f in FORMS)}.") from None
    for form in FORMS:
        if {form.file, form.recording, form.labels, form.fold} - {None} <= set(table):
            return form, table
    columns = "; ".join(
        ", ".join(filter(None, dict.fromkeys((*form[1:4], form.fold)))) + f" ({form.whose})" for form in FORMS
    )
    raise C3Error(f"{path} has the columns {', '.join(table)}; allowed are {columns}.")


def _csv(path: str | Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _check_there(clips: pd.DataFrame, there: pd.Series, section: config.Benchmark, fold: int | None) -> None:
    """:class:`C3Error` unless clips of both sides, the held-out one and the other, have media."""
    held_out = clips["split"] == "evaluation"
    if (there & held_out).any() and (there & ~held_out).any():
        return
    if fold is None:
        side = "evaluation" if (there & ~held_out).any() else "training"
        raise C3Error(f"{section.media} has no clip of the {side} part; allowed is one or more of both parts.")
    found = sorted(set(clips.loc[there, "fold"]))
    raise C3Error(
        f"benchmark.folds holds out fold {fold}, but {section.media} has clips of"
        f" {_folds(found) if found else 'none'}; allowed are folds that are there, if there are two or more."
    )


def _folds(numbers: list[int]) -> str:
    return f"fold{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _told(clips: pd.DataFrame, there: pd.Series, fold: int | None, leaks: int) -> str:
    """What is listed and what is there, by fold or part, in lines."""
    part = clips["fold"].map("fold {}".format) if fold is not None else clips["split"].str.replace("train", "training")
    lines = [f"{'':12}{'listed':>10}{'with media':>12}"]
    for name in sorted(part.unique(), key=lambda name: (len(name), name)):
        of_it = part == name
        mark = f"  {HELD_OUT}" if name in (f"fold {fold}", "evaluation") else ""
        lines.append(f"{name:12}{of_it.sum():>10,}{(of_it & there).sum():>12,}{mark}")
    if not there.all():
        lines.append(f"a part of the data: {there.sum():,} of {len(clips):,} clips; missing.csv lists the others")
    if leaks:
        lines.append(f"{leaks:,} clips of recordings that are held out too are left out of training")
    return "\n".join(lines)
