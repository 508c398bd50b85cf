"""The network: shapes, all pairs at once, what travels in the file."""

import json
import zipfile

import keras
import numpy as np
import pytest

from c3 import clustering, config
from c3.errors import C3Error
from c3.models import network as networks
from c3.models.heads import CoincidenceHead
from c3.models.trunks import TRUNKS, BatchNormalization

FEATURES = config.Features(frame_pixels=16)


def small(classes=(), **spec):
    keras.utils.set_random_seed(0)
    return networks.Network({"clusters": 8, "coincidence_units": 12, **spec}, FEATURES.model_dump(), classes)


def batch(size=3, seed=0):
    rng = np.random.default_rng(seed)
    window = lambda: rng.normal(size=(size, 96, 64)).astype(np.float32)  # noqa: E731
    frame = rng.integers(0, 255, size=(size, 16, 16, 3)).astype(np.uint8)
    return {"audio": window(), "pair": window(), "frame": frame, "labelled": window()}


def outputs_of(network, names=("audio", "pair", "frame", "labelled")):
    """Outputs for those of a batch, by name; embeddings under the names of their inputs."""
    outputs = network({name: batch()[name] for name in names})
    return {**outputs.pop("embedding"), **outputs}


def test_outputs_have_their_shapes():
    outputs = outputs_of(small(["a", "b"]))
    shapes = {name: tuple(value.shape) for name, value in outputs.items()}
    assert shapes == {
        "audio": (3, 128),
        "pair": (3, 128),
        "frame": (3, 128),
        "labelled": (3, 128),
        "unlabelled": (6, 128),
        "audio_visual": (3, 3),
        "audio_audio": (3, 3),
        "classification": (3, 2),
    }


