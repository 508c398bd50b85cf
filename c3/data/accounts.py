"""Accounts: what became of each file below the folder of media, and of how many of its seconds.

A file ends in one of four: manifest (at least one of its segments is used), missing (it has no segment), quarantined
(none of its segments can be used), ignored (hidden, no media).
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from c3.data import packs
from c3.data.media import Quarantined
from c3.data.reading import read_table, reading
from c3.errors import C3Error

MANIFEST, MISSING, QUARANTINED, IGNORED = ACCOUNTS = ("manifest", "missing", "quarantined", "ignored")
FILE_COLUMNS = ["path", "account", "reason", "seconds", "version", "remark"]
COLUMNS = ["path", "account", "reason", "seconds", "used", "remark"]


def read_files(path: str | Path) -> pd.DataFrame:
    """The files that the manifest was made of: FILE_COLUMNS; seconds may be unknown (NaN), and version (empty)."""
    table = read_table(path, FILE_COLUMNS, dtype=str, keep_default_na=False)
    with reading(path, "a table of files, as scripts/manifest.py writes them"):
        return table.assign(seconds=pd.to_numeric(table["seconds"]))


def of_segments(files: pd.DataFrame, manifest: pd.DataFrame, missing: pd.DataFrame) -> pd.DataFrame:
    """FILE_COLUMNS of files that nobody has opened yet: ``files`` (path, ignored) as they stand in the manifest and in
    what is missing; a file that neither names has a segment for which another file is taken."""
    reasons = missing[missing["path"] != ""].drop_duplicates("path").set_index("path")["reason"]
    is_used = files["path"].isin(manifest["audio_path"])
    table = files[["path"]].assign(account=np.where(is_used, MANIFEST, MISSING))
    table.loc[files["ignored"] != "", "account"] = IGNORED
    table["reason"] = files["path"].map(reasons).fillna("another file is taken").mask(is_used, "")
    table["reason"] = table["reason"].mask(files["ignored"] != "", files["ignored"])
    return table.assign(seconds=np.nan, version="", remark="")[FILE_COLUMNS]


def version(path: str) -> str:
    """What tells a file from one that was written anew: its bytes, and when they were written (ns)."""
    status = os.stat(packs.pack_of(path))
    return f"{status.st_size} {status.st_mtime_ns}"


def versions(files: pd.DataFrame) -> dict[str, str]:
    """Path → version of the files whose version is known."""
    known = files[files["version"] != ""]
    return dict(zip(known["path"], known["version"], strict=True))


def check_version(path: str, known: dict[str, str]) -> None:
    """:class:`Quarantined` if the file is not what it was when the manifest was made (changed), or gone (missing)."""
    try:
        now = version(path)
    except OSError:
        raise Quarantined("missing") from None
    if known.get(path, now) != now:
        raise Quarantined("changed")


@contextlib.contextmanager
def as_it_was(path: str, known: dict[str, str]) -> Iterator[None]:
    """Around what reads a recording whose features are there: C3Error if it is another by now, or cannot be read."""
    try:
        check_version(path, known)
        yield
    except Quarantined as error:
        raise C3Error(
            f"{path} is {error.reason}; allowed is the recording as it was when the manifest was made, or a run with"
            " --forcerun manifest, which takes it as it is now."
        ) from None


def balance(files: pd.DataFrame, manifest: pd.DataFrame, index: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS, a row for each of the ``files``: in which account it ends and why, its seconds and those that are used.

    ``index`` has segment_id and seconds of the segments that are used, ``quarantine`` segment_id and reason.
    """
    paths = manifest.set_index("segment_id")["audio_path"]
    used = index.set_index("segment_id")["seconds"].astype(float).groupby(paths).sum()
    kept_out = quarantine[quarantine["segment_id"].isin(paths.index)]
    counts = kept_out.groupby([kept_out["segment_id"].map(paths), "reason"]).size()
    reasons = {}
    for (path, reason), count in counts.items():
        reasons[path] = ", ".join(filter(None, [reasons.get(path), f"{reason} {count}"]))
    table = files.assign(used=files["path"].map(used).fillna(0.0).round(3))
    table["reason"] = table["path"].map(reasons).fillna(table["reason"])
    table.loc[(table["account"] == MANIFEST) & ~table["path"].isin(used.index), "account"] = QUARANTINED
    return table[COLUMNS]


def summary(accounts: pd.DataFrame) -> list[str]:
    """What became of the files, in lines: each account with its files, seconds and reasons."""
    lines = [f"What became of the {len(accounts)} files:"]
    for account in ACCOUNTS:
        of_it = accounts[accounts["account"] == account]
        words = [f"{account:<11} {len(of_it):>7} files"]
        there = of_it["seconds"].sum()
        if account == MANIFEST:
            of_there = f" of {_clock(there)}" if of_it["seconds"].notna().all() else ""
            words.append(f", {_clock(of_it['used'].sum())}{of_there} used")
        elif there:
            words.append(f", {_clock(there)}")
        reasons = of_it["reason"].str.replace(r" \d+\b", "", regex=True).value_counts()
        told = ", ".join(f"{reason} {count}" for reason, count in reasons.items() if reason)
        lines.append("".join(words) + (f" ({told})" if told else ""))
    remarks = int((accounts["remark"] != "").sum())
    return lines + ([f"{remarks} files are not as their header says; accounts.csv says how."] if remarks else [])


def _clock(seconds: float) -> str:
    return str(datetime.timedelta(seconds=round(seconds)))
