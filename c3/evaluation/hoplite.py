"""Embeddings as a database of Perch-Hoplite, to search by example there. Only this needs its package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from c3.errors import C3Error

CHUNK = 65_536  # windows written at a time


def write(
    folder: str | Path,
    vectors: np.ndarray,
    windows: pd.DataFrame,
    manifest: pd.DataFrame,
    window_seconds: float,
    project: str,
    name: str,
) -> None:
    """Write vectors (windows, d) to a database in ``folder``: SQLite, with an index of usearch.

    windows: segment_id and window, as :meth:`Features.window_table`; manifest: where the segments lie. A recording of
    the database is a media file, by its path; a window has its place in that file, in seconds. All belong to one
    deployment, ``name`` of ``project``. Hoplite keeps vectors as float16. Raises :class:`C3Error` without its package.
    """
    try:
        from perch_hoplite.db.sqlite_usearch_impl import SQLiteUSearchDB, get_default_usearch_config
    except ImportError as error:
        raise C3Error(
            f"the package perch-hoplite cannot be used ({error}); allowed is an environment that has it:"
            " docs/exchange.md."
        ) from None
    database = SQLiteUSearchDB.create(str(folder), get_default_usearch_config(vectors.shape[1]))
    deployment = database.insert_deployment(name=name, project=project)
    segments = manifest.set_index("segment_id").loc[windows["segment_id"]]
    number, paths = pd.factorize(segments["audio_path"])
    recordings = [database.insert_recording(path, deployment_id=deployment) for path in paths]
    start = segments["media_start"].to_numpy() + windows["window"].to_numpy() * window_seconds
    for first in range(0, len(windows), CHUNK):
        part = range(first, min(first + CHUNK, len(windows)))
        places = [
            {
                "recording_id": recordings[number[row]],
                "offsets": [float(start[row]), float(start[row] + window_seconds)],
            }
            for row in part
        ]
        values = np.asarray(vectors[part.start : part.stop], np.float32)
        database.insert_windows_batch(places, values, handle_duplicates="allow")
    database.commit()
    database.db.close()  # brings what SQLite has written beside the file into it