def test_coincidence_head_is_a_network_on_the_concatenation():
    head = CoincidenceHead(12)
    rng = np.random.default_rng(0)
    f, g = rng.normal(size=(4, 6)).astype(np.float32), rng.normal(size=(5, 6)).astype(np.float32)
    logits = np.asarray(head([f, g]))
    (wa, ba), (wb,), (wo, bo) = (layer.get_weights() for layer in (head.first, head.second, head.output_layer))
    weights = np.concatenate([wa, wb]).astype(np.float64)
    for i in range(4):
        for j in range(5):
            hidden = np.maximum(np.concatenate([f[i], g[j]]).astype(np.float64) @ weights + ba, 0)
            assert logits[i, j] == pytest.approx((hidden @ wo + bo)[0], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("trunk, low, high", [("resnet10", 0.3e6, 0.4e6), ("resnet50", 23e6, 24.5e6)])
def test_trunks_embed_in_128_dimensions(trunk, low, high):
    model = TRUNKS[trunk]((96, 64, 1), 128)
    assert low < model.count_params() < high
    assert model(np.zeros((2, 96, 64, 1), np.float32)).shape == (2, 128)


def test_saved_network_is_the_same_network(tmp_path):
    network = small(["a", "b"])
    network.embedding, network.segment_seconds = config.Embedding(encoder="hear:some").model_dump(), 5.0
    before = outputs_of(network)
    network.save(tmp_path / "network.keras")
    loaded = networks.load(tmp_path / "network.keras", FEATURES)
    assert loaded.classes == ["a", "b"]
    assert loaded.embedding == {"encoder": "hear:some", "vectors": None, "weights": None}
    assert loaded.segment_seconds == 5.0
    for name, value in outputs_of(loaded).items():
        np.testing.assert_allclose(value, before[name], rtol=1e-6, atol=1e-6)


def test_classes_are_the_sigmoid_of_the_classifier_head():
    network = small(["a", "b"])
    embeddings = np.random.default_rng(0).normal(size=(5, 128)).astype(np.float32)
    first, second = (layer.get_weights() for layer in network.classifier.layers)
    hidden = np.maximum(embeddings.astype(np.float64) @ first[0] + first[1], 0)
    expected = 1 / (1 + np.exp(-(hidden @ second[0] + second[1])))
    np.testing.assert_allclose(network.classify(embeddings, batch=2), expected, rtol=1e-5)


def test_next_stage_starts_from_the_one_before():
    keras.utils.set_random_seed(1)
    first = networks.Network({"clusters": 8, "coincidence_units": 12}, FEATURES.model_dump())
    second = small(["a"])
    second.start_from(first)
    unlabelled = ("audio", "pair", "frame")
    for name, value in outputs_of(second, unlabelled).items():
        np.testing.assert_allclose(value, outputs_of(first, unlabelled)[name], rtol=1e-6, atol=1e-6)


def test_a_cluster_head_of_another_size_starts_anew():
    first, second = small(), small(clusters=5)
    second.start_from(first)
    for mine, theirs in zip(second.audio_trunk.get_weights(), first.audio_trunk.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert second.cluster_head.get_weights()[0].shape == (128, 5)


def test_stored_embeddings_need_no_trunk():
    stored = np.ones((5, 128), np.float32)
    outputs = small()({"stored": stored})
    np.testing.assert_array_equal(outputs["unlabelled"], stored)


def test_clusters_of_a_product_head_are_pairs():
    network = small(clusters=6, cluster_factors=2)
    assert network.factors == (2, 3)
    embeddings = np.random.default_rng(0).normal(size=(4, 128)).astype(np.float32)
    kernel, bias = (weight.astype(np.float64) for weight in network.cluster_head.get_weights())
    odds = np.exp(embeddings @ kernel + bias)
    first, second = (part / part.sum(axis=1, keepdims=True) for part in (odds[:, :2], odds[:, 2:]))
    p = np.exp(network.log_assignments(embeddings))
    for cluster in range(6):
        np.testing.assert_allclose(p[:, cluster], first[:, cluster // 3] * second[:, cluster % 3], rtol=1e-4)
    cluster, confidence = clustering.assign_factored(embeddings, kernel, bias, network.factors)
    np.testing.assert_array_equal(cluster, p.argmax(axis=1))
    np.testing.assert_allclose(confidence, p.max(axis=1), rtol=1e-4)
    assert cluster.dtype == np.int32 and confidence.dtype == np.float32


def test_other_features_are_refused(tmp_path):
    small().save(tmp_path / "network.keras")
    other = FEATURES.model_copy(update={"mel_bands": 32})
    with pytest.raises(C3Error, match=r"network.keras.*features.mel_bands is 64 in the model but 32"):
        networks.load(tmp_path / "network.keras", other)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"no zip")
    with pytest.raises(C3Error, match=r"broken.keras is not a C3 network"):
        networks.load(tmp_path / "broken.keras", FEATURES)


def described(path, **changes):
    """The network in ``path`` with other entries in what describes it."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | changes)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


LAMBDA = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": {"class_name": "__lambda__"}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"module": "evil", "class_name": "Network"},
        {"module": "evil", "class_name": "Network", "registered_name": None},
        {"module": "keras.layers", "class_name": "Lambda", "registered_name": None, "config": LAMBDA["config"]},
        {"config": {"spec": LAMBDA, "features": {}, "classes": []}},
        {"config": {"spec": {}, "features": {}, "classes": [{"class_name": "get_file", "module": "keras.utils"}]}},
        {"build_config": LAMBDA},
        {"module": "builtins", "class_name": "exec", "registered_name": "exec", "config": "open('ran', 'w')"},
    ],
)
def test_a_file_from_elsewhere_runs_no_program(changes, tmp_path, monkeypatch):
    """A module of the file's own lies where Python would find it, and would leave a trace if it were imported."""
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\nclass Network: pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    small().save("network.keras")
    networks.read("network.keras")
    described("network.keras", **changes)
    with pytest.raises(C3Error, match=r"network.keras is not a C3 network \(it holds "):
        networks.read("network.keras")
    assert not (tmp_path / "ran").exists()


def test_a_network_that_is_cut_or_lacks_weights_is_refused(tmp_path):
    path = tmp_path / "network.keras"
    small().save(path)
    whole = path.read_bytes()
    for share in (0.0, 0.01, 0.5, 0.99, 0.9999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(C3Error, match=r"network.keras is not a C3 network \(.*\); allowed is"):
            networks.read(path)


def test_fused_normalization_is_that_of_keras():
    rng = np.random.default_rng(0)
    x = rng.normal(2, 3, size=(4, 6, 5, 3)).astype(np.float32)
    ours, theirs = BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for layer in (ours, theirs):
        layer.build(x.shape)
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), atol=1e-5)
    np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-5)
    n = x.size / 3
    unbiased = 1 + (np.asarray(theirs.moving_variance) - 0.9 - 0.1) * n / (n - 1) + 0.1 / (n - 1)
    np.testing.assert_allclose(ours.moving_variance, unbiased, rtol=1e-4)
    np.testing.assert_allclose(
        ours(x, training=False), (x - ours.moving_mean) / np.sqrt(ours.moving_variance + 1e-3), atol=1e-4
    )
