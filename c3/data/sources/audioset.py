"""AudioSet's own formats: segment CSVs, class labels, and media files named by YouTube id.

Every source of segments ends here: simulated and collaged data are written in these formats too.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from c3.data import manifest as manifests
from c3.data import packs
from c3.data.media import Quarantined
from c3.data.probe import probe
from c3.data.sources import lists, names
from c3.data.sources.classes import chosen_classes, read_class_labels, read_ontology, resolved, sampled
from c3.data.sources.files import VIDEO_EXTENSIONS, check_found, find_packed
from c3.data.sources.lists import SEGMENT_COLUMNS
from c3.errors import C3Error
from c3.progress import progress

SPEAK_FOR_ALL = 8
"""members of a pack whose length is looked up: what made a pack cut all of them or none"""
NOT_CHOSEN = "not in audioset.classes or audioset.sample"
"""why a file of a listed segment is ignored"""


def read_segments(path: str | Path, known: pd.DataFrame | None = None, split: str | None = None) -> pd.DataFrame:
    """A list of segments (:mod:`c3.data.sources.lists`): ytid, start, end (float seconds), labels (lists).

    known: label and name of all classes, of which labels are MIDs, names or indices; None: labels are not checked.
    """
    segments = lists.read(path, split)
    if known is None:
        segments["labels"] = [[part.strip(' "') for part in text.split(",")] for text in segments["labels"]]
    else:
        segments["labels"] = resolved(segments, known, path)
    return segments


def write_segments(path: str | Path, segments: pd.DataFrame) -> None:
    """Write ytid, start, end, labels as AudioSet does."""
    labels = segments["labels"].explode()
    lines = [
        f"# num_ytids={segments.ytid.nunique()}, num_segs={len(segments)}, "
        f"num_unique_labels={labels.nunique()}, num_positive_labels={len(labels)}",
        f"# {', '.join(SEGMENT_COLUMNS)}",
    ]
    lines.extend(
        f'{row.ytid}, {row.start:.3f}, {row.end:.3f}, "{",".join(row.labels)}"' for row in segments.itertuples()
    )
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_ytid(*parts) -> str:
    """An id of 11 characters, as YouTube's, that follows from ``parts`` and tells nothing about them."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def write_class_labels(path: str | Path, classes: pd.DataFrame) -> None:
    """Write label, name as class_labels_indices.csv."""
    table = pd.DataFrame({"index": range(len(classes)), "mid": classes["label"], "display_name": classes["name"]})
    table.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)


class Found(NamedTuple):
    """What :func:`manifest` makes of lists and media."""

    table: pd.DataFrame
    """the manifest: the segments that have a media file, sorted by segment_id"""
    classes: pd.DataFrame
    """label and name of the classes that occur in it"""
    missing: pd.DataFrame
    """segment_id, path, reason"""
    files: pd.DataFrame
    """path and ignored (why, if so) of all files below the folder of media, and of the members of packs"""
    counts: str
    """what was found, in lines for people"""


def manifest(
    train: Sequence[str | Path],
    evaluation: Sequence[str | Path],
    class_labels: str | Path,
    media: str | Path,
    validation_share: float,
    seed: int,
    ontology: str | Path | None = None,
    classes: Sequence[str] = (),
    sample: int | None = None,
) -> Found:
    """The manifest of AudioSet's lists and the media that are there.

    A recording in training and in evaluation is left out of training. ``ontology``, ``classes`` and ``sample`` are keys
    of the section audioset. Raises :class:`C3Error` for an unreadable list, an unknown label, or no media at all.
    """
    known = read_class_labels(class_labels)
    parts = [
        read_segments(path, known, split).assign(split=split)
        for split, paths in (("train", train), ("evaluation", evaluation))
        for path in paths
    ]
    segments = pd.concat(parts, ignore_index=True)
    segments["segment_id"] = segments["ytid"] + "_" + segments["start"].map("{:.12g}".format)
    segments["recording_id"] = segments["ytid"]
    evaluated = set(segments.loc[segments["split"] == "evaluation", "recording_id"])
    leaks = (segments["split"] == "train") & segments["recording_id"].isin(evaluated)
    listed, segments = len(segments), segments[~leaks].reset_index(drop=True)
    manifests.validate(segments, ", ".join(map(str, [*train, *evaluation])))
    below = find_packed(media)
    check_found(below, media)
    files = below[below["ignored"] == ""].reset_index(drop=True)
    segments["alone"] = ~segments["ytid"].duplicated(keep=False)
    segments, of_file = names.match(segments, files)
    if segments["path"].isna().all():
        raise C3Error(
            f"No media found in {media} for {len(segments)} segments ({len(files)} files of other names, "
            f"such as {files.path.iloc[0]}); allowed are {', '.join(form.name for form in names.FORMS)}, each with or "
            "without Y before the id."
        )
    matched, asked = segments["path"].dropna(), np.ones(len(segments), bool)
    if classes:
        chosen = chosen_classes(classes, known, read_ontology(ontology) if ontology else {})
        segments["labels"] = [[label for label in labels if label in chosen] for labels in segments["labels"]]
        asked = segments["labels"].str.len().to_numpy() > 0
    segments = place(segments[asked].reset_index(drop=True))
    there = segments["media_start"].notna()
    counts = told(segments, files, of_file, listed, int(leaks.sum()))
    table = segments[there].copy()
    if sample:
        table = sampled(table, sample, seed)
        counts += f"\n{len(table):,} of them are taken (audioset.sample)"
    table["audio_path"] = table["path"]
    table["video_path"] = table["path"].where(table["extension"].isin(VIDEO_EXTENSIONS), None)
    manifests.hold_out(table, validation_share, seed)
    table = table[manifests.COLUMNS].sort_values("segment_id", ignore_index=True)
    missing = lacking(segments, files, of_file)
    spare = set(matched) - {*table["audio_path"], *missing["path"]}
    below.loc[below["path"].isin(spare), "ignored"] = NOT_CHOSEN
    occurring = set(table["labels"].explode())
    occurring = known[known["label"].isin(occurring)].reset_index(drop=True)
    return Found(table, occurring, missing, below[["path", "ignored"]], counts)


