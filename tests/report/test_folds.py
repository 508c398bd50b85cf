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
    clips = pd.DataFrame([("official split", 7, 2, 3, 3)])
    page = folds.page("mine", "UrbanSound8K", joined, clips, PUBLISHED, is_part=False)
    assert "SB-CNN" in page and "PaSST" not in page and "A part of" not in page
    assert "| official split | 7 | 2 | 3 | 3 |" in page
    assert "Published by others" not in folds.page("mine", "other", joined, clips, PUBLISHED, is_part=False)


@pytest.mark.parametrize("column", ["system", "what", "source"])
def test_every_published_number_names_its_source(column):
    assert set(PUBLISHED["data"]) == {"ESC-50", "UrbanSound8K", "FSD50K"}
    assert PUBLISHED[column].str.len().min() > 3
    assert PUBLISHED["value"].between(0, 1).all() and set(PUBLISHED["metric"]) == {"accuracy", "mAP"}
