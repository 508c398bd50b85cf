"""The media files below a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from c3.data.media import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS
from c3.errors import C3Error

EXTENSIONS = VIDEO_EXTENSIONS + AUDIO_EXTENSIONS


def find_media(root: str | Path) -> pd.DataFrame:
    """All media files below ``root``: path, stem, extension (lower case), sorted by path.

    The folders are scanned once. Hidden files and folders are passed over. :class:`C3Error` if there is none.
    """
    paths, folders, seen = [], [str(root)], set()
    while folders:
        folder = folders.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = os.scandir(folder)
        except OSError:
            raise C3Error(f"{folder} cannot be read; allowed is a folder with media files.") from None
        with entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                elif entry.name.rpartition(".")[2].lower() in EXTENSIONS:
                    paths.append(entry.path)
    if not paths:
        raise C3Error(f"No media found in {root}; allowed are files ending in {', '.join(EXTENSIONS)}.")
    files = pd.DataFrame({"path": sorted(paths)})
    names = files["path"].str.rpartition(os.sep)[2].str.rpartition(".")
    files["stem"], files["extension"] = names[0], names[2].str.lower()
    return files
