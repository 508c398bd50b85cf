"""ONNX and LiteRT, run by their own runtimes: the numbers of Keras, of real recordings, in batches of any size."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from c3 import config, export
from c3.data import media
from c3.data.features import log_mel
from c3.errors import C3Error

ROOT = Path(__file__).parents[1]
SPEC = config.Features()
SAMPLES = 95 * 160 + 400
CLASSES = ["/m/a", "/m/b", "/m/c"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A network whose batch normalisation has seen something, its clusters a product of two, in a file with a card."""
    import keras

    from c3.models.network import Network

    keras.utils.set_random_seed(0)
    sizes = {"clusters": 16, "cluster_factors": 2, "coincidence_units": 4}
    network = Network(sizes, SPEC.model_dump(), CLASSES)
    network.audio_trunk(np.random.default_rng(0).normal(-2, 2, (32, 96, 64, 1)), training=True)
    row = {"losses": {"audio_audio": 1.0}, "steps": 9, "batch": 2, "labels": None, "held_out": {}, "before": None}
    counts = {"segments": 5, "recordings": 5, "hours": 0.1, "classes": CLASSES, "experiment": "toy"}
    network.card = {"name": "stage1", "seed": 0, "c3": "0", "licence": "CC0", **row, **counts}
    path = tmp_path_factory.mktemp("export") / "network.keras"
    network.save(path)
    return path, network


@pytest.fixture(scope="module")
def windows(real):
    """Sound (n, samples) of real recordings, and silence."""
    paths = sorted((real / "esc10").glob("*/*.ogg"))[::90]
    sounds = [media.decode_audio(str(path), 0, 3, 16_000) for path in paths]
    return np.stack([*(sound[first : first + SAMPLES] for sound in sounds for first in (0, 20_000)), np.zeros(SAMPLES)])


@pytest.fixture(scope="module")
def onnx(saved, tmp_path_factory):
    """Written by the script, with the numbers of an experiment."""
    pytest.importorskip("tf2onnx")
    folder = tmp_path_factory.mktemp("onnx")
    table = pd.DataFrame({"model": ["stage1", "other"], "evaluation": "shallow_classifier", "metric": "mAP"})
    table.assign(strategy=None, budget=None, seed=0, value=[0.5, 0.9]).to_csv(folder / "metrics.csv", index=False)
    words = [str(saved[0]), str(folder / "network.onnx"), "--metrics", str(folder / "metrics.csv")]
    done = subprocess.run([sys.executable, str(ROOT / "scripts/export.py"), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "network.onnx"


@pytest.fixture(scope="module")
def tflite(saved, tmp_path_factory):
    path = tmp_path_factory.mktemp("litert") / "network.tflite"
    export.write(saved[1], path, saved[1].card)
    return path


def run_onnx(path, sound):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    assert [each.name for each in session.get_inputs()] == ["sound"]
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {"sound": sound}), strict=True))


def run_litert(path, sound):
    runner = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(str(path)).get_signature_runner()
    (name,) = runner.get_input_details()
    return runner(**{name: sound})


@pytest.mark.parametrize(("form", "run"), [("onnx", run_onnx), ("tflite", run_litert)])
def test_the_numbers_are_those_of_keras(request, saved, windows, form, run):
    path, network = request.getfixturevalue(form), saved[1]
    embedding = network.embed(np.stack([log_mel(sound, SPEC) for sound in windows]))
    expected = {
        "embedding": embedding,
        "clusters": np.exp(np.asarray(network.log_assignments(embedding))),
        "classes": network.classify(embedding),
    }
    assert embedding.std() > 0.01
    for count in (len(windows), 1):
        found = run(path, windows[:count].astype(np.float32))
        assert set(found) == set(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values[:count], atol=1e-4, rtol=0)


def test_the_card_travels_in_onnx(saved, onnx):
    props = pytest.importorskip("onnxruntime").InferenceSession(str(onnx)).get_modelmeta().custom_metadata_map
    card = json.loads(props["c3_card"])
    assert card.pop("evaluations") == {"shallow_classifier": {"stage1": {"mAP": 0.5}}}
    assert card == saved[1].card


def test_the_card_travels_in_litert(saved, tflite):
    with zipfile.ZipFile(tflite) as archive:
        assert json.loads(archive.read("card.json")) == saved[1].card
        assert archive.read("classes.txt").decode().split() == CLASSES
        assert "| licence of the recordings | CC0 |" in archive.read("card.md").decode()


def test_a_network_without_factors_and_classes(windows):
    from c3.models.network import Network

    network = Network({"clusters": 8, "coincidence_units": 4}, SPEC.model_dump())
    found = export.function(network).predict(windows, verbose=0)
    assert set(found) == {"embedding", "clusters"}
    embedding = network.embed(np.stack([log_mel(sound, SPEC) for sound in windows]))
    np.testing.assert_allclose(found["embedding"], embedding, atol=1e-4)
    np.testing.assert_allclose(found["clusters"], np.exp(np.asarray(network.log_assignments(embedding))), atol=1e-4)


def test_other_files_are_refused(saved, tmp_path):
    with pytest.raises(C3Error, match=r"network\.pb ends in '\.pb'; allowed are \.onnx and \.tflite"):
        export.write(saved[1], tmp_path / "network.pb", {})
    assert not list(tmp_path.iterdir())
