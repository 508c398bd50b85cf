"""Packs made as their authors make them: members are found by name, and sound as the files that were packed."""

import gzip
import io
import json
import tarfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from c3.data import media, packs
from c3.data.probe import probe
from c3.data.sources import lists
from c3.data.sources.files import COMPRESSED, check_found, find_packed
from c3.errors import C3Error

NAMES = ["--PJHxphWEs", "YaBcDeFgHiJ", "X_11.708_13.970"]


def sounds(rate, kind):
    """A tone for each name: the bytes of a file of this kind."""
    files = []
    for number in range(len(NAMES)):
        tone = 0.5 * np.sin(2 * np.pi * 300 * (number + 1) * np.arange(rate) / rate)
        buffer = io.BytesIO()
        soundfile.write(buffer, tone, rate, format=kind)
        files.append(buffer.getvalue())
    return files


def parquet(folder):
    """As `datasets` writes a column Audio, in groups of few rows."""
    audio = [{"bytes": data, "path": f"{name}.flac"} for name, data in zip(NAMES, sounds(48_000, "FLAC"), strict=True)]
    audio_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"video_id": NAMES, "audio": pa.array(audio, audio_type), "labels": [["/m/09x0r"]] * 3})
    pq.write_table(table, folder / "bal_train.parquet", row_group_size=2)


