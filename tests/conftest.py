"""What all tests share: the real data, and small stored features, made from a seed."""

import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

from c3 import config

REAL = Path(os.environ.get("C3_REAL_DATA", Path(__file__).parents[2] / "shared" / "real"))

settings.register_profile("however busy the machine is", settings(), deadline=None)
settings.load_profile("however busy the machine is")


def pytest_collection_modifyitems(items):
    """The longest first, so that two processes end together."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)


@pytest.fixture(scope="session")
def real():
    """The folder of real data: $C3_REAL_DATA, or ../shared/real beside the repository."""
    if not REAL.is_dir():
        warnings.warn(f"tests of real data are left out: no folder {REAL}; set C3_REAL_DATA", stacklevel=1)
        pytest.skip(f"no real data in {REAL}")
    return REAL


def write_features(folder, segments=40, seconds=6.0, pixels=16, seed=0):
    """Feature shards of ``segments`` recordings with a tone and a colour for each of four hidden kinds."""
    from c3.data import store
    from c3.data.store import Extract

    spec = config.Features(frame_pixels=pixels)
    rng = np.random.default_rng(seed)

    def extracts():
        for number in range(segments):
            kind = rng.integers(4)
            rows = rng.normal(size=(round(seconds * 100) - 3, 64)) * 0.3
            rows[:, 16 * kind : 16 * kind + 8] += 2.0
            frames = np.clip(rng.normal(64 * kind, 20, size=(int(seconds), pixels, pixels, 3)), 0, 255)
            split = ("validation", "evaluation", "train", "train", "train")[number % 5]
            segment = SimpleNamespace(segment_id=f"s{number:03d}_0", recording_id=f"s{number:03d}", split=split)
            times = np.arange(int(seconds), dtype=np.float32) + 0.5
            yield segment, Extract(rows.astype(np.float32), frames.astype(np.uint8), times, seconds)

    index = store.write_shard(extracts(), spec, 0, folder / "shard-000.npy", folder / "shard-000.frames.npy")
    store.write_index(index, spec, folder / "index.parquet")
    return folder / "index.parquet"


@pytest.fixture(scope="session")
def features(tmp_path_factory):
    """:class:`c3.data.store.Features` of 40 short recordings in three splits."""
    from c3.data.store import Features

    return Features(write_features(tmp_path_factory.mktemp("features")))


@pytest.fixture
def larger_frames(tmp_path):
    """The same of 20 recordings with frames of 32 pixels, the least that ResNet-50 takes."""
    from c3.data.store import Features

    return Features(write_features(tmp_path, segments=20, pixels=32))
