"""Recordings in S3: a server on this machine (moto), Snakemake's storage plugin, a folder that nobody has a list of."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
from project import copy_project, snakemake

moto = pytest.importorskip("moto.server", reason="no moto: pip install 'moto[server]'")
boto3 = pytest.importorskip("boto3")
pytest.importorskip("snakemake_storage_plugin_s3", reason="no snakemake-storage-plugin-s3")
KEYS = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """(address of the server, bucket) with five recordings in two folders, one name with a blank."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    bucket = boto3.resource("s3", endpoint_url=address, region_name="us-east-1").Bucket("field")
    bucket.create()
    rng = np.random.default_rng(0)
    for number in range(5):
        sound = tmp_path / f"{number}.wav"
        soundfile.write(sound, rng.normal(size=16_000 * 5) * 0.1, 16_000)
        bucket.upload_file(str(sound), f"summer/{'wood' if number < 2 else 'by the lake'}/{number}.wav")
    bucket.upload_file(str(tmp_path / "0.wav"), "winter/0.wav")
    yield address, bucket
    server.stop()


def run(folder, address, *arguments, root="s3://field/summer"):
    settings = {"folder": {"root": root, "segment_seconds": 2}, "training": {"delta_t": 2, "seeds": [0]}}
    config = [f"{name}={json.dumps(value)}" for name, value in settings.items()]
    place = ("--storage-s3-endpoint-url", address)
    return snakemake(folder, *place, "--config", *config, "--", *arguments, config="config/folder.yaml")


def test_a_folder_in_a_bucket(bucket, tmp_path):
    address, contents = bucket
    folder = copy_project(tmp_path)
    done = run(folder, address, "features")
    assert done.returncode == 0, done.stdout[-5000:]
    manifest = pd.read_parquet(folder / "results/folder/manifest.parquet")
    assert set(manifest["recording_id"]) == {f"wood/{n}.wav" for n in (0, 1)} | {
        f"by the lake/{n}.wav" for n in (2, 3, 4)
    }
    assert len(pd.read_parquet(folder / "results/folder/features/index.parquet")) == 15
    assert not (folder / "results/folder/quarantine.csv").read_text().splitlines()[1:]

    again = run(folder, address, "features")
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]
    contents.upload_file(str(tmp_path / "1.wav"), "summer/wood/new.wav")
    more = run(folder, address, "data")
    assert more.returncode == 0, more.stdout[-3000:]
    manifest = pd.read_parquet(folder / "results/folder/manifest.parquet")
    assert "wood/new.wav" in set(manifest["recording_id"])


def test_a_folder_that_is_not_there(bucket, tmp_path):
    done = run(copy_project(tmp_path), bucket[0], "data", root="s3://field/autumn")
    assert done.returncode != 0 and "s3://field/autumn" in done.stdout
