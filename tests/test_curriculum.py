"""One loop for every row: it learns, it can be interrupted, it is reproducible."""

import numpy as np
import pandas as pd
import pytest

from c3 import config, curriculum
from c3.errors import C3Error

SPEC = config.Network(clusters=8, coincidence_units=32)
TRAINING = config.Training(steps=12, batch=8, evaluate_every=4, held_out_pairs=8)
STAGE2 = config.Model(losses={"audio_visual": 1.0, "audio_audio": 1.0}, delta_t=5)
STAGE3 = config.Model(losses={"audio_visual": 1.0, "audio_audio": 1.0, "clustering": 0.5}, delta_t=5)
STAGE4 = config.Model(losses={"classification": 1.0}, delta_t=5, labels=config.Labels(strategy="random", budget=2))


def fresh(features, classes=()):
    return curriculum.start(SPEC, features.spec, 0, None, list(classes))


def run(features, folder, row=STAGE3, training=TRAINING, labels=None):
    network = fresh(features, [] if labels is None else ["/m/a", "/m/b"])
    checkpoint = curriculum.Checkpoint(folder, key="a")
    return network, curriculum.train(network, row, training, features, 0, checkpoint, labels)


def weights(network):
    return np.concatenate([w.ravel() for w in network.get_weights()])


def test_history_has_every_measure(features, tmp_path):
    _, history = run(features, tmp_path)
    assert list(history["step"]) == [4, 8, 12]
    assert {
        "loss",
        "audio_visual",
        "audio_audio",
        "clustering",
        "auc_audio_visual",
        "auc_audio_audio",
        "active_clusters",
        "mean_entropy",
        "entropy_of_mean",
        "embedding_spread",
    } < set(history)
    assert not history.isna().any().any()
    assert (history["entropy_of_mean"] <= np.log(8) + 1e-5).all()
    weighted = history["audio_visual"] + history["audio_audio"] + 0.5 * history["clustering"]
    np.testing.assert_allclose(history["loss"], weighted, rtol=1e-4)


def test_history_holds_means_since_its_last_row(features, tmp_path):
    _, coarse = run(features, tmp_path / "coarse")
    each = TRAINING.model_copy(update={"evaluate_every": 1})
    _, fine = run(features, tmp_path / "fine", training=each)
    np.testing.assert_allclose(coarse["loss"], fine["loss"].to_numpy().reshape(3, 4).mean(axis=1), rtol=1e-3)


def test_it_learns_what_coincides(features, tmp_path):
    """Four kinds of tone, each with its own colour: held-out pairs of a kind are told from the others."""
    training = TRAINING.model_copy(update={"steps": 150, "evaluate_every": 150, "batch": 16})
    _, history = run(features, tmp_path, STAGE2, training)
    assert history["auc_audio_audio"].iloc[-1] > 0.65


def test_interrupted_training_goes_on_to_the_same_end(features, tmp_path, monkeypatch):
    straight, history = run(features, tmp_path / "straight")

    original = curriculum.Checkpoint.save

    def killed_after_saving(self, objective, rows):
        original(self, objective, rows)
        if rows[-1]["step"] == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(curriculum.Checkpoint, "save", killed_after_saving)
        run(features, tmp_path / "killed")
    drawn = []
    draw = curriculum.Sampler.draw
    monkeypatch.setattr(curriculum.Sampler, "draw", lambda self, step: drawn.append(step) or draw(self, step))
    resumed, resumed_history = run(features, tmp_path / "killed")
    assert set(range(8)) & set(drawn) <= {0}  # 0 is drawn for the shapes and the held-out pairs
    pd.testing.assert_frame_equal(history, resumed_history, rtol=1e-5)
    np.testing.assert_allclose(weights(straight), weights(resumed), rtol=1e-4, atol=1e-6)


def test_a_checkpoint_of_another_training_is_not_used(features, tmp_path):
    run(features, tmp_path)
    checkpoint = curriculum.Checkpoint(tmp_path, key="another")
    assert checkpoint.restore(None) == []


