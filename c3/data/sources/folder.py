"""Own recordings: every media file below a folder, of any length and without labels, cut into segments."""

from __future__ import annotations

import os

import pandas as pd

from c3 import config
from c3.data import accounts, media
from c3.data import manifest as manifests
from c3.data.probe import probe
from c3.data.sources.files import check_found, find_files
from c3.progress import progress


def manifest(
    section: config.Folder, validation_share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The manifest, its classes (label, name: none), what is missing (segment_id, path, reason), and all files
    (accounts.FILE_COLUMNS).

    Each file, named by its path below ``section.root``, is a recording; a long one is several (:func:`parts`). All are
    of the split train, but for ``validation_share`` of them; what lies between the recordings of one file is of the
    split apart. A file without sound that can be found is missing. Raises :class:`C3Error` if there is no media file.
    """
    rows, missing, files = [], [], []
    length = max(_whole(section.recording_seconds, section.segment_seconds), 1)
    found = find_files(section.root)
    check_found(found, section.root)
    for path, ignored in progress(list(zip(found["path"], found["ignored"], strict=True)), "manifest"):
        if ignored:
            files.append((path, accounts.IGNORED, ignored, None, "", ""))
            continue
        name = os.path.relpath(path, section.root)
        try:
            version = accounts.version(path)
            sound = probe(path)
        except (OSError, media.Quarantined) as error:
            reason = getattr(error, "reason", "missing")
            missing.append((segment_id(name, 0), path, reason))
            files.append((path, accounts.MISSING, reason, None, "", ""))
            continue
        files.append((path, accounts.MANIFEST, "", round(sound.seconds, 3), version, sound.remark))
        pictures = path if sound.has_pictures else None
        segments = cut(sound.seconds, section.segment_seconds)
        for (start, end), (part, split) in zip(segments, parts(len(segments), length), strict=True):
            rows.append((segment_id(name, start), f"{name}{part}", path, pictures, start, end, start, [], split))
    table = pd.DataFrame(rows, columns=manifests.COLUMNS)
    manifests.hold_out(table, validation_share, seed)
    return (
        table.sort_values("segment_id", ignore_index=True),
        pd.DataFrame(columns=["label", "name"]),
        pd.DataFrame(missing, columns=["segment_id", "path", "reason"]),
        pd.DataFrame(files, columns=accounts.FILE_COLUMNS).astype({"seconds": float}),
    )


def segment_id(name: str, start: float) -> str:
    """What the segment of a file is called that starts at ``start`` s."""
    return f"{name}_{start:.12g}"


def cut(seconds: float, length: float) -> list[tuple[float, float]]:
    """(start, end) in seconds of the segments of a recording, each of ``length``.

    What is left at the end is a segment too if it is at least half of one, or all there is.
    """
    whole = _whole(seconds, length)
    segments = [(number * length, (number + 1) * length) for number in range(whole)]
    left = seconds - whole * length
    if left >= length / 2 or (not whole and left > 0):
        segments.append((whole * length, seconds))
    return segments


def _whole(seconds: float, length: float) -> int:
    """How many of ``length`` fit; rounding takes none away."""
    return int(seconds / length + 1e-6)


def parts(segments: int, length: int) -> list[tuple[str, str]]:
    """(name, split) of the part of a file that each of its segments belongs to.

    A part has ``length`` segments, and between two parts stands one segment of the split apart: as the two items of a
    pair lie in one segment, items of two parts are further from each other. The only part of a file has no name.
    """
    if segments <= length:
        return [("", "train")] * segments
    places = [divmod(number, length + 1) for number in range(segments)]
    return [(f"#{part}", "train") if place < length else (f"#{part}-{part + 1}", "apart") for part, place in places]
