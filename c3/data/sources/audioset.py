"""AudioSet's own formats: segment CSVs, class labels, and media files named by YouTube id.

Every source of segments ends here: simulated and collaged data are written in these formats too.
"""

from __future__ import annotations

import csv
import hashlib
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from c3.data import manifest as manifests
from c3.data.sources.files import EXTENSIONS, VIDEO_EXTENSIONS, find_media
from c3.errors import C3Error

SEGMENT_COLUMNS = ["YTID", "start_seconds", "end_seconds", "positive_labels"]
LABEL_COLUMNS = ["index", "mid", "display_name"]


def read_segments(path: str | Path) -> pd.DataFrame:
    """A segment CSV: ytid, start, end (float seconds), labels (lists of MIDs), in the file's order.

    Leading comment lines, a header in a comment, blanks after commas and quoted label lists are AudioSet's
    own. Raises :class:`C3Error` for another header, an empty label list, or a value that is no time.
    """
    header, skipped = None, 0
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            for line in file:
                names = [name.strip() for name in line.lstrip("# ").split(",")]
                if not line.startswith("#") and names != SEGMENT_COLUMNS:
                    break
                header, skipped = names, skipped + 1
                if names == SEGMENT_COLUMNS:
                    break
    except (OSError, UnicodeDecodeError):
        raise C3Error(f"{path} cannot be read; allowed is a segment CSV of AudioSet.") from None
    if header != SEGMENT_COLUMNS:
        raise C3Error(f"{path} has the header {_first_line(path)!r}; allowed is '# {', '.join(SEGMENT_COLUMNS)}'.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # else columns too many are left out
            table = pd.read_csv(
                path,
                skiprows=skipped,
                names=["ytid", "start", "end", "labels"],
                dtype=str,
                keep_default_na=False,
                skipinitialspace=True,
                encoding="utf-8-sig",
                index_col=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise C3Error(f"{path} has a row of more than {len(SEGMENT_COLUMNS)} columns: {error}") from None
    table["ytid"] = table["ytid"].str.strip()
    for column in ("start", "end"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        bad = table[~np.isfinite(numbers) | (numbers < 0)]
        if len(bad):
            raise C3Error(
                f"{path}: segment {bad.ytid.iloc[0]} has the {column} {bad[column].iloc[0]!r}; "
                "allowed are seconds from 0 on."
            )
        table[column] = numbers.astype(float)
    unlabelled = table["labels"].str.strip(", ") == ""
    if unlabelled.any():
        raise C3Error(
            f"{path}: segment {table.ytid[unlabelled].iloc[0]} has an empty label list; "
            "allowed is one label or more, separated by commas."
        )
    table["labels"] = table["labels"].str.replace(" ", "").str.strip(",").str.split(",")
    return table


def _first_line(path: str | Path) -> str:
    """The last leading comment, or else the first line: what stands where the header should."""
    with open(path, encoding="utf-8-sig") as file:
        first = last = file.readline().rstrip("\n")
        while last.startswith("#"):
            first, last = last, file.readline().rstrip("\n")
    return first


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


def read_class_labels(path: str | Path) -> pd.DataFrame:
    """class_labels_indices.csv: label (MID) and name, in the file's order.

    Raises :class:`C3Error` for another header.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise C3Error(f"{path} cannot be read; allowed is class_labels_indices.csv of AudioSet.") from None
    if list(table.columns) != LABEL_COLUMNS:
        raise C3Error(f"{path} has the header {','.join(table.columns)!r}; allowed is '{','.join(LABEL_COLUMNS)}'.")
    return table.rename(columns={"mid": "label", "display_name": "name"})[["label", "name"]]


def write_class_labels(path: str | Path, classes: pd.DataFrame) -> None:
    """Write label, name as class_labels_indices.csv."""
    table = pd.DataFrame({"index": range(len(classes)), "mid": classes["label"], "display_name": classes["name"]})
    table.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)


def match_media(segments: pd.DataFrame, files: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The media file of each segment.

    ``segments`` has ytid and start, ``files`` comes from :func:`find_media`. A file is named `YTID_start`
    (a clip that begins with the segment; the start in seconds or milliseconds) or `YTID` (the whole
    recording), either with or without a leading `Y`; clips go before recordings, video before sound.
    Returns a table like ``segments`` with path (None where there is none), extension and clip (bool), and a
    mask over ``files``: which of them belong to a segment.
    """
    names = []
    preference = files["extension"].map({extension: i for i, extension in enumerate(EXTENSIONS)})
    for prefixed in (False, True):
        stems = files["stem"].where(files["stem"].str.startswith("Y"), "").str[1:] if prefixed else files["stem"]
        clips = stems.str.extract(r"^(?P<ytid>.+)_(?P<start>\d+(?:\.\d+)?)$")
        number = pd.to_numeric(clips["start"])
        whole_number = ~clips["start"].fillna(".").str.contains(".", regex=False)
        for rank, (ytid, start) in enumerate(
            [
                (clips["ytid"], (number * 1000).round()),
                (clips["ytid"].where(whole_number), number),
                (stems, pd.Series(-1.0, index=files.index)),
            ]
        ):
            table = pd.DataFrame({"ytid": ytid, "milliseconds": start, "file": np.arange(len(files))})
            table["rank"] = rank * 2 + prefixed
            names.append(table[table["ytid"].notna() & (table["ytid"] != "")])
    names = pd.concat(names, ignore_index=True)
    names["preference"] = preference.to_numpy()[names["file"]]
    names = names[names["ytid"].isin(segments["ytid"].unique())]
    wanted = pd.DataFrame({"ytid": segments["ytid"].to_numpy(), "segment": np.arange(len(segments))})
    wanted["milliseconds"] = (segments["start"].to_numpy() * 1000).round()
    clips = wanted.merge(names[names["milliseconds"] >= 0], on=["ytid", "milliseconds"])
    wholes = wanted.drop(columns="milliseconds").merge(names[names["milliseconds"] < 0], on="ytid")
    found = pd.concat([clips, wholes], ignore_index=True)
    used = np.zeros(len(files), bool)
    used[found["file"]] = True
    best = found.sort_values(["segment", "rank", "preference", "file"]).drop_duplicates("segment").set_index("segment")
    best = best.reindex(range(len(segments)))
    matched = segments.reset_index(drop=True).copy()
    chosen = files.reindex(best["file"].fillna(-1).astype(int)).reset_index(drop=True)
    matched["path"] = chosen["path"].astype(object).where(chosen["path"].notna(), None)
    matched["extension"] = chosen["extension"]
    matched["clip"] = (best["milliseconds"] >= 0).to_numpy()
    return matched, used


def manifest(
    train: Sequence[str | Path],
    evaluation: Sequence[str | Path],
    class_labels: str | Path,
    media: str | Path,
    validation_share: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The manifest, its classes (label, name) and what is missing (segment_id, path, reason).

    The manifest holds the segments that have a media file, sorted by segment_id. Raises :class:`C3Error` for
    an unreadable CSV, an unknown MID, no media at all, a recording in training and in evaluation.
    """
    known = read_class_labels(class_labels)
    parts = []
    for split, paths in (("train", train), ("evaluation", evaluation)):
        for path in paths:
            segments = read_segments(path)
            labels = segments["labels"].explode()
            unknown = labels[~labels.isin(known["label"])]
            if len(unknown):
                raise C3Error(
                    f"{path}: segment {segments.ytid[unknown.index[0]]} has the unknown label "
                    f"{unknown.iloc[0]!r}; allowed are the MIDs of {class_labels}."
                )
            parts.append(segments.assign(split=split))
    segments = pd.concat(parts, ignore_index=True)
    segments["segment_id"] = segments["ytid"] + "_" + segments["start"].map("{:.12g}".format)
    segments["recording_id"] = segments["ytid"]
    manifests.validate(segments, ", ".join(map(str, [*train, *evaluation])))
    files = find_media(media)
    segments, used = match_media(segments, files)
    found = segments["path"].notna()
    if not found.any():
        raise C3Error(
            f"No media found in {media} for {len(segments)} segments ({len(files)} files of other names, "
            f"such as {files.path.iloc[0]}); allowed are YTID.*, YYTID.* and YTID_start.*."
        )
    missing = pd.concat(
        [
            pd.DataFrame({"segment_id": segments["segment_id"][~found], "path": "", "reason": "missing"}),
            pd.DataFrame({"segment_id": "", "path": files["path"][~used], "reason": "wrongly named"}),
        ],
        ignore_index=True,
    ).sort_values(["segment_id", "path"], ignore_index=True)
    table = segments[found].copy()
    table["audio_path"] = table["path"]
    table["video_path"] = table["path"].where(table["extension"].isin(VIDEO_EXTENSIONS), None)
    table["media_start"] = table["start"].where(~table["clip"], 0.0)
    manifests.hold_out(table, validation_share, seed)
    table = table[manifests.COLUMNS].sort_values("segment_id", ignore_index=True)
    occurring = set(table["labels"].explode())
    return table, known[known["label"].isin(occurring)].reset_index(drop=True), missing
