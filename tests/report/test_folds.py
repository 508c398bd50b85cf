"""One table over folds: folds and seeds apart, beside what others have published."""

from pathlib import Path

import pandas as pd
import pytest

from c3 import report
from c3.evaluation import COLUMNS
from c3.report import folds

PUBLISHED = pd.read_csv(Path(report.__file__).with_name("published.csv"))


def metrics(values):
    """log_mel's accuracy for two seeds."""
    rows = [("log_mel", "shallow_classifier", None, None, seed, "accuracy", value) for seed, value in enumerate(values)]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_folds_and_seeds_spread_apart():
    joined = folds.joined([metrics([0.2, 0.4]), metrics([0.6, 0.8])], ["fold 1", "fold 2"])
    header, (row,) = folds.numbers(joined, "accuracy")
    assert header == ["accuracy", "mean", "over folds", "over seeds", "fold 1", "fold 2"]
    assert row[1:] == ["0.500", "0.300–0.700", "0.400–0.600", "0.300", "0.700"]


def test_a_page_has_only_what_was_published_of_its_data():
    joined = folds.joined([metrics([0.2, 0.4])], ["official split"])
    columns = ["fold", "train", "validation", "evaluation", "listed"]
    clips = pd.DataFrame([("official split", 7, 2, 3, 3)], columns=columns)
    page = folds.page("mine", "UrbanSound8K", 12, joined, clips, PUBLISHED)
    assert "SB-CNN" in page and "PaSST" not in page and "A part of" not in page
    assert "| official split | 7 | 2 | 3 | 3 |" in page
    other = folds.page("mine", "other", 13, joined, clips, PUBLISHED)
    assert "Published by others" not in other
    assert "**A part of other:** of its 13 clips 12 are used and 3 are scored." in other


def test_a_fold_that_is_not_held_out_makes_it_a_part():
    joined = folds.joined([metrics([0.2]), metrics([0.4])], ["fold 1", "fold 2"])
    columns = ["fold", "train", "validation", "evaluation", "listed"]
    for scored, is_part in ((5, False), (4, True)):
        clips = pd.DataFrame([("fold 1", 5, 0, 5, 5), ("fold 2", 10 - scored, 0, scored, 5)], columns=columns)
        assert ("A part of" in folds.page("mine", "ESC-50", 10, joined, clips, PUBLISHED)) == is_part


@pytest.mark.parametrize("column", ["system", "what", "source"])
def test_every_published_number_names_its_source(column):
    assert set(PUBLISHED["data"]) == {"ESC-50", "UrbanSound8K", "FSD50K"}
    assert PUBLISHED[column].str.len().min() > 3
    assert PUBLISHED["value"].between(0, 1).all() and set(PUBLISHED["metric"]) == {"accuracy", "mAP"}
