"""Feature shards on disk, and fast reading of windows and frames from them.

A shard is two memory-mapped arrays (log-mel rows, frames) and an index table; the index of the whole set is
the concatenation of the shards' indices, sorted by segment. No labels are stored here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from c3 import config
from c3.data.reading import read_array, read_table, reading
from c3.errors import C3Error

SCHEMA = pa.schema(
    [
        ("segment_id", pa.string()),
        ("recording_id", pa.string()),
        ("split", pa.string()),
        ("seconds", pa.float32()),
        ("shard", pa.int32()),
        ("first_row", pa.int64()),
        ("rows", pa.int32()),
        ("first_frame", pa.int64()),
        ("frame_times", pa.list_(pa.float32())),
    ]
)
SPEC_KEY = b"c3.features"
QUARANTINE_COLUMNS = ["segment_id", "path", "reason"]


class Extract(NamedTuple):
    """What is kept of a segment: a row of the index and its share of the shard's arrays."""

    rows: np.ndarray
    """log-mel, float32 (rows, mel_bands)"""
    frames: np.ndarray
    """RGB, uint8 (n, pixels, pixels, 3)"""
    times: np.ndarray
    """time of each frame, float32 (n,), seconds from the start of the segment"""
    seconds: float
    """usable length of the segment"""


class GrowingArray:
    """A .npy file written piece by piece along the first axis; a context manager."""

    def __init__(self, path: str | Path, shape: tuple[int, ...], dtype):
        self.length, self._shape, self._dtype = 0, tuple(shape), np.dtype(dtype)
        self._file = open(path, "wb")
        self._write_header()

    def _write_header(self):
        """numpy leaves room in the header for the first axis to grow, so that it can be written again."""
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.length, *self._shape),
        }
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, values: np.ndarray) -> int:
        """Append ``values`` (n, *shape); returns the position of the first."""
        first = self.length
        self._file.write(np.ascontiguousarray(values, self._dtype).tobytes())
        self.length += len(values)
        return first

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.seek(0)
        self._write_header()
        self._file.close()


def write_shard(
    extracts: Iterable[tuple[object, Extract]],
    features: config.Features,
    shard: int,
    rows_path: str | Path,
    frames_path: str | Path,
) -> pd.DataFrame:
    """Write the features of (manifest row, extract) pairs as they come; returns the shard's index."""
    index = []
    with (
        GrowingArray(rows_path, (features.mel_bands,), np.float16) as rows,
        GrowingArray(frames_path, features.frame_shape, np.uint8) as frames,
    ):
        for segment, extract in extracts:
            index.append(
                (
                    segment.segment_id,
                    segment.recording_id,
                    segment.split,
                    extract.seconds,
                    shard,
                    rows.append(extract.rows),
                    len(extract.rows),
                    frames.append(extract.frames),
                    extract.times,
                )
            )
    return pd.DataFrame(index, columns=SCHEMA.names)


def write_index(index: pd.DataFrame, features: config.Features, path: str | Path) -> None:
    """Write an index; the feature specification travels in the file's metadata."""
    table = pa.Table.from_pandas(index, schema=SCHEMA, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({SPEC_KEY: features.model_dump_json().encode()}), path)


def read_index(path: str | Path) -> tuple[pd.DataFrame, config.Features]:
    """The index and the feature specification it was made with."""
    with reading(path, "an index, as scripts/features.py writes them"):
        table = pq.read_table(path)
    metadata = table.schema.metadata or {}
    if SPEC_KEY not in metadata:
        raise C3Error(f"{path} carries no feature specification; allowed is an index written by c3.")
    with reading(path, "an index, as scripts/features.py writes them"):
        spec = config.Features(**json.loads(metadata[SPEC_KEY]))
        return table.select(SCHEMA.names).to_pandas(ignore_metadata=True), spec


def concatenate(paths: Sequence[str | Path]) -> tuple[pd.DataFrame, config.Features]:
    """The index of all shards, sorted by segment; :class:`C3Error` if their feature specifications differ."""
    parts = [read_index(path) for path in paths]
    spec = parts[0][1]
    for path, (_, other) in zip(paths, parts, strict=True):
        if other != spec:
            raise C3Error(f"{path} was made with other features than {paths[0]}; make all shards again.")
    parts = [index for index, _ in parts if len(index)] or [parts[0][0]]
    index = pd.concat(parts, ignore_index=True)
    return index.sort_values("segment_id", kind="stable", ignore_index=True), spec


def read_quarantine(path: str | Path) -> pd.DataFrame:
    """A table of segment_id, path, reason; all text, empty where unknown."""
    return read_table(path, QUARANTINE_COLUMNS, dtype=str, keep_default_na=False)


