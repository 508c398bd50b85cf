"""Who answers a label request, and counts: the ground truth, in the place of a person (:mod:`c3.labels.sheets`).

A label is all positive classes of one segment; asking for it costs 1.
"""

from __future__ import annotations

import pandas as pd

from c3.errors import C3Error


class GroundTruth:
    """The annotator simulated from a manifest: answers for training segments, and counts.

    It holds no label of any other split. ``asked`` lists the segments paid for, in order.
    """

    def __init__(self, manifest: pd.DataFrame):
        train = manifest[manifest["split"] == "train"]
        self._labels = {i: tuple(labels) for i, labels in zip(train["segment_id"], train["labels"], strict=True)}
        self._asked: dict[str, tuple[str, ...]] = {}

    def ask(self, segment_id: str) -> tuple[str, ...]:
        """All labels of one segment. Costs 1 the first time, nothing after that."""
        if segment_id not in self._asked:
            if segment_id not in self._labels:
                raise C3Error(f"A label was asked for segment {segment_id}; allowed are segments of the split train.")
            self._asked[segment_id] = self._labels[segment_id]
        return self._asked[segment_id]

    @property
    def asked(self) -> list[str]:
        """Segments paid for, in the order of asking."""
        return list(self._asked)

    @property
    def cost(self) -> int:
        """Number of segments paid for."""
        return len(self._asked)

    def receipt(self) -> pd.DataFrame:
        """What was paid for: order (from 1), segment_id, labels (separated by spaces)."""
        rows = [(n, i, " ".join(labels)) for n, (i, labels) in enumerate(self._asked.items(), start=1)]
        return pd.DataFrame(rows, columns=["order", "segment_id", "labels"])
