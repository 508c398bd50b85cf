"""Another pitch, microphone, distance and background, and parts left out: what sounds stays."""

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


def test_pitch_moves_by_whole_bands_and_repeats_the_edge():
    ramp = np.broadcast_to(np.arange(64, dtype=np.float32), (400, 96, 64))
    moved = augmentation.shift_pitch(np.random.default_rng(0), ramp)
    shifts = 30 - moved[:, 0, 30]
    assert set(shifts) == set(range(-3, 4))
    for window, shift in zip(moved, shifts, strict=True):
        np.testing.assert_array_equal(window[0], np.clip(np.arange(64) - shift, 0, 63))
        np.testing.assert_array_equal(window, np.broadcast_to(window[0], window.shape))


def test_left_out_are_one_stretch_of_time_and_one_of_frequency():
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(300, 96, 64)).astype(np.float32)
    left = augmentation.leave_out(rng, windows)
    gone = left != windows
    times, bands = gone.all(axis=2), gone.all(axis=1)
    assert (gone == (times[:, :, None] | bands[:, None, :])).all()
    for mask, longest in ((times, 24), (bands, 12)):
        assert set(mask.sum(axis=1)) == set(range(longest + 1))
        assert np.abs(np.diff(mask.astype(int), axis=1)).sum(axis=1).max() <= 2
    where = np.nonzero(gone)
    np.testing.assert_allclose(left[where], windows.mean(axis=(1, 2))[where[0]], rtol=1e-4, atol=1e-6)


def test_augmented_windows_keep_shape_and_type_and_differ_from_each_other():
    same = np.full((8, 96, 64), -2.0, np.float32)
    changed = augmentation.augment(np.random.default_rng(0), same)
    assert changed.shape == same.shape and changed.dtype == np.float32 and np.isfinite(changed).all()
    assert min(np.abs(one - two).max() for n, one in enumerate(changed) for two in changed[:n]) > 0.05
