"""Patches: where they lie, and that they show what made the neuron respond."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.stimuli import VIEWS, neuron_patches, patch_sheet, patch_windows
from conceptevo_jax.types import Site

SIDE = 32


@pytest.fixture
def stimuli(make_stimuli):
    """Three neurons: two at a fine site of 3 pixels, one at a coarse one of 20."""
    made = make_stimuli([[0, 1, 2], [3], [1, 0, 4]])
    fine = Site(name="a", channels=2, rectified=True, receptive_field=3, stride=1)
    coarse = Site(name="b", channels=1, rectified=True, receptive_field=20, stride=8)
    positions = np.zeros((3, 3, 2), np.int32)
    positions[0] = [[0, 0], [31, 31], [16, 5]]
    positions[1, 0] = [10, 20]
    positions[2] = [[0, 0], [1, 2], [3, 3]]
    return dataclasses.replace(
        made,
        sites=(fine, coarse),
        grids=np.array([[32, 32], [4, 4]], np.int32),
        positions=positions,
    )


@pytest.fixture
def pixels(rng):
    return rng.integers(1, 256, (5, SIDE, SIDE, 3), np.uint8)


def test_a_patch_has_the_size_of_the_receptive_field(stimuli):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    np.testing.assert_array_equal(windows.length, [3, 3, 20])
    twice = patch_windows(stimuli, side=2 * SIDE, input_size=SIDE)
    np.testing.assert_array_equal(twice.length, [6, 6, 40])


def test_it_is_centred_on_the_peaks_cell(stimuli):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    # Cell (16, 5) of a 32×32 map is pixel (16, 5); its neighbours are within 1.
    assert (windows.top[0, 2], windows.left[0, 2]) == (15, 4)
    # Cell (1, 2) of a 4×4 map has its centre at (12, 20).
    assert (windows.top[2, 1], windows.left[2, 1]) == (2, 10)


def test_at_a_border_it_is_shifted_not_clipped(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    assert (windows.top[0, 0], windows.left[0, 0]) == (0, 0)
    assert (windows.top[0, 1], windows.left[0, 1]) == (29, 29)
    for neuron, length in enumerate((3, 3, 20)):
        for patch in neuron_patches(stimuli, windows, neuron, pixels, count=3):
            assert patch.shape == (length, length, 3)


def test_every_window_lies_inside_and_holds_its_cell(stimuli):
    for side in (32, 50, 299):
        windows = patch_windows(stimuli, side=side, input_size=SIDE)
        used = stimuli.image_ids >= 0
        length = np.broadcast_to(windows.length[:, None], used.shape)[used]
        grids = np.repeat(stimuli.grids, [2, 1], axis=0)
        for start, axis in ((windows.top, 0), (windows.left, 1)):
            inside = start[used]
            assert (inside >= 0).all()
            assert (inside + length <= side).all()
            centre = (stimuli.positions[..., axis] + 0.5) * side / grids[:, None, axis]
            assert (inside <= centre[used]).all()
            assert (centre[used] <= inside + length).all()


def test_unused_slots_have_no_window_and_no_patch(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    assert (windows.top[1, 1:] == -1).all()
    assert (windows.left[1, 1:] == -1).all()
    assert len(neuron_patches(stimuli, windows, 1, pixels, count=3)) == 1


def test_the_strongest_come_first_from_their_own_images(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    patches = neuron_patches(stimuli, windows, 2, pixels, count=2)
    assert len(patches) == 2
    for patch, image, (top, left) in zip(
        patches, (1, 0), ((0, 0), (2, 10)), strict=True
    ):
        expected = pixels[image, top : top + 20, left : left + 20]
        np.testing.assert_array_equal(patch, expected)


def test_the_masked_views_add_up_to_the_image(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    for neuron in range(3):
        options = {"count": 3}
        inside = neuron_patches(
            stimuli, windows, neuron, pixels, view="mask", **options
        )
        outside = neuron_patches(
            stimuli, windows, neuron, pixels, view="inverse_mask", **options
        )
        for slot, (one, other) in enumerate(zip(inside, outside, strict=True)):
            image = pixels[stimuli.image_ids[neuron, slot]]
            np.testing.assert_array_equal(one + other, image)
            assert (one > 0).sum() == 3 * windows.length[neuron] ** 2


def test_a_share_of_the_image_replaces_the_receptive_field(stimuli):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE, share=0.3)
    np.testing.assert_array_equal(windows.length, [10, 10, 10])


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01])
def test_a_share_out_of_range_is_refused(stimuli, share):
    with pytest.raises(UsageError, match="share of a patch"):
        patch_windows(stimuli, side=SIDE, input_size=SIDE, share=share)


def test_an_unknown_view_lists_the_valid_ones(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    with pytest.raises(UsageError, match=r"'msk'.*mask.*crop"):
        neuron_patches(stimuli, windows, 0, pixels, count=1, view="msk")


@pytest.mark.parametrize("view", VIEWS)
def test_a_sheet_holds_every_neurons_patches_in_order(stimuli, pixels, view):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    chosen = np.array([2, 1])
    size = 480  # a multiple of every patch's side
    sheet = patch_sheet(stimuli, windows, chosen, pixels, count=3, size=size, view=view)
    assert sheet.pixels.shape == (2 * size, 3 * size, 3)
    np.testing.assert_array_equal(sheet.neurons, chosen)
    np.testing.assert_array_equal(sheet.used, [3, 1])
    for row, neuron in enumerate(chosen.tolist()):
        strip = sheet.strip(row)
        found = neuron_patches(stimuli, windows, neuron, pixels, count=3, view=view)
        for column, patch in enumerate(found):
            tile = strip[:, size * column : size * (column + 1)]
            at = np.arange(size) * len(patch) // size
            np.testing.assert_array_equal(tile, patch[at][:, at])
        assert (strip[:, size * len(found) :] == 255).all()


def test_larger_patches_are_averaged(stimuli, pixels):
    windows = patch_windows(stimuli, side=SIDE, input_size=SIDE)
    sheet = patch_sheet(stimuli, windows, np.array([2]), pixels, count=1, size=10)
    (patch,) = neuron_patches(stimuli, windows, 2, pixels, count=1)
    means = patch.reshape(10, 2, 10, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(sheet.pixels, means, atol=1)


def test_a_dead_neurons_row_is_blank(stimuli, pixels):
    count = np.array([0, 1, 3], np.int32)
    dead = dataclasses.replace(stimuli, count=count)
    windows = patch_windows(dead, side=SIDE, input_size=SIDE)
    sheet = patch_sheet(dead, windows, np.array([0]), pixels, count=2, size=8)
    assert sheet.used.tolist() == [0]
    assert (sheet.pixels == 255).all()
