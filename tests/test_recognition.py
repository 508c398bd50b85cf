"""New recordings: the segments of the manifest, the classes that a network hears, and a command that goes on."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from c3 import config, recognition
from c3.data import features, media
from c3.data.sources import folder
from c3.errors import C3Error
from c3.models.network import Network

SCRIPT = Path(__file__).parents[1] / "scripts/recognise.py"
RATE = 4000
HEAR = f"""
import numpy as np
class Model:
    sample_rate = {RATE}
def load_model():
    return Model()
def get_timestamp_embeddings(audio, model):
    whole = audio.shape[1] // {RATE // 2} * {RATE // 2}
    halves = audio[:, :whole].reshape(1, -1, {RATE // 2})
    return np.stack([halves.max(-1), halves.min(-1)], -1), 500 * np.arange(halves.shape[1])[None] + 250
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Writes a network of heads alone, on a toy module's vectors: the highest and the lowest of each half second."""
    (tmp_path / "peaks_hear.py").write_text(HEAR)
    monkeypatch.syspath_prepend(tmp_path)

    def write(name="0.keras", classes=("dog", "rain"), embedding=None, seconds=2.0, seed=0):
        embedding = config.Embedding(**(embedding or {"encoder": "hear:peaks_hear"})).model_dump()
        spec = {"trunk": None, "embedding": 2, "clusters": 2}
        network = Network(spec, config.Features().model_dump(), list(classes), embedding, seconds)
        if classes:
            rng = np.random.default_rng(seed)
            network.classifier.set_weights([rng.normal(size=each.shape) for each in network.classifier.get_weights()])
        network.save(tmp_path / name)
        return tmp_path / name, network

    return write


@pytest.fixture
def recordings(tmp_path):
    """Two recordings in a tree, of 5.2 and 3 s, each half second another level; a file and a link that are no sound."""
    root, rng = tmp_path / "season 2", np.random.default_rng(0)
    (root / "site B, north").mkdir(parents=True)
    for name, halves in (("a.wav", 10), ("site B, north/b #1.wav", 6)):
        sound = np.concatenate(
            [np.append(np.full(RATE // 2 - 1, level), -level / 2) for level in rng.uniform(0.1, 0.9, halves)]
        )
        soundfile.write(root / name, np.append(sound, np.zeros(halves // 10 * 800)), RATE, "FLOAT")
    (root / "broken.flac").write_bytes(b"fLaC and no more")
    (root / "gone.mp3").symlink_to("nowhere")
    return root


@pytest.fixture
def command(monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["recognise", *map(str, arguments)])
        runpy.run_path(str(SCRIPT), run_name="__main__")

    return run


def by_hand(networks, path, start, end):
    """The mean over windows and networks, each window with the half second nearest to its middle."""
    sound = soundfile.read(path)[0][round(start * RATE) : round(end * RATE)]
    halves = [half for half in np.split(sound, range(RATE // 2, len(sound), RATE // 2)) if len(half) == RATE // 2]
    windows = [halves[round((0.96 * (k + 0.5) - 0.25) / 0.5)] for k in range(int((end - start - 0.015) / 0.96))]
    vectors = np.array([(half.max(), half.min()) for half in windows], np.float32)
    return np.mean([network.classify(vectors).mean(axis=0) for network in networks], axis=0)


def test_classes_are_the_mean_over_windows_and_networks(model, recordings, command, tmp_path):
    (first, one), (second, two) = model(), model("1.keras", seed=1)
    command(first, second, recordings, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/segments.csv")
    assert list(table) == ["segment_id", "file", "start", "end", "dog", "rain"]
    other = "site B, north/b #1.wav"
    expected = [("a.wav", 0, 2), ("a.wav", 2, 4), ("a.wav", 4, 5.2), (other, 0, 2), (other, 2, 3)]
    for row, (name, start, end) in zip(table.itertuples(), expected, strict=True):
        assert (row.segment_id, row.file) == (f"{name}_{start}", str(recordings / name))
        assert (row.start, row.end) == (start, end)
        np.testing.assert_allclose([row.dog, row.rain], by_hand([one, two], row.file, start, end), atol=6e-5)
    missing = pd.read_csv(tmp_path / "out/missing.csv")
    broken = [["broken.flac_0", str(recordings / "broken.flac"), "broken"]]
    assert missing.values.tolist() == [*broken, ["gone.mp3_0", str(recordings / "gone.mp3"), "missing"]]


def test_segments_are_those_of_the_manifest(recordings):
    section = config.Folder(root=str(recordings), segment_seconds=2)
    table, _, missing, _ = folder.manifest(section, 0.0, 0)
    paths = [*sorted(set(table["audio_path"])), *missing["path"]]
    found = pd.DataFrame(
        [
            each
            for path in paths
            for each in recognition.segments(path, str(recordings), recognition.seconds(path, 2.0), 2.0)
        ]
    )
    readable = found["audio_path"].isin(table["audio_path"])
    expected = table[list(found)]
    pd.testing.assert_frame_equal(found[readable].sort_values("segment_id", ignore_index=True), expected)
    assert found.loc[~readable, "segment_id"].tolist() == missing["segment_id"].tolist()
    assert len(missing) == 2


def test_a_file_is_probed_once(model, recordings, command, tmp_path, monkeypatch):
    probe, asked = recognition.probe, []
    monkeypatch.setattr(recognition, "probe", lambda path: asked.append(Path(path).name) or probe(path))
    command(model()[0], recordings, tmp_path / "out")
    assert asked == ["a.wav", "broken.flac", "gone.mp3", "b #1.wav"]


def test_a_run_that_is_stopped_goes_on_and_another_network_starts_anew(
    model, recordings, command, tmp_path, monkeypatch
):
    path, _ = model()
    command(path, recordings, tmp_path / "whole")
    decode, asked = media.decode_audio, []

    def killed_in_the_second_file(audio_path, *arguments):
        if audio_path.endswith("b #1.wav"):
            raise KeyboardInterrupt
        return decode(audio_path, *arguments)

    def counted(audio_path, *arguments):
        asked.append(Path(audio_path).name)
        return decode(audio_path, *arguments)

    # a batch is a segment, so that the first file is written before the second is read
    monkeypatch.setattr(recognition, "BATCH", 1)
    monkeypatch.setattr(media, "decode_audio", killed_in_the_second_file)
    with pytest.raises(KeyboardInterrupt):
        command(path, recordings, tmp_path / "out")
    assert not (tmp_path / "out/segments.csv").exists()
    monkeypatch.setattr(media, "decode_audio", counted)
    command(path, recordings, tmp_path / "out")
    assert asked == ["gone.mp3", "b #1.wav", "b #1.wav"]
    for name in ("segments.csv", "missing.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    command(path, recordings, tmp_path / "out")
    assert len(asked) == 3
    model(seed=1)
    command(path, recordings, tmp_path / "out")
    assert len(asked) == 3 + 7
    assert (tmp_path / "out/segments.csv").read_bytes() != (tmp_path / "whole/segments.csv").read_bytes()


def test_shares_of_the_files_make_the_whole(model, recordings, command, tmp_path, monkeypatch):
    path, _ = model()
    command(path, recordings, tmp_path / "whole")
    for shard in range(4):
        command(path, recordings, tmp_path / "out", "--shard", shard, "--shards", 4)
        assert not (tmp_path / "out/segments.csv").exists()
    monkeypatch.setattr(media, "decode_audio", None)
    command(path, recordings, tmp_path / "out")
    assert (tmp_path / "out/segments.csv").read_bytes() == (tmp_path / "whole/segments.csv").read_bytes()


def test_memory_is_that_of_some_segments_however_long_a_recording_is(model, monkeypatch):
    recogniser = recognition.load([str(model()[0])])
    asked, held = [], []

    def decode(path, start, seconds, rate):
        asked.append(seconds)
        return np.full(round(seconds * rate), 0.5, np.float32)

    monkeypatch.setattr(media, "decode_audio", decode)
    segments = recognition.segments("day.wav", ".", 24 * 3600.0, recogniser.segment_seconds)
    for number, _ in zip(range(1000), recognition.recognise(recogniser, iter(segments)), strict=False):
        held.append(len(asked) - number)
    assert len(segments) == 24 * 1800 and set(asked) == {2.0}
    assert max(held) * 2 < recognition.BATCH + 2  # two windows a segment


@pytest.mark.parametrize(
    "seconds, reason", [(0.0, "truncated"), (0.5, "too short"), (1.5, "truncated"), (2.0, "silent")]
)
def test_a_segment_that_cannot_be_used_has_a_reason(model, monkeypatch, seconds, reason):
    recogniser = recognition.load([str(model()[0])])
    monkeypatch.setattr(media, "decode_audio", lambda path, start, asked, rate: np.zeros(round(seconds * rate)))
    segment = recognition.Segment("a_0", "a", 0.0, 2.0, 0.0)
    assert list(recognition.recognise(recogniser, [segment])) == [(segment, reason)]


def test_networks_that_cannot_recognise_are_told(model, command, recordings, tmp_path):
    whole = str(model()[0])
    others = {
        "x.keras": ({"embedding": {"vectors": "mine.npy"}}, "trained on the vectors in mine.npy, which new recordings"),
        "y.keras": ({"classes": ()}, "y.keras knows no classes; allowed is a network of a row with the loss classifi"),
        "z.keras": ({"seconds": None}, "z.keras does not say what it was trained on; allowed is a network that this"),
        "w.keras": ({"classes": ("dog",)}, "w.keras has other classes than"),
    }
    for name, (settings, sentence) in others.items():
        path = str(model(name, **settings)[0])
        with pytest.raises(C3Error, match=sentence):
            recognition.load([whole, path])
    with pytest.raises(SystemExit, match=r"none\.keras cannot be read; allowed is a \.keras file of a row"):
        command(tmp_path / "none.keras", recordings, tmp_path / "out")


def test_windows_of_so_many_seconds_are_as_many_as_there_are_rows_for():
    spec = config.Features()
    for samples in (0, 399, 400, 15_599, 15_600, 15_760, 30_959, 30_960, 80_000):
        rows = features.log_mel(np.zeros(samples, np.float32), spec)
        assert features.windows_in(samples / 16_000, spec) == len(rows) // 96
        assert features.windows_in(3 * samples / 48_000, spec) == len(rows) // 96
