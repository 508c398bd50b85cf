"""Neighbours of a segment, against a search by hand."""

import numpy as np
import pandas as pd

from c3.labels.neighbours import nearest
from c3.labels.strategies import Pool

# Two windows a segment, in a plane: a and b point one way, c between, d and e the other way.
WINDOWS = pd.DataFrame({"segment_id": np.repeat(list("abcde"), 2)})
ANGLES = np.radians([0, 2, 10, 14, 40, 44, 90, 92, 180, 200])
VECTORS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) * np.arange(1, 11)[:, None]  # lengths do not matter


def test_nearest_first_and_never_itself():
    assert nearest(Pool(WINDOWS, None, VECTORS, "x"), ["a", "d"]) == {"a": ["b", "c", "d"], "d": ["c", "b", "a"]}
    assert nearest(Pool(WINDOWS, None, VECTORS, "x"), ["e"], number=10) == {
        "e": ["d", "c", "a", "b"]
    }  # round the other way


def test_of_the_same_cluster_alone():
    clusters = np.array([7, 7, 3, 3, 7, 7, 3, 7, 7, 3])  # of d and e, one window each way: the lower number counts
    assert nearest(Pool(WINDOWS, clusters, VECTORS, "x"), ["a", "b"]) == {"a": ["c"], "b": ["d", "e"]}
    alone = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    assert nearest(Pool(WINDOWS, alone, VECTORS, "x"), ["a"]) == {"a": []}


def test_as_a_search_over_all_pairs():
    rng = np.random.default_rng(3)
    windows = pd.DataFrame({"segment_id": np.repeat([f"s{number:02d}" for number in range(30)], 4)})
    vectors = rng.normal(size=(120, 8)).astype(np.float32)
    means = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).reshape(30, 4, 8).mean(axis=1)
    distances = [[1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in means] for a in means]
    found = nearest(Pool(windows, None, vectors, "x"), ["s05", "s29"])
    for number in (5, 29):
        order = [place for place in np.argsort(distances[number]) if place != number][:3]
        assert found[f"s{number:02d}"] == [f"s{place:02d}" for place in order]