def check_quarantined(usable: int, quarantine: pd.DataFrame, limit: float, sources: Sequence) -> None:
    """:class:`C3Error` if more than the share ``limit`` of the segments is in ``quarantine``.

    The sentence names the counts per reason and the files of ``sources`` that list them. Media files that no
    segment names are no segments and do not count.
    """
    reasons = quarantine.loc[quarantine.segment_id != "", "reason"].value_counts()
    unusable, total = int(reasons.sum()), usable + int(reasons.sum())
    if unusable > limit * total or not usable:
        counts = ", ".join(f"{reason} {count}" for reason, count in reasons.items()) or "none was found"
        raise C3Error(
            f"{unusable} of {total} segments cannot be used ({counts}; listed in "
            f"{', '.join(map(str, sources)) or 'no file'}); allowed is a share of {limit:g} "
            "(data.max_quarantined) and at least one usable segment."
        )


def window_table(index: pd.DataFrame, window_rows: int = 96) -> pd.DataFrame:
    """The evaluation grid: segment_id, recording_id, split, window; the row order of embeddings and clusters.

    A segment has rows // window_rows windows; window k is its rows [k · window_rows, (k + 1) · window_rows).
    """
    counts = index["rows"].to_numpy() // window_rows
    segments = np.repeat(np.arange(len(index)), counts)
    table = index[["segment_id", "recording_id", "split"]].take(segments).reset_index(drop=True)
    table["window"] = _ordinals(counts).astype(np.int32)
    return table


def _ordinals(counts: np.ndarray) -> np.ndarray:
    """0 … counts[0] - 1, 0 … counts[1] - 1, …"""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


class Features:
    """Windows and frames of an index, gathered from the memory-mapped shards beside it.

    ``index`` is the table, ``spec`` the :class:`c3.config.Features` it was made with; ``frame_counts`` (n,)
    and ``window_counts`` (n,) hold the number of frames and of grid windows of each segment.
    """

    def __init__(self, index_path: str | Path):
        self.path = Path(index_path)
        self.index, self.spec = read_index(index_path)
        self.frame_counts = np.fromiter(map(len, self.index.frame_times), np.int64, len(self.index))
        self.window_counts = self.index["rows"].to_numpy() // self.spec.window_rows
        self._shard = self.index["shard"].to_numpy()
        self._first_row = self.index["first_row"].to_numpy()
        self._first_frame = self.index["first_frame"].to_numpy()
        self._grid_segment = np.repeat(np.arange(len(self.index)), self.window_counts)
        self._grid_window = _ordinals(self.window_counts)
        self._open: dict[tuple[int, str], np.ndarray] = {}

    def window_table(self) -> pd.DataFrame:
        """:func:`window_table` of this index."""
        return window_table(self.index, self.spec.window_rows)

    def windows(self, segments: np.ndarray, first_rows: np.ndarray) -> np.ndarray:
        """Windows from row ``first_rows`` (n,) of ``segments`` (n,) on: float32 (n, window_rows, bands).

        ``segments`` are positions in the index; rows count from the segment's start.
        """
        length = self.spec.window_rows
        out = np.empty((len(segments), *self.spec.window_shape), np.float32)
        shards = self._shard[segments].tolist()
        first = (self._first_row[segments] + np.asarray(first_rows)).tolist()
        for i, (shard, row) in enumerate(zip(shards, first, strict=True)):
            out[i] = self._array(shard, "npy")[row : row + length]
        return out

    def frames(self, segments: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Frames ``numbers`` (n,), counted within ``segments`` (n,): uint8 (n, pixels, pixels, 3)."""
        out = np.empty((len(segments), *self.spec.frame_shape), np.uint8)
        shards = self._shard[segments].tolist()
        frames = (self._first_frame[segments] + np.asarray(numbers)).tolist()
        for i, (shard, frame) in enumerate(zip(shards, frames, strict=True)):
            out[i] = self._array(shard, "frames.npy")[frame]
        return out

    def grid_windows(self, windows: np.ndarray | None = None) -> np.ndarray:
        """Windows of the grid: float32 (n, window_rows, bands).

        ``windows`` is a mask over, or positions in, the rows of :meth:`window_table`; None gives all.
        """
        segments, numbers = self._grid_segment, self._grid_window
        if windows is not None:
            segments, numbers = segments[windows], numbers[windows]
        return self.windows(segments, numbers * self.spec.window_rows)

    def vectors(self, path: str | Path) -> np.ndarray:
        """Embeddings (windows, d) of the grid, memory-mapped; C3Error unless there is one for each window."""
        array, count = read_array(path), int(self.window_counts.sum())
        if array.ndim != 2 or len(array) != count:
            raise C3Error(
                f"{path} has shape {array.shape}; allowed is one row for each of the {count} windows of {self.path}."
            )
        return array

    def _array(self, shard: int, suffix: str) -> np.ndarray:
        """The memory map of a shard as a plain array; opened on first use."""
        array = self._open.get((shard, suffix))
        if array is None:
            path = self.path.parent / f"shard-{shard:03d}.{suffix}"
            if not path.exists():
                raise C3Error(f"{path} is missing, but {self.path} lists segments in it.")
            array = read_array(path).view(np.ndarray)
            self._open[shard, suffix] = array
        return array
