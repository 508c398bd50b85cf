"""Own recordings: every media file below a folder, of any length and without labels, cut into segments."""

from __future__ import annotations

import os

import pandas as pd
from tqdm import tqdm

from c3 import config
from c3.data import audioset, media
from c3.data import manifest as manifests
from c3.data.media import VIDEO_EXTENSIONS


def manifest(
    section: config.Folder, validation_share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The manifest, its classes (label, name: none), and what is missing (segment_id, path, reason).

    Each file is a recording, named by its path below ``section.root``. All are of the split train, but for
    ``validation_share`` of them. A file whose header cannot be read is missing. Raises :class:`C3Error` if there is no
    media file.
    """
    rows, missing = [], []
    for path in tqdm(audioset.find_media(section.root)["path"], desc="folder", mininterval=5):
        name = os.path.relpath(path, section.root)
        try:
            seconds, _ = media.probe(path)
        except media.Quarantined as error:
            missing.append((f"{name}_0", path, error.reason))
            continue
        pictures = path if path.lower().endswith(VIDEO_EXTENSIONS) else None
        for start, end in cut(seconds, section.segment_seconds):
            rows.append((f"{name}_{start:.12g}", name, path, pictures, start, end, start, [], "train"))
    table = pd.DataFrame(rows, columns=manifests.COLUMNS)
    manifests.hold_out(table, validation_share, seed)
    return (
        table.sort_values("segment_id", ignore_index=True),
        pd.DataFrame(columns=["label", "name"]),
        pd.DataFrame(missing, columns=["segment_id", "path", "reason"]),
    )


def cut(seconds: float, length: float) -> list[tuple[float, float]]:
    """(start, end) in seconds of the segments of a recording, each of ``length``.

    What is left at the end is a segment too if it is at least half of one, or all there is.
    """
    whole = int(seconds / length + 1e-6)
    segments = [(number * length, (number + 1) * length) for number in range(whole)]
    left = seconds - whole * length
    if left >= length / 2 or (not whole and left > 0):
        segments.append((whole * length, seconds))
    return segments
