"""The annotator counts, and answers for training segments alone."""

import pandas as pd
import pytest

from c3.errors import C3Error
from c3.labels.annotation import GroundTruth


def test_asking_costs_once():
    annotator = GroundTruth(pd.DataFrame({"segment_id": ["a", "b"], "split": "train", "labels": [["x", "y"], ["z"]]}))
    assert annotator.cost == 0
    assert annotator.ask("b") == ("z",)
    assert annotator.ask("a") == ("x", "y")
    assert annotator.ask("b") == ("z",)
    assert annotator.cost == 2 and annotator.asked == ["b", "a"]
    assert annotator.receipt().to_dict("list") == {
        "order": [1, 2],
        "segment_id": ["b", "a"],
        "labels": ["z", "x y"],
    }


@pytest.mark.parametrize("split", ["validation", "evaluation"])
def test_only_training_segments_may_be_asked(split):
    annotator = GroundTruth(pd.DataFrame({"segment_id": ["a"], "split": [split], "labels": [["x"]]}))
    with pytest.raises(C3Error, match=r"segment a; allowed are segments of the split train"):
        annotator.ask("a")
    assert annotator.cost == 0
