"""The media files below a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from c3.data import packs
from c3.data.media import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS
from c3.errors import C3Error

EXTENSIONS = VIDEO_EXTENSIONS + AUDIO_EXTENSIONS


def find_media(root: str | Path, extensions: Sequence[str] = EXTENSIONS) -> pd.DataFrame:
    """All files below ``root`` with one of these endings: path, stem, extension (lower case), sorted by path.

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
                elif entry.name.rpartition(".")[2].lower() in extensions:
                    paths.append(entry.path)
    if not paths:
        raise C3Error(f"No media found in {root}; allowed are files ending in {', '.join(extensions)}.")
    files = pd.DataFrame({"path": sorted(paths)})
    names = files["path"].str.rpartition(os.sep)[2].str.rpartition(".")
    files["stem"], files["extension"] = names[0], names[2].str.lower()
    return files


def with_packed(root: str | Path) -> pd.DataFrame:
    """As :func:`find_media`, with the members of packs (:mod:`c3.data.packs`) among the files."""
    files = find_media(root, (*EXTENSIONS, *packs.EXTENSIONS))
    is_pack = files["extension"].isin(packs.EXTENSIONS)
    tables = [files[~is_pack]]
    for path in files["path"][is_pack]:
        try:
            members = packs.members(path)
        except OSError:
            raise C3Error(f"{path} cannot be read; allowed is a pack of media: parquet, tar, or HDF5.") from None
        table = pd.DataFrame(members, columns=["path", "name"], dtype=str)
        parts = table["name"].str.extract(r"^(?:.*/)?(?P<stem>.*?)(?:\.(?P<ending>[A-Za-z0-9]{2,4}))?$")
        known = parts["ending"].str.lower().isin(EXTENSIONS)
        table["stem"] = parts["stem"].where(known, parts["stem"] + ("." + parts["ending"]).fillna(""))
        table["extension"] = table["path"].str.rpartition(".")[2].str.lower()
        tables.append(table.loc[table["extension"].isin(EXTENSIONS), ["path", "stem", "extension"]])
    return pd.concat(tables, ignore_index=True)
