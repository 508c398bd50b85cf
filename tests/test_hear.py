"""The HEAR interface: what its validator asks, and that C3 reads itself through it."""

import sys
from types import ModuleType

import numpy as np
import pytest

from c3 import config, encoders
from c3.data import media
from c3.encoders.interface import nearest
from c3.errors import C3Error


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    from c3.models.network import Network

    path = tmp_path_factory.mktemp("hear") / "network.keras"
    Network({"clusters": 8, "coincidence_units": 4}, config.Features().model_dump()).save(path)
    return str(path)


def test_c3_reads_its_own_interface(saved, real):
    """Of a real recording: at the middle of each window the vector is that of the window."""
    path = str(next(iter(sorted((real / "esc10").glob("*/*.ogg")))))
    sound = media.decode_audio(path, 0, 4, 16_000)
    direct, hear = (
        encoders.load(config.Embedding(**spec))
        for spec in ({"encoder": saved}, {"encoder": "hear:c3.hear", "weights": saved})
    )
    assert hear.sample_rate == 16_000
    times, vectors = hear.embed(sound)
    assert times[0] == 0 and np.diff(times).max() < 0.05
    expected = direct.embed(sound)[1]
    np.testing.assert_allclose(nearest(times, vectors, len(expected), 0.96), expected, rtol=1e-4, atol=1e-5)


def test_scenes_are_means_and_short_sound_has_one(saved):
    from c3 import hear

    model = hear.load_model(saved)
    sound = np.random.default_rng(0).uniform(-1, 1, (2, 40_000)).astype(np.float32)
    direct = encoders.load(config.Embedding(encoder=saved))
    expected = [direct.embed(each)[1].mean(axis=0) for each in sound]
    np.testing.assert_allclose(hear.get_scene_embeddings(sound, model), expected, rtol=1e-4, atol=1e-5)
    assert hear.get_scene_embeddings(sound[:, :100], model).shape == (2, 128)
    assert hear.get_timestamp_embeddings(sound[:, :100], model)[0].shape == (2, 1, 128)


def test_what_is_no_network_is_told(tmp_path):
    from c3 import hear

    (tmp_path / "x.keras").write_bytes(b"")
    for path in ("", str(tmp_path / "x.keras")):
        with pytest.raises(C3Error, match=r"allowed is .*scripts/train\.py"):
            hear.load_model(path)


def test_the_validator_of_hear_accepts_it(saved, monkeypatch):
    """It imports PyTorch to tell its models from TensorFlow's."""
    if "torch" not in sys.modules:
        torch = ModuleType("torch")
        torch.nn = ModuleType("torch.nn")
        torch.nn.Module = type("Module", (), {})
        monkeypatch.setitem(sys.modules, "torch", torch)
    validate = pytest.importorskip("hearvalidator.validate")
    validate.ValidateModel("c3.hear", saved, None)()
