"""One loop for every row: it learns, it can be interrupted, it is reproducible."""

import contextlib

import keras
import numpy as np
import pandas as pd
import pytest

from c3 import config
from c3.errors import C3Error
from c3.models import network as networks
from c3.training import curriculum, sampling

SPEC = config.Network(clusters=8, coincidence_units=32)
TRAINING = config.Training(delta_t=5, steps=12, batch=8, evaluate_every=4, held_out_pairs=8)
STAGE2 = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0})
STAGE3 = config.Row(losses={"audio_visual": 1.0, "audio_audio": 1.0, "clustering": 0.5})
STAGE4 = config.Row(losses={"classification": 1.0}, labels=config.Labels(strategy="random", budget=2))


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


@contextlib.contextmanager
def killed_after_saving_step_8(monkeypatch):
    """A training in this context is interrupted as soon as its checkpoint of step 8 is written."""
    original = curriculum.Checkpoint.save

    def save_and_stop(self, objective, rows):
        original(self, objective, rows)
        if rows[-1]["step"] == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(curriculum.Checkpoint, "save", save_and_stop)
        yield


def test_interrupted_training_goes_on_to_the_same_end(features, tmp_path, monkeypatch):
    straight, history = run(features, tmp_path / "straight")

    with killed_after_saving_step_8(monkeypatch):
        run(features, tmp_path / "killed")
    drawn = []
    draw = curriculum.Sampler.draw
    monkeypatch.setattr(curriculum.Sampler, "draw", lambda self, step: drawn.append(step) or draw(self, step))
    resumed, resumed_history = run(features, tmp_path / "killed")
    assert set(range(8)) & set(drawn) <= {0}  # 0 is drawn for the shapes and the held-out pairs
    pd.testing.assert_frame_equal(history, resumed_history, rtol=1e-5)
    np.testing.assert_allclose(weights(straight), weights(resumed), rtol=1e-4, atol=1e-6)


def test_a_checkpoint_that_is_cut_says_what_to_remove(tmp_path):
    checkpoint = curriculum.Checkpoint(tmp_path / "checkpoints", key="a")
    checkpoint.folder.mkdir()
    for content in ("", '{"weights": "x.weights', '{"history": []}', '{"weights": "gone.weights.h5", "history": []}'):
        checkpoint.state.write_text(content)
        with pytest.raises(C3Error, match=r"without the folder .*/checkpoints it begins anew"):
            checkpoint.restore(keras.Sequential([keras.layers.Dense(1)]))


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
    row = config.Row(losses={loss: 1.0}, labels=config.Labels(strategy="all") if supervised else None)
    training = TRAINING.model_copy(update={"steps": 60, "evaluate_every": 60, "batch": 16})
    labels = kinds_of(features) if supervised else None
    network = fresh(features)
    curriculum.train(network, row, training, features, 0, curriculum.Checkpoint(tmp_path, "a"), labels)
    assert same_kind_closer(features, network) > 0.2


def test_more_clusters_than_windows_is_an_error(features, tmp_path):
    network = curriculum.start(config.Network(clusters=100_000), features.spec, 0, None, [])
    with pytest.raises(C3Error, match=r"network.clusters is 100000.*144 training windows"):
        curriculum.train(network, STAGE3, TRAINING, features, 0, curriculum.Checkpoint(tmp_path, "a"))


FROZEN = config.Row(after="stage2", frozen=True, losses={"clustering": 1.0})


def stored(features, seed=0):
    return np.random.default_rng(seed).normal(size=(features.window_counts.sum(), 128)).astype(np.float32)


@pytest.mark.parametrize("factors", [1, 2])
def test_a_frozen_row_trains_the_cluster_head_alone(features, tmp_path, factors):
    spec = SPEC.model_copy(update={"clusters": 100, "cluster_factors": factors})
    network = curriculum.start(spec, features.spec, 0, None, [])
    before = {part: getattr(network, part).get_weights() for part in networks.PARTS}
    training = TRAINING.model_copy(update={"batch": 140, "learning_rate": 0.01})
    checkpoint = curriculum.Checkpoint(tmp_path, "a")
    history = curriculum.train(network, FROZEN, training, features, 0, checkpoint, stored=stored(features))
    for part, weights in before.items():
        same = [np.array_equal(*pair) for pair in zip(weights, getattr(network, part).get_weights(), strict=True)]
        assert not any(same) if part == "cluster_head" else all(same)
    assert list(history["step"]) == [4, 8, 12] and not history.isna().any().any()
    assert history["clustering"].iloc[-1] < history["clustering"].iloc[0]


def test_a_frozen_row_goes_on_to_the_same_end(features, tmp_path, monkeypatch):
    def run(folder):
        checkpoint = curriculum.Checkpoint(tmp_path / folder, "a")
        network = fresh(features)
        return network, curriculum.train(network, FROZEN, TRAINING, features, 0, checkpoint, stored=stored(features))

    straight, history = run("straight")
    with killed_after_saving_step_8(monkeypatch):
        run("killed")
    resumed, resumed_history = run("killed")
    pd.testing.assert_frame_equal(history, resumed_history, rtol=1e-5)
    np.testing.assert_allclose(weights(straight), weights(resumed), rtol=1e-4, atol=1e-6)


