"""Review: which recognised segments a person should hear, and where each class is heard."""

from __future__ import annotations

import numpy as np
import pandas as pd

HEARD = 0.5
"""A class with a higher probability counts as heard."""
EACH = 8
"""segments of each kind, of a class"""
MOST_CLIPS = 400
"""in all; of many classes each has fewer"""
MOST_STRIPS = 300
"""of the timeline; recordings in which little is heard are left out beyond it"""
PARTS = 400
"""of a strip"""


def choose(probabilities: pd.DataFrame, seed: int) -> pd.DataFrame:
    """What to review: segment_id, class, probability and groups, a row for each pair of segment and class, in order.

    probabilities: a row per segment (index segment_id), a column per class. groups: a list out of ``surest`` (the
    highest probabilities), ``doubtful`` (of the others, those nearest to :data:`HEARD`) and ``random`` (drawn from all
    above it, by ``seed``).
    """
    each = max(1, min(EACH, MOST_CLIPS // (3 * max(probabilities.shape[1], 1))))
    rng, rows = np.random.default_rng(seed), []
    for name, column in probabilities.items():
        column = column.sort_values(ascending=False, kind="stable")
        above = column.index[column > HEARD]
        groups = {
            "surest": column.index[:each],
            "doubtful": (column[each:] - HEARD).abs().sort_values(kind="stable").index[:each],
            "random": rng.choice(above, min(each, len(above)), replace=False),
        }
        for segment in dict.fromkeys(segment for group in groups.values() for segment in group):
            within = [group for group, segments in groups.items() if segment in segments]
            rows.append((segment, name, float(column[segment]), within))
    return pd.DataFrame(rows, columns=["segment_id", "class", "probability", "groups"])


def timeline(places: pd.DataFrame, probabilities: pd.DataFrame) -> tuple[list[dict], int]:
    """Where each class is heard in each recording, and in how many more recordings something is heard.

    places: file, start and end (s), a row per segment, aligned with probabilities. A recording has ``file``, ``end``
    (s) and ``strips``: class, segments (how many it is heard in) and runs, each (first, count) of :data:`PARTS` parts
    of the recording. Those in which most is heard stand for all that have more strips than :data:`MOST_STRIPS`.
    """
    heard = (probabilities > HEARD).to_numpy()
    listed, strips = [], 0
    files = places.assign(heard=heard.sum(axis=1), row=np.arange(len(places))).groupby("file", sort=True)
    by_most = sorted(files, key=lambda item: -item[1]["heard"].sum())
    by_most = [(file, rows) for file, rows in by_most if rows["heard"].any()]
    for file, rows in by_most:
        here = heard[rows["row"]]
        strips += here.any(axis=0).sum()
        if listed and strips > MOST_STRIPS:
            break
        length = rows["end"].max()
        bounds = rows[["start", "end"]].to_numpy() / length * PARTS
        order = np.argsort(-here.sum(axis=0), kind="stable")
        shown = [
            {
                "class": probabilities.columns[number],
                "segments": int(here[:, number].sum()),
                "runs": _runs(bounds[here[:, number]]),
            }
            for number in order
            if here[:, number].any()
        ]
        listed.append({"file": file, "end": float(length), "strips": shown})
    return sorted(listed, key=lambda recording: recording["file"]), len(by_most) - len(listed)


def _runs(bounds: np.ndarray) -> list[tuple[int, int]]:
    """(first, count) of the parts that lie, in part at least, between some bounds (n, 2)."""
    on = np.zeros(PARTS + 2, int)
    for low, high in bounds:
        on[1 + int(low + 1e-6) : 1 + min(int(np.ceil(high - 1e-6)), PARTS)] = 1
    edges = np.flatnonzero(np.diff(on))
    return [(int(first), int(last - first)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
