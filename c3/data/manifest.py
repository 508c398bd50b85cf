"""The manifest: a row per segment, all that the later steps know of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from c3.config import Extent
from c3.data.reading import reading
from c3.errors import C3Error

SCHEMA = pa.schema(
    [
        ("segment_id", pa.string()),
        ("recording_id", pa.string()),
        ("audio_path", pa.string()),
        ("video_path", pa.string()),
        ("start", pa.float64()),
        ("end", pa.float64()),
        ("media_start", pa.float64()),
        ("labels", pa.list_(pa.string())),
        ("split", pa.string()),
    ]
)
COLUMNS = SCHEMA.names


def read(path: str | Path) -> pd.DataFrame:
    """The manifest; ``labels`` holds lists, ``video_path`` None where there are no pictures."""
    with reading(path, "a manifest, as scripts/manifest.py writes them"):
        manifest = pq.read_table(path).select(COLUMNS).to_pandas(ignore_metadata=True)
        manifest["labels"] = [list(labels) for labels in manifest["labels"]]
        manifest["video_path"] = manifest["video_path"].astype(object).where(manifest["video_path"].notna(), None)
    return manifest


def write(manifest: pd.DataFrame, path: str | Path) -> None:
    """Write the manifest as parquet."""
    pq.write_table(pa.Table.from_pandas(manifest[COLUMNS], schema=SCHEMA, preserve_index=False), path)


def places(segments: pd.DataFrame) -> pd.DataFrame:
    """Where the sound of some segments of the manifest lies, for people: file, start and end in it (s, to 1 ms)."""
    start, end = segments["media_start"], segments["media_start"] + segments["end"] - segments["start"]
    return pd.DataFrame({"file": segments["audio_path"], "start": start.round(3), "end": end.round(3)})


def is_validation(recording_ids: Iterable[str], share: float, seed: int) -> np.ndarray:
    """Which recordings are held out: bool (n,).

    Those whose lot, a function of their name and the seed alone, is below ``share``; of few recordings at least two,
    unless ``share`` is 0: a pair of them is the least to measure on.
    """
    lots = np.array([lot(name, seed) for name in recording_ids])
    least = np.sort(lots)[1] if share > 0 and len(lots) > 2 else -1
    return (lots < share) | (lots <= least)


def hold_out(table: pd.DataFrame, share: float, seed: int) -> None:
    """Move ``share`` of the recordings of the split train, by their lot, to the split validation; changes ``table``."""
    recordings = table.loc[table["split"] == "train", "recording_id"].unique()
    held_out = recordings[is_validation(recordings, share, seed)]
    table.loc[table["recording_id"].isin(held_out), "split"] = "validation"


def lot(name: str, seed: int) -> float:
    """A number in [0, 1), uniform over names."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def extent(manifest: pd.DataFrame, window_seconds: float, source: str) -> Extent:
    """How much there is to train on, if every segment is as long as the manifest says; ``source`` is its file."""
    train = manifest[manifest["split"] == "train"]
    seconds = train["end"] - train["start"]
    return Extent(
        source,
        segment_seconds=float(seconds.max()) if len(train) else None,
        segments=len(train),
        recordings=train["recording_id"].nunique(),
        pictured=train.loc[train["video_path"].notna(), "recording_id"].nunique(),
        windows=int((seconds / window_seconds + 1e-6).astype(int).sum()),
    )


def validate(manifest: pd.DataFrame, name: str = "the manifest") -> None:
    """:class:`C3Error` if a segment stands twice or ends before it starts, or its recording is in two splits.

    ``name`` says in the sentence where the table comes from.
    """
    twice = manifest["segment_id"][manifest["segment_id"].duplicated()]
    if len(twice):
        raise C3Error(f"{name}: segment {twice.iloc[0]} stands twice; allowed is once in all segment CSVs.")
    backward = manifest[manifest["end"] <= manifest["start"]]
    if len(backward):
        row = backward.iloc[0]
        raise C3Error(f"{name}: segment {row.segment_id} ends at {row.end:g} s; allowed is after {row.start:g} s.")
    splits = manifest.groupby("recording_id")["split"].nunique()
    if (splits > 1).any():
        recording = splits.index[splits > 1][0]
        raise C3Error(f"{name}: recording {recording} stands in two splits; allowed is one.")


def unevaluated(manifest: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Those of the classes (label, name) that occur in training without a positive segment in evaluation."""
    evaluation = manifest["split"] == "evaluation"
    trained = set(manifest.loc[~evaluation, "labels"].explode().dropna())
    evaluated = set(manifest.loc[evaluation, "labels"].explode().dropna())
    return classes[classes["label"].isin(trained - evaluated)]
