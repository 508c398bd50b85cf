"""The files below a folder, and which of them are media: those that FFmpeg finds sound in, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from c3.data import media, packs
from c3.errors import C3Error

VIDEO_EXTENSIONS = ("mp4", "mkv", "webm", "mov", "avi", "m4v", "3gp", "mts", "m2ts", "mpg", "mpeg", "wmv", "flv")
AUDIO_EXTENSIONS = (
    *("wav", "flac", "m4a", "ogg", "mp3", "opus", "aif", "aiff", "aifc", "w64", "rf64", "caf", "au", "aac", "wma"),
    *("mp2", "mka", "oga", "amr", "ac3", "wv", "ape", "tta", "3ga"),
)
EXTENSIONS = VIDEO_EXTENSIONS + AUDIO_EXTENSIONS
"""of media, which are found broken later if they are not; the order is that in which they are preferred"""
OTHER_EXTENSIONS = frozenset(
    "txt csv tsv json xml yaml yml md html htm pdf doc docx xls xlsx odt ods ini cfg log jpg jpeg png gif bmp tif"
    " tiff svg webp zip gz bz2 xz tar 7z rar npy npz parquet h5 hdf hdf5 pkl py r m3u m3u8 pls cue srt vtt lnk db"
    " sha256 md5".split()
)
"""of what is no media; files of all other names are opened"""
HIDDEN, NO_MEDIA, NAMELESS = "hidden", "no media", "name not UTF-8"
COMPRESSED = "compressed tar, to be decompressed first"
"""to read one sound of it, all before it would have to be decompressed, for each sound again"""
COMPRESSED_ENDINGS = (*(f".tar.{how}" for how in ("gz", "bz2", "xz", "zst")), ".tgz")


def find_files(root: str | Path) -> pd.DataFrame:
    """All files below ``root``: path, stem, extension (lower case), and why a file is ignored, sorted by path.

    ``ignored`` is hidden (the file or a folder around it), no media (with its ending), a compressed tar, name not
    UTF-8, or empty. A folder that is reached twice, by links, is scanned once. :class:`C3Error` for a folder that
    cannot be read.
    """
    found, folders, seen = [], [(str(root), False)], set()
    while folders:
        folder, is_hidden = folders.pop()
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
                hidden = is_hidden or entry.name.startswith(".")
                if entry.is_dir():
                    folders.append((entry.path, hidden))
                    continue
                stem, dot, extension = _printable(entry.name).rpartition(".")
                stem, extension = (stem, extension.lower()) if dot else (extension, "")
                found.append((_printable(entry.path), stem, extension, _why_ignored(entry, extension, hidden)))
    return pd.DataFrame(sorted(found), columns=["path", "stem", "extension", "ignored"])


def find_media(root: str | Path) -> pd.DataFrame:
    """The media files below ``root``: path, stem, extension, sorted by path. :class:`C3Error` if there is none."""
    files = find_files(root)
    check_found(files, root)
    return files.loc[files["ignored"] == "", ["path", "stem", "extension"]].reset_index(drop=True)


def find_packed(root: str | Path) -> pd.DataFrame:
    """As :func:`find_files`, with the members of a pack (:mod:`c3.data.packs`) in its place."""
    files = find_files(root)
    is_pack = files["extension"].isin(packs.EXTENSIONS) & files["ignored"].str.startswith(NO_MEDIA)
    tables, without = [], []
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
        table = table[table["extension"].isin(EXTENSIONS)]
        tables.append(table[["path", "stem", "extension"]].assign(ignored=""))
        without += [] if len(table) else [path]
    kept = ~is_pack | files["path"].isin(without)
    return pd.concat([files[kept], *tables], ignore_index=True)


def check_found(files: pd.DataFrame, root: str | Path) -> None:
    """:class:`C3Error` if none of the files below ``root`` is media."""
    if not (files["ignored"] == "").any():
        counts = ", ".join(f"{count} {why}" for why, count in files["ignored"].value_counts().items())
        others = f" among {len(files)} files ({counts})" if len(files) else ""
        raise C3Error(f"No media found in {root}{others}; allowed are files with sound that FFmpeg can decode.")


def _why_ignored(entry: os.DirEntry, extension: str, is_hidden: bool) -> str:
    if is_hidden:
        return HIDDEN
    if _printable(entry.path) != entry.path:
        return NAMELESS
    if entry.name.lower().endswith(COMPRESSED_ENDINGS):
        return COMPRESSED
    if _is_media(entry, extension):
        return ""
    return f"{NO_MEDIA} .{extension}" if extension else NO_MEDIA


def _printable(path: str) -> str:
    """The path, with escapes for bytes that are no text, which no table can hold."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _is_media(entry: os.DirEntry, extension: str) -> bool:
    """By its name where that is known, or else by what is in it."""
    if extension in EXTENSIONS or extension in OTHER_EXTENSIONS:
        return extension in EXTENSIONS
    if not entry.is_file() or not entry.stat().st_size:
        return False
    try:
        with media.opened(entry.path) as container:
            media.sound_of(container)
    except media.Quarantined:
        return False
    return True
