"""Tables and arrays from files: whatever is wrong with the content of one is told in a sentence."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np
import pandas as pd

from c3.errors import C3Error

UNREADABLE = (OSError, ValueError, TypeError, LookupError, EOFError, SyntaxError, OverflowError, MemoryError)
UNREADABLE += (TokenError, UserWarning, RuntimeError)
"""what numpy, pandas, pyarrow, h5py and json raise for content that is cut or changed"""


@contextlib.contextmanager
def reading(path: str | Path, allowed: str) -> Iterator[None]:
    """Around what reads ``path``: :class:`C3Error` with what was wrong and what is allowed."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Skipping nested container")  # Keras leaves out what is not there
            yield
    except FileNotFoundError:
        raise C3Error(f"{path} is missing; allowed is {allowed}.") from None
    except UNREADABLE as error:
        what = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise C3Error(f"{path} cannot be read ({what}); allowed is {allowed}.") from None


def read_table(path: str | Path, columns: Sequence[str], **options) -> pd.DataFrame:
    """A CSV file, as pandas reads it, which must have at least these ``columns``."""
    with reading(path, "a table in CSV"):
        return _having(pd.read_csv(path, **options), columns)


def read_parquet(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """A table in parquet, which must have at least these ``columns``."""
    with reading(path, "a table in parquet"):
        return _having(pd.read_parquet(path), columns)


def _having(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    if lacking := [column for column in columns if column not in table]:
        raise ValueError(f"it has no column {lacking[0]}")
    return table


def read_array(path: str | Path) -> np.ndarray:
    """A .npy array, memory-mapped; one that holds objects, which could be programs, is refused."""
    with reading(path, "a numpy array of numbers"):
        return np.load(path, mmap_mode="r", allow_pickle=False)
