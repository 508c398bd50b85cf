"""The shallow classifier learns what can be learned, from what it is given and nothing else."""

import numpy as np
import pandas as pd
import pytest

from c3.config import Classifier
from c3.errors import C3Error
from c3.evaluation.shallow_classifier import Bench, label_sets

SETTINGS = Classifier(units=32, steps=80, batch=64, learning_rate=0.01)


def bench(classes=3, segments=60, windows=4, noise=0.5, seed=0):
    """Vectors that a class moves along its own axis, far from the origin and on odd scales."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((segments, classes), bool)
    truth[np.arange(segments), np.arange(segments) % classes] = True
    truth[::7, 0] = True
    if classes == 1:
        truth[::2] = False
    table = pd.DataFrame(
        {
            "segment_id": np.repeat([f"s{number:03d}" for number in range(segments)], windows),
            "split": np.repeat(np.where(np.arange(segments) < segments // 2, "train", "evaluation"), windows),
            "window": np.tile(np.arange(windows), segments),
        }
    )
    vectors = np.repeat(truth, windows, axis=0) + noise * rng.normal(size=(len(table), classes))
    vectors = (1000 + np.logspace(-2, 2, classes) * vectors).astype(np.float32)
    names = [f"/m/{number}" for number in range(classes)]
    labels = [[names[c] for c in np.flatnonzero(row)] for row in truth]
    weak = table[table["split"] == "train"][["segment_id", "window"]].reset_index(drop=True)
    weak["labels"] = [labels[int(segment[1:])] for segment in weak["segment_id"]]
    scored = [f"s{number:03d}" for number in range(segments // 2, segments)]
    return Bench(vectors, table, scored, truth[segments // 2 :], names), weak


def test_separable_classes_are_learned():
    scores = bench()
    assert scores[0].score(scores[1], SETTINGS, 0)["mAP"] > 0.95


def test_wrong_labels_are_learned_too():
    """It trains on the labels it is given: shifted by one class, they rank the truth below chance."""
    tested, weak = bench()
    shifted = {"/m/0": "/m/1", "/m/1": "/m/2", "/m/2": "/m/0"}
    wrong = weak.assign(labels=[[shifted[label] for label in labels] for labels in weak["labels"]])
    assert tested.score(wrong, SETTINGS, 0)["d_prime"] < 0 < tested.score(weak, SETTINGS, 0)["d_prime"]


def test_same_seed_same_scores():
    tested, weak = bench(noise=2)
    first, again, other = (tested.score(weak, SETTINGS, seed) for seed in (0, 0, 1))
    assert first == again != other


def test_one_class_is_a_column_like_any_other():
    tested, weak = bench(classes=1)
    assert tested.score(weak, SETTINGS, 0)["mAP"] > 0.95


@pytest.mark.parametrize("rows", [1, 5])
def test_very_few_windows_and_classes_never_seen_are_no_error(rows):
    tested, weak = bench()
    assert 0 < tested.score(weak.head(rows), SETTINGS, 0)["mAP"] <= 1


def test_the_number_of_steps_is_the_settings(monkeypatch):
    """However many labels there are, and also where the steps do not fill whole chunks."""
    monkeypatch.setattr("c3.evaluation.shallow_classifier.CHUNK", 300)
    tested, _ = bench()
    hot = np.eye(3, dtype=bool)
    for rows in (1, 90):
        network = tested._fit(np.arange(rows), np.arange(rows) % 3, hot, Classifier(units=8, steps=11, batch=64), 0)
        assert network._optimizer.t == 11


def test_a_segment_s_score_is_the_mean_over_its_windows():
    tested, _ = bench()

    class Known:
        def predict_proba(self, inputs):
            return inputs

    scores = tested._segment_scores(Known())
    standard = tested.scaler.transform(tested.vectors)
    for row, segment in enumerate([f"s{number:03d}" for number in range(30, 60)]):
        mine = (tested.windows["segment_id"] == segment).to_numpy()
        np.testing.assert_allclose(scores[row], standard[mine].mean(axis=0), rtol=1e-5, atol=1e-6)


def test_scale_and_mean_come_from_training_windows_alone():
    tested, _ = bench()
    train = (tested.windows["split"] == "train").to_numpy()
    np.testing.assert_allclose(tested.scaler.mean_, tested.vectors[train].astype(float).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(tested.scaler.scale_, tested.vectors[train].astype(float).std(axis=0), rtol=1e-3)


def test_label_sets():
    codes, hot = label_sets([["b"], ["a", "b"], ["b"], []], ["a", "b"])
    assert hot[codes].tolist() == [[False, True], [True, True], [False, True], [False, False]]
    with pytest.raises(C3Error, match=r"Label z is not in classes\.csv"):
        label_sets([["z"]], ["a", "b"])
