"""Embeddings as directions: on the unit sphere, and one for each segment."""

import numpy as np
import pandas as pd


def unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors (n, d) at length 1, in their own precision; zeros stay zeros, at cosine 0 with everything."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def of_segments(segment_ids: pd.Series, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The segments, each once, in table order, and of each the mean of its windows' unit vectors, at length 1.

    segment_ids: of each window; units: unit vectors of each window (n, d) float32; the result: (s,), (s, d) float32.
    """
    of_segment, segments = pd.factorize(segment_ids)
    sums = np.zeros((len(segments), units.shape[1]), np.float32)
    np.add.at(sums, of_segment, units)
    return np.asarray(segments), unit(sums)
