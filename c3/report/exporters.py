"""What is recognised as the tables of other programs: Raven, Audacity, BirdNET-Analyzer, Label Studio.

In each, a row is a segment in which a class is at least as likely as :data:`THRESHOLD`; a segment may have several.
``found`` is what :func:`detections` gives of the segments of one recording, so that of many recordings one at a time is
in memory.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd

from c3.labels.recordings import safe, unique

THRESHOLD = 0.5
"""a class counts as heard in a segment from this probability on"""
CLIPS = 20
"""so many of the surest segments of a class are written as sounds"""
SEGMENT_COLUMNS = ["segment_id", "file", "start", "end"]


class Recording(NamedTuple):
    """What other programs need to know of a recording."""

    path: str
    """as they are to open it"""
    name: str
    """below the folder of all recordings"""
    seconds: float
    sample_rate: int


def detections(segments: pd.DataFrame, threshold: float = THRESHOLD) -> pd.DataFrame:
    """What is heard where: file, start, end (s), label, confidence; in the order of the segments.

    segments: :data:`SEGMENT_COLUMNS`, and a column of probabilities per class.
    """
    probabilities = segments.drop(columns=SEGMENT_COLUMNS)
    rows, classes = np.nonzero(probabilities.to_numpy() >= threshold)
    return (
        segments[["file", "start", "end"]]
        .iloc[rows]
        .assign(label=probabilities.columns[classes], confidence=probabilities.to_numpy()[rows, classes])
        .reset_index(drop=True)
    )


def raven(found: pd.DataFrame, recording: Recording, first: int = 1, before: float = 0.0) -> pd.DataFrame:
    """A selection table of text.

    In a table of several recordings times run over all of them, as in Raven: ``first`` is the number of the first
    selection, and ``before`` the seconds of the recordings that stand before this one.
    """
    return pd.DataFrame(
        {
            "Selection": np.arange(first, first + len(found)).astype(str),
            "View": "Spectrogram 1",
            "Channel": "1",
            "Begin Time (s)": (before + found["start"]).map("{:.6f}".format),
            "End Time (s)": (before + found["end"]).map("{:.6f}".format),
            "Low Freq (Hz)": "0.0",
            "High Freq (Hz)": f"{recording.sample_rate / 2:.1f}",
            "Begin Path": recording.path,
            "File Offset (s)": found["start"].map("{:.6f}".format),
            "Annotation": found["label"],
            "Confidence": found["confidence"].map("{:.4f}".format),
        },
        dtype=str,
    )


def audacity(found: pd.DataFrame) -> pd.DataFrame:
    """The labels of a recording, text: start, end, label."""
    return pd.DataFrame(
        {
            "start": found["start"].map("{:.6f}".format),
            "end": found["end"].map("{:.6f}".format),
            "label": found["label"],
        },
        dtype=str,
    )


def tabbed(table: pd.DataFrame, header: bool = True) -> str:
    """Lines of text between tabs and without quotation marks, as Raven and Audacity want them."""
    rows = [list(table)] * header + table.to_numpy().tolist()
    return "".join("\t".join(re.sub(r"[\t\r\n]+", " ", cell) for cell in row) + "\n" for row in rows)


def birdnet(found: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """The results of BirdNET-Analyzer; a class has one name, which is its scientific name too.

    That program splits lines at commas without heed of quotation marks, so those in a name become semicolons.
    """
    name = found["label"].str.replace(",", ";")
    return pd.DataFrame(
        {
            "Start (s)": found["start"],
            "End (s)": found["end"],
            "Scientific name": name,
            "Common name": name,
            "Confidence": found["confidence"].map("{:.4f}".format),
            "File": recording.path,
        }
    )


def label_studio(found: pd.DataFrame, recording: Recording) -> dict:
    """A task with what is heard as a prediction, for an interface with Labels "labels" on Audio "audio".

    Sounds are local files below the folder of the recordings, where Label Studio's document root has to be.
    """
    result = [
        {
            "original_length": recording.seconds,
            "value": {"start": row.start, "end": row.end, "channel": 0, "labels": [row.label]},
            "score": row.confidence,
            "from_name": "labels",
            "to_name": "audio",
            "type": "labels",
        }
        for row in found.itertuples()
    ]
    sound = f"/data/local-files/?d={quote(recording.name)}"
    return {"data": {"audio": sound}, "predictions": [{"model_version": "c3", "result": result}]}


def surest(found: pd.DataFrame, most: int = CLIPS) -> pd.DataFrame:
    """The surest detections of each class, in any recordings; of two as sure the one that stands before."""
    return found.sort_values("confidence", ascending=False, kind="stable").groupby("label").head(most)


def clips(found: pd.DataFrame) -> pd.DataFrame:
    """The :func:`surest`, named as BirdNET-Analyzer names what it cuts out: adds a column ``clip``.

    A folder per class; in it the confidence, the place among the surest, the recording, start and end.
    """
    place = found.groupby("label").cumcount() + 1
    classes = found["label"].unique()
    folders = dict(zip(classes, unique(map(safe, classes)), strict=True))
    names = [
        f"{folders[row.label]}/{row.confidence:.3f}_{number}_{safe(PurePosixPath(row.file).stem)}"
        f"_{row.start:.2f}s_{row.end:.2f}s.wav"
        for row, number in zip(found.itertuples(), place, strict=True)
    ]
    return found.assign(clip=names).sort_values(["file", "start"], kind="stable", ignore_index=True)