def place(segments: pd.DataFrame) -> pd.DataFrame:
    """Where each matched segment begins in its file, media_start (NaN: not in it), and the end that a list left open.

    A name that has the start says that the file begins there. Else the length of the file says whether it is the whole
    recording or the segment cut out of it (:func:`c3.data.sources.names.placed`); it is looked up where that matters.
    """
    found, open_end = segments["path"].notna(), segments["end"].isna()
    whole = found & ~segments["clip"]
    length_of = lengths(segments["path"][(whole & (segments["start"] > 0)) | (found & open_end)].unique())
    seconds = segments["path"].map(length_of).astype(float)
    segments["end"] = segments["end"].fillna(segments["start"] + seconds).fillna(segments["start"] + lists.SECONDS)
    begins = names.placed(
        *(np.asarray(each, float) for each in (segments["start"], segments["end"], seconds)), segments["alone"]
    )
    segments["media_start"] = np.where(segments["clip"], 0.0, begins)
    segments.loc[~found, "media_start"] = np.nan
    return segments


def lengths(paths: Sequence[str]) -> dict[str, float]:
    """Seconds that the header of each file announces; what cannot be read, or does not say, is not in it.

    Of a pack a few members are looked at, as bytes have to be read for each: if none is longer than a segment, it
    is taken that all are as long as the longest.
    """
    found, packed = {}, {}
    for path in progress(paths, "lengths of media"):
        pack = packs.pack_of(path)
        if pack != path and len(packed.get(pack, ())) >= SPEAK_FOR_ALL and max(packed[pack]) <= lists.SECONDS + 1:
            found[path] = max(packed[pack])
            continue
        with contextlib.suppress(Quarantined):
            seconds = probe(path)[0]
            if seconds > 0:
                found[path] = seconds
                packed.setdefault(pack, []).append(seconds)
    return found


def lacking(segments: pd.DataFrame, files: pd.DataFrame, of_file: pd.DataFrame) -> pd.DataFrame:
    """The segments that no file holds and the files that hold no segment: segment_id, path, reason."""
    without = segments[segments["media_start"].isna()]
    reasons = np.where(without["path"].isna(), "missing", "out of range")
    unused = files["path"][~of_file["used"]]
    parts = [
        pd.DataFrame({"segment_id": without["segment_id"], "path": without["path"].fillna(""), "reason": reasons}),
        pd.DataFrame({"segment_id": "", "path": unused, "reason": "wrongly named"}),
    ]
    return pd.concat(parts, ignore_index=True).sort_values(["segment_id", "path"], ignore_index=True)


def told(segments: pd.DataFrame, files: pd.DataFrame, of_file: pd.DataFrame, listed: int, leaks: int) -> str:
    """What was found, matched, missing and out of range, by the form of the names, in lines."""
    there = segments["media_start"].notna()
    lines = [f"{'media, by the form of their names':36}{'found':>10}{'matched':>10}{'out of range':>14}"]
    for form in [form.name for form in names.FORMS if (of_file["form"] == form.name).any()]:
        of_form = segments["form"] == form
        outside = (of_form & ~there).sum() + ((of_file["form"] == form) & ~of_file["used"]).sum()
        numbers = [(of_file["form"] == form).sum(), (of_form & there).sum(), outside]
        lines.append(f"{form:36}{numbers[0]:>10,}{numbers[1]:>10,}{numbers[2]:>14,}")
    if others := of_file["form"].isna().sum():
        lines.append(f"{'of no recording in the lists':36}{others:>10,}")
    lines.append(
        f"segments: {listed:,} listed, {there.sum():,} with media, {segments['path'].isna().sum():,} missing, "
        f"{(segments['path'].notna() & ~there).sum():,} out of range"
    )
    if leaks:
        lines.append(f"{leaks:,} segments of recordings that stand in evaluation too are left out of training")
    return "\n".join(lines)
