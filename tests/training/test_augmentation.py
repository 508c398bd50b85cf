"""Another microphone, distance and background: the channel changes, the sound stays."""

import numpy as np

from c3.training import augmentation


def test_change_is_constant_in_time_where_the_sound_is_loud():
    """A filter adds the same curve to every row of a log spectrum; the noise does not reach loud sounds."""
    rng = np.random.default_rng(0)
    loud = rng.uniform(12, 14, size=(5, 96, 64)).astype(np.float32)
    change = augmentation.change_channel(rng, loud) - loud
    assert np.ptp(change, axis=1).max() < 0.02
    assert np.ptp(change.mean(axis=1), axis=0).min() > 0.05


def test_every_window_gets_another_channel():
    same = np.full((2, 96, 64), 10.0, np.float32)
    one, two = augmentation.change_channel(np.random.default_rng(0), same)
    assert np.abs(one - two).max() > 0.1


def test_noise_only_raises_silence():
    quiet = np.full((200, 96, 64), -30.0, np.float32)
    floor = augmentation.change_channel(np.random.default_rng(0), quiet)
    assert floor.dtype == np.float32 and np.isfinite(floor).all()
    assert -8 < floor.mean() < 3 and np.ptp(floor, axis=1).max() < 1e-3


def test_curves_have_unit_deviation_and_are_smooth():
    curves = augmentation.smooth(np.random.default_rng(0), 4000, 64)
    assert abs(curves.std() - 1) < 0.05
    assert np.abs(np.diff(curves, axis=1)).mean() < 0.25
