"""Packs: many media in one file, read where they lie and never unpacked.

A member has a path like any other file, `<pack>#<member>`. A kind of pack is a class with two methods, ``members`` and
``read``, and a line in :data:`KINDS`.
"""

from __future__ import annotations

import functools
import io
import os
import re
import tarfile
from pathlib import PurePosixPath
from typing import BinaryIO

import numpy as np

EXTENSIONS = ("parquet", "tar", "h5", "hdf5", "hdf")
UNREADABLE = (tarfile.TarError, OSError, ValueError, LookupError, RuntimeError)
"""what tarfile, pyarrow and h5py raise for a pack that is cut or changed"""
MEMBER = re.compile(rf"(.+\.(?:{'|'.join(EXTENSIONS)}))#(.+)", re.IGNORECASE | re.DOTALL)


class Parquet:
    """A table of a data hub: the bytes lie in a column of structs of `bytes` and `path`; the member is the row."""

    NAMES = ("video_id", "filename", "slice_file_name", "fname")

    def __init__(self, path: str):
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(path)
        types = {field.name: field.type for field in self._file.schema_arrow}
        self._column = next((name for name, kind in types.items() if _has_bytes(kind)), None)
        self._name = next((name for name in self.NAMES if name in types), None)
        counts = [self._file.metadata.row_group(number).num_rows for number in range(self._file.num_row_groups)]
        self._ends = np.cumsum(counts)
        self._group = functools.lru_cache(maxsize=1)(self._read_group)

    def members(self) -> list[tuple[str, str]]:
        if self._column is None:
            return []
        columns = [f"{self._column}.path", *filter(None, [self._name])]
        table = self._file.read(columns)
        paths = table[self._column].combine_chunks().field("path").to_pylist()
        names = table[self._name].to_pylist() if self._name else paths
        return [
            (f"{row:08d}{PurePosixPath(path or '').suffix or '.wav'}", str(name))
            for row, (path, name) in enumerate(zip(paths, names, strict=True))
            if name
        ]

    def read(self, member: str) -> bytes:
        row = _number(member)
        group = int(np.searchsorted(self._ends, row, side="right"))
        first = int(self._ends[group - 1]) if group else 0
        return self._group(group)[row - first].as_py() or b""

    def _read_group(self, number: int):
        table = self._file.read_row_group(number, [f"{self._column}.bytes"])
        return table[self._column].combine_chunks().field("bytes")


def _has_bytes(kind) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and {"bytes", "path"} <= {field.name for field in kind}


class Tar:
    """A tar archive that is not compressed, such as a shard of WebDataset; the member is the name within."""

    def __init__(self, path: str):
        self._path = path
        with tarfile.open(path, "r:") as archive:
            self._places = {entry.name: (entry.offset_data, entry.size) for entry in archive if entry.isfile()}

    def members(self) -> list[tuple[str, str]]:
        return [(name, PurePosixPath(name).name) for name in self._places]

    def read(self, member: str) -> bytes:
        first, size = self._places[member]
        with open(self._path, "rb") as file:
            file.seek(first)
            return file.read(size)


class Hdf5:
    """`audio_name` and either `waveform` (PANNs, with the attribute `sample_rate`) or the bytes of `mp3` (PaSST,
    EfficientAT); the member is the row. A name is empty where there was no clip. Or a waveform under the name of each
    file (CED); the member is that name."""

    CED_RATE = 16_000  # CED writes no rate, and takes all for this

    def __init__(self, path: str):
        import h5py

        self._file = h5py.File(path, "r")
        self._kind = next((kind for kind in ("waveform", "mp3") if kind in self._file), None)

    def members(self) -> list[tuple[str, str]]:
        if "audio_name" not in self._file:
            names = []
            self._file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
            return [(name, PurePosixPath(name).name) for name in names if PurePosixPath(name).suffix]
        if self._kind is None:
            return []
        names = (name.decode() if isinstance(name, bytes) else name for name in self._file["audio_name"][:])
        ending = "wav" if self._kind == "waveform" else "mp3"
        return [(f"{row:08d}.{ending}", PurePosixPath(name).name) for row, name in enumerate(names) if name]

    def read(self, member: str) -> bytes:
        is_named = "audio_name" not in self._file
        values = self._file[member][:] if is_named else self._file[self._kind][_number(member)]
        if self._kind == "mp3":
            return values.tobytes()
        import soundfile

        wav = io.BytesIO()
        subtype = "PCM_16" if values.dtype == np.int16 else "FLOAT"
        rate = self.CED_RATE if is_named else int(self._file.attrs["sample_rate"])
        soundfile.write(wav, values, rate, subtype=subtype, format="WAV")
        return wav.getvalue()


KINDS = {"parquet": Parquet, "tar": Tar, "h5": Hdf5, "hdf5": Hdf5, "hdf": Hdf5}


def _number(member: str) -> int:
    return int(member.partition(".")[0])


def is_pack(path: str) -> bool:
    """Whether a file ends as a pack does."""
    return path.rpartition(".")[2].lower() in EXTENSIONS


def members(pack: str) -> list[tuple[str, str]]:
    """(path, file name) of each member of a pack; OSError if it cannot be read."""
    reader = _reader(*_version(pack))
    try:
        return [(f"{pack}#{member}", name) for member, name in reader.members()]
    except UNREADABLE as error:
        raise OSError(f"{pack}: {error}") from None


def pack_of(path: str) -> str:
    """The file that lies on the disk: the pack of a member, else the path itself."""
    member = MEMBER.fullmatch(path) if "#" in path else None
    return member[1] if member else path


class Member(io.BytesIO):
    """A member as a file in memory; its name is its path, by which decoders tell what they have opened."""

    def __init__(self, path: str):
        super().__init__(_content(path, *_version(pack_of(path))))
        self.name = path


def opened(path: str) -> str | Member:
    """What a decoder opens: the path of a file, or a member of a pack; OSError if it cannot be read."""
    return path if pack_of(path) == path else Member(path)


def binary(path: str) -> BinaryIO:
    """A file or a member, opened to read its bytes."""
    source = opened(path)
    return open(path, "rb") if source is path else source


def size(path: str) -> int:
    """Bytes of a file or a member; OSError if it cannot be read."""
    source = opened(path)
    return os.path.getsize(path) if source is path else source.getbuffer().nbytes


def _version(path: str) -> tuple[str, int, int]:
    """The path, and what tells a file that was written anew."""
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=2)
def _reader(pack: str, *version: int):
    try:
        return KINDS[pack.rpartition(".")[2].lower()](pack)
    except UNREADABLE as error:
        raise OSError(f"{pack}: {error}") from None


@functools.lru_cache(maxsize=1)
def _content(path: str, pack: str, *version: int) -> bytes:
    """The bytes of a member; kept, as a decoder opens it several times."""
    reader, member = _reader(pack, *version), MEMBER.fullmatch(path)[2]
    try:
        return reader.read(member)
    except UNREADABLE as error:
        raise OSError(f"{path}: {error}") from None
