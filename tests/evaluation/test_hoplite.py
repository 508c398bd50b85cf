"""A database of Perch-Hoplite, read back and searched by its own package."""

import sys

import numpy as np
import pandas as pd
import pytest

from c3.errors import C3Error
from c3.evaluation import hoplite

WINDOWS = pd.DataFrame({"segment_id": ["a_0", "a_0", "a_10", "b_0"], "window": [0, 1, 0, 0]})
MANIFEST = pd.DataFrame(
    {
        "segment_id": ["b_0", "a_10", "a_0", "unused"],
        "audio_path": ["in/b.wav", "in/a.wav", "in/a.wav", "c.wav"],
        "media_start": [0.0, 10.0, 0.0, 0.0],
    }
)


def test_search_by_example_finds_the_place(tmp_path):
    impl = pytest.importorskip("perch_hoplite.db.sqlite_usearch_impl", reason="no perch-hoplite")
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hoplite.write(tmp_path / "database", vectors, WINDOWS, MANIFEST, 0.96, "mine", "stage3/0")

    database = impl.SQLiteUSearchDB.create(str(tmp_path / "database"), readonly=True)
    assert database.count_embeddings() == 4 and database.get_all_projects() == ["mine"]
    assert [each.filename for each in database.get_all_recordings()] == ["in/a.wav", "in/b.wav"]
    for approximate in (True, False):
        best = max(database.search(vectors[2], 4, approximate=approximate), key=lambda result: result.sort_score)
        window = database.get_window(best.window_id, include_embedding=True)
        assert database.get_recording(window.recording_id).filename == "in/a.wav"
        assert window.offsets == pytest.approx([10.0, 10.96], abs=1e-5)
        assert window.embedding == pytest.approx(vectors[2], abs=1e-3)


def test_without_the_package_it_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "perch_hoplite", None)
    monkeypatch.setitem(sys.modules, "perch_hoplite.db.sqlite_usearch_impl", None)
    with pytest.raises(C3Error, match=r"the package perch-hoplite cannot be used \(.*\); allowed is an environment"):
        hoplite.write(tmp_path, np.zeros((4, 16)), WINDOWS, MANIFEST, 0.96, "mine", "row")
