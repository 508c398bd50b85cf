"""How downloaders name the media of AudioSet and its kin, and which file holds which segment.

A way to name files is a line of :data:`FORMS`. Ids may hold `-` and `_`, so that a name alone does not say where its id
ends: it is read in every way that it allows, and what remains is what the segments ask for.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from c3.data.sources.files import EXTENSIONS

ID = r"[\w-]{11}"
NUMBER = r"\d+(?:\.\d+)?"


class Form(NamedTuple):
    """A way to name files: what it is called, and a pattern on the name without its ending.

    The pattern has the group id, and of a clip that is cut to its segment start and perhaps end, in ``unit``
    milliseconds.
    """

    name: str
    pattern: str
    unit: int = 1000


FORMS = (  # the first that fits is taken: clips before recordings
    Form("<id>_<start>_<end> in s", rf"(?P<id>.+)_(?P<start>{NUMBER})[_-](?P<end>{NUMBER})"),
    Form("<id>_<start>_<end> in ms", r"(?P<id>.+)_(?P<start>\d+)_(?P<end>\d+)", unit=1),
    Form("<id>_<start> in s", rf"(?P<id>.+)_(?P<start>{NUMBER})"),
    Form("<id>_<start> in ms", r"(?P<id>.+)_(?P<start>\d+)", unit=1),
    Form("<id>", r"(?P<id>.+)"),
    Form("<title> [<id>]", rf".* \[(?P<id>{ID})\]"),
    Form("<title>-<id>", rf".+-(?P<id>{ID})"),
)
TOLERANCE = 500
"""milliseconds by which a clip may end before or after its segment"""


def split(stem: str) -> tuple[str, float, float]:
    """(id, start, end) in a file name without its ending, where no list of ids says how it is to be read.

    Only an id of 11 characters, with or without `Y` before it, may stand before a start; else the whole name is the id.
    Times are seconds, NaN where there is none.
    """
    for form in FORMS[:4]:
        found = re.fullmatch(form.pattern.replace(".+", f"Y?{ID}", 1), stem)
        if found:
            times = {name: float(value) * form.unit / 1000 for name, value in found.groupdict().items() if name != "id"}
            return without_y(found["id"]), times["start"], times.get("end", np.nan)
    return without_y(stem), np.nan, np.nan


def without_y(name: str) -> str:
    """An id without the `Y` that some tools put before it: ids really begin with `Y` too, so only of 12 characters."""
    return name[1:] if re.fullmatch(rf"Y{ID}", name) else name


def readings(files: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """All ways to read the names of ``files`` (column stem) in which the id is one of ``ids``.

    A row per reading: file and form (positions), ytid, start and end (milliseconds, NaN where the name has none).
    """
    found = []
    for number, form in enumerate(FORMS):
        parts = files["stem"].str.extract(rf"^{form.pattern}$")
        prefixed = parts["id"].str.fullmatch(rf"Y{ID}", na=False)
        for ids_read in (parts["id"], parts["id"].str[1:].where(prefixed)):
            rows = np.flatnonzero(ids_read.isin(ids))
            times = {
                name: (pd.to_numeric(parts[name].iloc[rows]) * form.unit).round().to_numpy()
                if name in parts
                else np.nan
                for name in ("start", "end")
            }
            found.append(pd.DataFrame({"file": rows, "form": number, "ytid": ids_read.iloc[rows].to_numpy(), **times}))
    return pd.concat(found, ignore_index=True).astype({"start": float, "end": float})


def match(segments: pd.DataFrame, files: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The media file of each segment.

    segments: ytid, start and end (seconds; end may be NaN); files: path, stem and extension, as
    :func:`c3.data.sources.files.find_media` lists them. Clips go before recordings, video before sound.

    Returns:
        A table like ``segments`` with path (None where there is none), extension, form (a name of :data:`FORMS`) and
        clip (bool: its name says that it begins with the segment); and a table with a row per file: form (the one that
        it was read by, None if no segment has its id) and used (bool: it holds a segment).
    """
    preference = files["extension"].map({extension: number for number, extension in enumerate(EXTENSIONS)}).to_numpy()
    read = readings(files, pd.Index(segments["ytid"].unique()))
    wanted = pd.DataFrame({"ytid": segments["ytid"].to_numpy(), "segment": np.arange(len(segments))})
    wanted["start"] = (segments["start"].to_numpy() * 1000).round()
    wanted["asked"] = segments["end"].to_numpy() * 1000
    is_clip = read["start"].notna()
    found = pd.concat(
        [
            wanted.merge(read[is_clip], on=["ytid", "start"]),
            wanted.drop(columns="start").merge(read[~is_clip], on="ytid"),
        ],
        ignore_index=True,
    )
    found["elsewhere"] = (found["end"] - found["asked"]).abs() > TOLERANCE
    found["preference"] = preference[found["file"]]
    order = ["segment", "elsewhere", "form", "preference", "file"]
    found = found.sort_values(order)
    forms = pd.concat([found, read.sort_values("form")])[["file", "form"]].drop_duplicates("file").set_index("file")
    of_file = pd.DataFrame({"form": pd.Series(forms["form"]).reindex(range(len(files)))})
    of_file["form"] = [None if np.isnan(number) else FORMS[int(number)].name for number in of_file["form"]]
    of_file["used"] = np.isin(np.arange(len(files)), found["file"])
    best = found.drop_duplicates("segment").set_index("segment").reindex(range(len(segments)))
    matched = segments.reset_index(drop=True).copy()
    chosen = files.reindex(best["file"].fillna(-1).astype(int)).reset_index(drop=True)
    matched["path"] = chosen["path"].astype(object).where(chosen["path"].notna(), None)
    matched["extension"] = chosen["extension"]
    matched["form"] = [None if np.isnan(number) else FORMS[int(number)].name for number in best["form"]]
    matched["clip"] = best["start"].notna().to_numpy() & best["file"].notna().to_numpy()
    matched["end"] = matched["end"].fillna(best["end"].reset_index(drop=True) / 1000)
    return matched, of_file


def placed(start: np.ndarray, end: np.ndarray, seconds: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Where a segment begins in a file whose name tells the recording only: seconds, NaN where it is not in it.

    start, end: of the segment in the recording; seconds: length of the file, NaN where unknown; alone: whether the
    lists have no other segment of the recording. A file that reaches to the end of the segment, or of unknown length,
    is the recording. A shorter one is the segment itself, cut out, if it is no longer than that; two segments of one
    recording cannot both be that.
    """
    slack = TOLERANCE / 1000
    whole = ~(seconds < end - slack)
    cut = ~whole & (seconds <= end - start + slack)
    begins = np.where(cut & alone, 0.0, start)
    return np.where(whole | (cut & alone) | (~cut & (seconds > start)), begins, np.nan)