def tar(folder):
    """As LAION's audio-dataset packs it: the sound, and beside it JSON."""
    with tarfile.open(folder / "0.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in zip(NAMES, sounds(48_000, "FLAC"), strict=True):
            for ending, content in (("flac", data), ("json", json.dumps({"tag": ["Speech"]}).encode())):
                entry = tarfile.TarInfo(f"train/{name}.{ending}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))


def panns(folder, kind=np.int16):
    """As PANNs' pack_waveforms_to_hdf5 packs: clips of one length; of one that was not there, zeros without a name."""
    with h5py.File(folder / "waveforms.h5", "w") as file:
        file.attrs.create("sample_rate", data=32_000, dtype=np.int32)
        file.create_dataset("audio_name", shape=(4,), dtype="S20")
        file.create_dataset("waveform", shape=(4, 32_000), dtype=kind)
        file.create_dataset("target", shape=(4, 527), dtype=bool)
        for row, (name, data) in enumerate(zip(NAMES, sounds(32_000, "WAV"), strict=True), start=1):
            samples = soundfile.read(io.BytesIO(data), dtype="int16")[0]
            file["audio_name"][row] = f"Y{name}.wav".encode()
            file["waveform"][row] = samples if kind == np.int16 else samples / 32768


def passt(folder):
    """As PaSST packs mp3: bytes of variable length, names with the folder of the part."""
    with h5py.File(folder / "unbalanced.hdf", "w") as file:
        file.create_dataset("audio_name", data=np.array([f"07/Y{name}.mp3" for name in NAMES], "S25"))
        file.create_dataset("mp3", (3,), h5py.vlen_dtype(np.uint8))
        file.create_dataset("target", data=np.zeros((3, 66), np.uint8))
        for row, data in enumerate(sounds(32_000, "MP3")):
            file["mp3"][row] = np.frombuffer(data, np.uint8)


def ced(folder):
    """As CED's wavlist_to_hdf5 packs: a waveform under the name of each file, and no rate."""
    with h5py.File(folder / "eval_0.h5", "w") as file:
        for name, data in zip(NAMES, sounds(16_000, "WAV"), strict=True):
            file[f"{name}.wav"] = soundfile.read(io.BytesIO(data), dtype="int16")[0]


def ced_in_folders(folder):
    """The same with --fullname: the name has the folders."""
    with h5py.File(folder / "eval_0.h5", "w") as file:
        for name, data in zip(NAMES, sounds(16_000, "WAV"), strict=True):
            file[f"data/eval/{name}.wav"] = soundfile.read(io.BytesIO(data), dtype="int16")[0]


FORMS = {
    "parquet": (parquet, ""),
    "tar": (tar, ""),
    "PANNs": (panns, "Y"),
    "PANNs in float32": (lambda folder: panns(folder, np.float32), "Y"),
    "PaSST": (passt, "Y"),
    "CED": (ced, ""),
    "CED with folders": (ced_in_folders, ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_members_are_found_and_sound_as_they_are(tmp_path, form):
    make, before = FORMS[form]
    make(tmp_path)
    files = find_packed(tmp_path).set_index("stem")
    assert set(files.index) == {before + name for name in NAMES}
    files = files.loc[[before + name for name in NAMES]]  # of CED's they stand in the order of their names
    for row, path in reversed(list(enumerate(files["path"]))):
        assert probe(path).seconds == pytest.approx(1, abs=0.06)
        samples = media.decode_audio(path, 0.25, 0.5, 16_000)
        assert len(samples) == 8000
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(8000)))
        assert spectrum.argmax() / 0.5 == pytest.approx(300 * (row + 1), abs=4)
    with pytest.raises(media.Quarantined, match="missing"):
        media.decode_audio(path.replace("#", "#99"), 0, 1, 16_000)


def test_a_film_in_a_tar(tmp_path, encoded):
    with tarfile.open(tmp_path / "films.tar", "w") as archive:
        archive.add(encoded["mp4"], "a/--PJHxphWEs.mp4")
    (path,) = find_packed(tmp_path)["path"]
    assert path == f"{tmp_path / 'films.tar'}#a/--PJHxphWEs.mp4"
    for read in (
        lambda place: (media.decode_audio(place, 1.3, 2.0, 16_000),),
        lambda place: media.decode_frames(place, 1.0, 2.0, 2.0, 16),
    ):
        for mine, expected in zip(read(path), read(encoded["mp4"]), strict=True):
            np.testing.assert_array_equal(mine, expected)


def test_a_pack_written_anew_is_read_anew(tmp_path):
    for level in (0.5, 0.25):
        with h5py.File(tmp_path / "new", "w") as file:
            file.attrs["sample_rate"] = 16_000
            file["audio_name"] = np.array(["Yabcdefghijk.wav"], "S20")
            file["waveform"] = np.full((1, 1600 if level == 0.5 else 3200), level, np.float32)
        (tmp_path / "new").replace(tmp_path / "a.h5")
        path = f"{tmp_path / 'a.h5'}#00000000.wav"
        np.testing.assert_allclose(media.decode_audio(path, 0, 0.1, 16_000), level)


@pytest.mark.parametrize("name", ["a.parquet", "a.tar", "a.h5"])
def test_a_pack_that_is_broken_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"no pack at all" * 100)
    with pytest.raises(OSError, match=name):
        packs.members(str(tmp_path / name))
    with pytest.raises(Exception, match=f"{name} cannot be read; allowed is a pack of media"):
        find_packed(tmp_path)


def test_a_pack_whose_content_is_broken_is_named(tmp_path, monkeypatch):
    """h5py opens a file of which it cannot read every part."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["audio_name"], file["waveform"] = np.array(["a.wav"], "S20"), np.zeros((1, 100), np.float32)
    for error in (KeyError("bad version number"), RuntimeError("free block size is zero?")):
        monkeypatch.setattr(packs.Hdf5, "members", lambda _, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(OSError, match=r"a\.h5: .*(bad version|free block)"):
            packs.members(str(tmp_path / "a.h5"))


def test_shards_that_webdataset_has_written(tmp_path):
    """With that library's own writer, which lets no key hold a dot."""
    webdataset = pytest.importorskip("webdataset")
    with webdataset.TarWriter(str(tmp_path / "0.tar")) as writer:
        for name, data in zip(NAMES[:2], sounds(48_000, "FLAC")[:2], strict=True):
            writer.write({"__key__": name, "flac": data, "json": {"tags": ["Speech"], "text": "x"}})
    files = find_packed(tmp_path)
    assert files["stem"].tolist() == NAMES[:2]
    assert probe(files["path"][1]).seconds == 1
    listed = lists.read(tmp_path / "0.tar")
    assert listed["ytid"].tolist() == NAMES[:2] and set(listed["labels"]) == {"Speech"}


@pytest.mark.parametrize("ending", ["tar.gz", "TGZ", "tar.zst"])
def test_a_compressed_tar_is_passed_over_and_said(tmp_path, ending):
    tar(tmp_path)
    whole = find_packed(tmp_path)
    (tmp_path / f"1.{ending}").write_bytes(gzip.compress((tmp_path / "0.tar").read_bytes()))
    files = find_packed(tmp_path)
    assert len(files) == len(whole) + 1
    assert files.loc[files["ignored"] != "", "ignored"].tolist() == [COMPRESSED]
    (tmp_path / "0.tar").unlink()
    with pytest.raises(
        C3Error, match=r"No media found .* among 1 files \(1 compressed tar, to be decompressed first\)"
    ):
        check_found(find_packed(tmp_path), tmp_path)
