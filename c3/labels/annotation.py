"""Who answers a label request, and counts: a person by way of sheets, or the ground truth in the place of one.

A label is all positive classes of one segment; asking for it costs 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from c3.errors import C3Error


class GroundTruth:
    """The annotator simulated from a manifest: answers for training segments, and counts.

    It holds no label of any other split. ``asked`` lists the segments paid for, in order. A strategy that learns from
    the answers is given ``batch`` of them at a time; None: all that the budget allows.
    """

    def __init__(self, manifest: pd.DataFrame, batch: int | None = None):
        self.batch = batch
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
    def truth(self) -> Mapping[str, tuple[str, ...]]:
        """Segment → labels, paid for or not: for the ceiling, which is told to know them, and for nothing else."""
        return self._labels

    @property
    def answers(self) -> Mapping[str, tuple[str, ...]]:
        """Segment → labels, of all that was paid for."""
        return self._asked

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


class Person(GroundTruth):
    """Somebody who has answered some sheets and not yet the next one: what they answered is paid for already.

    answers: segment → labels. Whatever else is asked stands in the receipt, without labels.
    """

    batch = None

    def __init__(self, answers: Mapping[str, tuple[str, ...]]):
        self._asked = dict(answers)

    def ask(self, segment_id: str) -> tuple[str, ...]:
        """The labels that stand in the sheets; none yet, of a segment that is to be on the next one."""
        return self._asked.setdefault(segment_id, ())
