"""Embeddings made elsewhere, by any model on any time grid, aligned with the windows so that they can be compared; and
ours, written for others in the same form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from c3.data.reading import reading
from c3.errors import C3Error

COLUMNS = ["segment_id", "time", "vector"]
CHUNK = 65_536  # rows written at a time


def read(path: str | Path, windows: pd.DataFrame, window_seconds: float) -> np.ndarray:
    """The vectors in a file, a row for each window: (windows, d) float32.

    A ``.npy`` file has the rows of the window table already. A ``.parquet`` table has the columns segment_id, time
    (seconds from the start of the segment to the middle of what the vector stands for) and vector (list of numbers).

    Raises:
        C3Error: the file is not one of the two, lacks a column, a window or a segment, or has vectors of different
            lengths or with numbers that are not finite.
    """
    suffix = Path(path).suffix
    if suffix not in (".npy", ".parquet"):
        raise C3Error(f"{path} ends in {suffix!r}; allowed are .npy and .parquet.")
    with reading(path, "a .npy array or a .parquet table"):
        if suffix == ".npy":
            vectors = np.load(path)
        else:
            vectors = align(pd.read_parquet(path), windows, window_seconds, path)
    if vectors.ndim != 2 or len(vectors) != len(windows):
        raise C3Error(f"{path} has shape {vectors.shape}; allowed is one row for each of the {len(windows)} windows.")
    if not np.isfinite(vectors).all():
        raise C3Error(f"{path} holds numbers that are not finite; allowed are finite numbers.")
    return vectors.astype(np.float32)


def align(table: pd.DataFrame, windows: pd.DataFrame, window_seconds: float, source: str | Path) -> np.ndarray:
    """For each window (segment_id, window) the vector of its segment nearest in time to its middle, (windows, d)."""
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise C3Error(f"{source} has no column {lacking[0]}; allowed is a table of {', '.join(COLUMNS)}.")
    absent = set(windows["segment_id"]) - set(table["segment_id"])
    if absent:
        raise C3Error(
            f"{source} has no vector for {len(absent)} of {windows['segment_id'].nunique()} segments, among them"
            f" {min(absent)}; allowed is at least one for each."
        )
    lengths = table["vector"].map(len)
    if lengths.nunique() != 1:
        raise C3Error(f"{source} has vectors of {lengths.min()} to {lengths.max()} numbers; allowed is one length.")
    asked = pd.DataFrame(
        {
            "segment_id": windows["segment_id"].astype(str).to_numpy(),
            "time": (windows["window"].to_numpy() + 0.5) * window_seconds,
            "place": np.arange(len(windows)),
        }
    ).sort_values("time", kind="stable")
    offered = pd.DataFrame(
        {
            "segment_id": table["segment_id"].astype(str).to_numpy(),
            "time": table["time"].to_numpy(float),
            "row": np.arange(len(table)),
        }
    ).sort_values("time", kind="stable")
    found = pd.merge_asof(asked, offered, on="time", by="segment_id", direction="nearest").sort_values("place")
    return np.stack(table["vector"].to_numpy())[found["row"].to_numpy()]


def write(path: str | Path, vectors: np.ndarray, windows: pd.DataFrame, window_seconds: float) -> None:
    """Write vectors (windows, d) as the table that :func:`read` takes; a part at a time, as they may be many."""
    schema = pa.schema(zip(COLUMNS, (pa.string(), pa.float64(), pa.list_(pa.float32())), strict=True))
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, len(windows), CHUNK):
            part = windows.iloc[first : first + CHUNK]
            values = np.asarray(vectors[first : first + CHUNK], np.float32)
            lists = pa.ListArray.from_arrays(np.arange(len(values) + 1) * values.shape[1], values.ravel())
            middles = (part["window"].to_numpy() + 0.5) * window_seconds
            writer.write_table(pa.table([pa.array(part["segment_id"], pa.string()), middles, lists], schema=schema))