def test_heads_alone_learn_clusters_and_classes_of_vectors_made_elsewhere(features, tmp_path):
    """Vectors of any length whose sign is the class: the classifier finds it, from the windows that carry a label."""
    rng = np.random.default_rng(0)
    table = features.window_table()
    truth = rng.random(len(table)) < 0.5
    vectors = rng.normal(size=(len(table), 40)).astype(np.float32)
    vectors[:, 0] = np.where(truth, 3, -3)
    labelled = np.flatnonzero(table["split"] == "train")[:50]
    labels = table.loc[labelled, ["segment_id", "window"]].reset_index(drop=True)
    labels["labels"] = [["yes"] if truth[place] else ["no"] for place in labelled]
    row = config.Row(
        after="x", frozen=True, losses={"clustering": 1.0, "classification": 1.0}, labels={"strategy": "all"}
    )
    spec = SPEC.model_copy(update={"trunk": None, "embedding": 40})
    network = curriculum.start(spec, features.spec, 0, None, ["no", "yes"])
    training = TRAINING.model_copy(update={"steps": 60, "evaluate_every": 20, "learning_rate": 0.01})
    checkpoint = curriculum.Checkpoint(tmp_path, "a")
    history = curriculum.train(network, row, training, features, 0, checkpoint, labels, stored=vectors)
    assert history["classification"].iloc[-1] < 0.1 and history["active_clusters"].iloc[-1] > 1
    network.save(tmp_path / "heads.keras")
    again = networks.load(tmp_path / "heads.keras", features.spec)
    assert again.audio_trunk is None
    elsewhere = table["split"] == "validation"
    assert ((again.classify(vectors[elsewhere])[:, 1] > 0.5) == truth[elsewhere]).mean() > 0.95


def test_a_frozen_row_draws_training_windows_once_each(features):
    table = features.window_table()
    numbered = np.arange(len(table), dtype=np.float32)[:, None]
    drawn = sampling.StoredSampler(features, numbered, 100, 0).draw(3)["stored"][:, 0].astype(int)
    assert len(set(drawn)) == 100 and set(table["split"].iloc[drawn]) == {"train"}
    all_there_are = sampling.StoredSampler(features, numbered, 10_000, 0).draw(3)["stored"][:, 0]
    assert sorted(all_there_are) == list(np.flatnonzero(table["split"] == "train"))


@pytest.mark.parametrize("factors", [1, 2])
def test_cluster_measures_are_those_of_all_probabilities(features, monkeypatch, factors):
    """Some windows at a time, against float64."""
    network = curriculum.start(
        SPEC.model_copy(update={"clusters": 12, "cluster_factors": factors}), features.spec, 0, None, []
    )
    embeddings = stored(features)[:50]
    p = np.exp(np.asarray(network.log_assignments(embeddings), np.float64))
    monkeypatch.setattr(curriculum, "BLOCK", 12 * 7)
    measures = curriculum.cluster_measures(network, embeddings)
    assert measures["active_clusters"] == len(set(p.argmax(axis=1)))
    assert measures["mean_entropy"] == pytest.approx(-(p * np.log(p)).sum() / 50, rel=1e-5)
    assert measures["entropy_of_mean"] == pytest.approx(-(p.mean(0) * np.log(p.mean(0))).sum(), rel=1e-5)


def test_no_pictures_leaves_audio_pairs(features, tmp_path):
    """Rows without the audio–visual loss do not need a trunk that sees."""
    row = config.Row(losses={"audio_audio": 1.0})
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


def test_a_step_is_one_function_in_either_precision_and_the_weights_stay_float32(features, tmp_path, monkeypatch):
    """Python runs through the losses once, when the step is traced; bfloat16 gives the losses of float32, roughly."""
    traced = []
    compute = curriculum.Objective.compute_loss
    monkeypatch.setattr(
        curriculum.Objective, "compute_loss", lambda self, *a, **k: traced.append(1) or compute(self, *a, **k)
    )
    found = {}
    for precision in ("float32", "mixed_bfloat16"):
        network = curriculum.start(SPEC, features.spec, 0, None, [], precision)
        checkpoint = curriculum.Checkpoint(tmp_path / precision, "a")
        found[precision] = curriculum.train(network, STAGE3, TRAINING, features, 0, checkpoint)
        assert network.audio_trunk.layers[1].compute_dtype == precision.removeprefix("mixed_")
        assert {weight.dtype for weight in network.weights} == {"float32"}
        assert network.embed(features.grid_windows(np.arange(3))).dtype == np.float32
    assert len(traced) == 2
    np.testing.assert_allclose(found["mixed_bfloat16"]["loss"], found["float32"]["loss"], rtol=0.1)
