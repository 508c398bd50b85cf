"""The card of a network: all of it in the file, and said to people."""

import json
import zipfile

import pandas as pd

from c3 import config
from c3.models import card
from c3.models.network import Network, read

INDEX = pd.DataFrame(
    {"recording_id": ["a", "a", "b", "c"], "split": ["train", "train", "train", "evaluation"], "seconds": [1800.0] * 4}
)
HISTORY = pd.DataFrame({"step": [10, 20], "loss": [2.0, 1.0], "auc": [0.5, None]})
ABOUT = {"experiment": "toy", "licence": "CC BY 4.0"}


def made(name, before=None, classes=(), **row):
    training = config.Training(steps=20, batch=2)
    return card.make(name, 3, config.Row(**row), training, INDEX, HISTORY, classes, ABOUT, before)


def test_it_tells_data_labels_and_numbers_of_all_stages():
    first = made("stage1", losses={"audio_audio": 1.0})
    labels = {"strategy": "random", "budget": 2}
    last = made("stage4", first, ["/m/x"], losses={"classification": 2.0}, after="stage1", labels=labels)
    assert (last["segments"], last["recordings"], last["hours"]) == (3, 2, 1.5)
    assert last["held_out"] == {"step": 20.0, "loss": 1.0}  # what was not measured at the end is not told
    assert first["labels"] is None and last["labels"] == {"strategy": "random", "paid": 2}
    text = card.markdown(last)
    for words in (
        "| labels paid for | 2 segments, chosen by `random`, for stage4 |",
        "| licence of the recordings | CC BY 4.0 |",
        "| stage1 | audio_audio × 1 | 20 | 2 | 3 |",
        "| stage4 | classification × 2 | 20 | 2 | 3 |",
        "| loss | 1 |",
        "| recognises | /m/x |",
    ):
        assert words in text.splitlines(), words
    assert "| labels paid for | none |" in card.markdown(first)


def test_a_topline_has_paid_for_all_segments():
    topline = made("topline", losses={"triplet_labels": 1.0}, labels={"strategy": "all"})
    assert topline["labels"]["paid"] == 3


def test_it_travels_in_the_file(tmp_path):
    network = Network({"clusters": 8, "coincidence_units": 4}, config.Features(frame_pixels=16).model_dump())
    network.save(tmp_path / "without.keras")
    network.card = made("stage1", losses={"audio_audio": 1.0})
    network.save(tmp_path / "with.keras")
    assert card.read(tmp_path / "with.keras") == network.card == read(tmp_path / "with.keras").card
    assert card.read(tmp_path / "without.keras") == {}
    with zipfile.ZipFile(tmp_path / "with.keras") as archive:  # for whoever has no C3
        assert json.loads(archive.read("config.json"))["config"]["card"]["licence"] == "CC BY 4.0"