def test_consolidation_learns_the_labels(features, tmp_path):
    train = features.index[features.index["split"] == "train"]
    kind = [features.windows([i], [0])[0].mean(axis=0).argmax() // 16 for i in train.index]
    labels = pd.DataFrame(
        {
            "segment_id": train["segment_id"],
            "window": 0,
            "labels": [["/m/a"] if k < 2 else ["/m/a", "/m/b"] for k in kind],
        }
    )
    training = TRAINING.model_copy(update={"steps": 40, "evaluate_every": 20})
    _, history = run(features, tmp_path, STAGE4, training, labels)
    assert history["classification"].iloc[-1] < 0.5 * history["classification"].iloc[0]


def kinds_of(features):
    """Weak labels of the training segments: what the maker of the features knows of them."""
    train = features.index[features.index["split"] == "train"]
    kind = [features.windows([i], [0])[0].mean(axis=0).argmax() // 16 for i in train.index]
    return pd.DataFrame({"segment_id": train["segment_id"], "window": 0, "labels": [[f"/m/{k}"] for k in kind]})


def same_kind_closer(features, network):
    """Share of (anchor, same kind, other kind) of validation windows with the same kind closer, over chance."""
    held_out = np.flatnonzero(features.index["split"] == "validation")
    windows = features.windows(held_out, np.zeros(len(held_out), int))
    kind = windows.mean(axis=1).argmax(axis=1) // 16
    unit = network.embed(windows)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines, same = unit @ unit.T, kind[:, None] == kind[None]
    off = ~np.eye(len(kind), dtype=bool)
    return cosines[same & off].mean() - cosines[~same].mean()


@pytest.mark.parametrize("loss", ["triplet_labels", "triplet_proximity"])
def test_triplets_bring_a_kind_together(features, tmp_path, loss):
    supervised = loss == "triplet_labels"
    row = config.Model(losses={loss: 1.0}, delta_t=5, labels=config.Labels(strategy="all") if supervised else None)
    training = TRAINING.model_copy(update={"steps": 60, "evaluate_every": 60, "batch": 16})
    labels = kinds_of(features) if supervised else None
    network = fresh(features)
    curriculum.train(network, row, training, features, 0, curriculum.Checkpoint(tmp_path, "a"), labels)
    assert same_kind_closer(features, network) > 0.2


def test_more_clusters_than_windows_is_an_error(features, tmp_path):
    network = curriculum.start(config.Network(clusters=100_000), features.spec, 0, None, [])
    with pytest.raises(C3Error, match=r"network.clusters is 100000.*144 training windows"):
        curriculum.train(network, STAGE3, TRAINING, features, 0, curriculum.Checkpoint(tmp_path, "a"))


def test_no_pictures_leaves_audio_pairs(features, tmp_path):
    """Rows without the audio–visual loss do not need a trunk that sees."""
    row = config.Model(losses={"audio_audio": 1.0}, delta_t=5)
    _, history = run(features, tmp_path, row)
    assert {"audio_audio", "auc_audio_audio"} < set(history) and "audio_visual" not in history


def test_the_papers_trunk_takes_a_step(larger_frames, tmp_path):
    """ResNet-50 for both trunks, by the same loop."""
    spec = SPEC.model_copy(update={"trunk": "resnet50"})
    network = curriculum.start(spec, larger_frames.spec, 0, None, [])
    before = [trunk.get_weights()[0].copy() for trunk in (network.audio_trunk, network.image_trunk)]
    training = TRAINING.model_copy(update={"steps": 1, "batch": 4, "held_out_pairs": 2})
    history = curriculum.train(network, STAGE3, training, larger_frames, 0, curriculum.Checkpoint(tmp_path, "a"))
    assert np.isfinite(history["loss"]).all()
    for trunk, weights in zip((network.audio_trunk, network.image_trunk), before, strict=True):
        assert trunk.count_params() > 23_000_000
        assert not np.allclose(trunk.get_weights()[0], weights, atol=1e-5)
