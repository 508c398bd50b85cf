"""The map keeps together what is together."""

import numpy as np

from c3.evaluation import embedding_map


def test_groups_stay_together():
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(3, 8), 40, axis=0) + rng.normal(0, 0.05, (120, 8))
    windows_of = np.split(np.arange(120), 60)  # two windows a segment, twenty segments a group
    layout = embedding_map.lay_out(vectors, windows_of)
    assert layout.shape == (60, 2) and layout.min() == 0 and layout.max() == 1
    np.testing.assert_array_equal(layout, embedding_map.lay_out(vectors, windows_of))
    distance = np.linalg.norm(layout[:, None] - layout[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert (distance.argmin(axis=1) // 20 == np.arange(60) // 20).all()
