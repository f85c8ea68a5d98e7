"""Reading, editing and perturbing, where every activation is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conceptevo_jax.activations import (
    Peaks,
    Recorder,
    edit,
    grids,
    perturb,
    read_peaks,
    tap_names,
)
from conceptevo_jax.activations.taps import _peaks

SHAPES = [(2, 3, 4, 5), (3, 32, 32, 8)]


def maps_of(glass, scale, images, names):
    recorder = Recorder(names)
    glass.module.apply(scale, images, tap=recorder)
    return [np.asarray(recorder.activations[name]) for name in names]


def reference_peaks(maps: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    flat = [m.reshape(len(m), -1, m.shape[-1]) for m in maps]
    values = np.concatenate([m.max(axis=1) for m in flat], axis=1)
    return values, np.concatenate([m.argmax(axis=1) for m in flat], axis=1)


@pytest.mark.parametrize("before_relu", [False, True])
def test_peaks_are_maximum_and_argmax_of_each_map(glass, scale, rng, before_relu):
    # Few grey levels: most maps have their maximum several times.
    pixels = jnp.asarray(rng.integers(0, 3, (40, 4, 4, 3), "u1") * 120)
    names = tap_names(glass.sites, before_relu=before_relu)
    maps = maps_of(glass, scale, glass.normalise(pixels), names)
    peaks = jax.jit(read_peaks(glass, before_relu=before_relu))(scale, pixels)
    values, cells = reference_peaks(maps)
    np.testing.assert_array_equal(peaks.values, values)
    np.testing.assert_array_equal(peaks.cells, cells)


@pytest.mark.slow
@given(
    maps=arrays(np.float32, (2, 3, 2, 4), elements=st.sampled_from([-1.0, 0.0, 2.0]))
)
def test_the_first_of_equal_cells_is_the_peak(maps):
    values, cells = reference_peaks([maps])
    peaks = _peaks(jnp.asarray(maps))
    np.testing.assert_array_equal(peaks.values, values)
    np.testing.assert_array_equal(peaks.cells, cells)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_nan_in_a_map_shows_in_its_peak_and_no_other(shape, compiled, rng):
    """XLA's maximum on CPU passes over NaN in the larger of these arrays."""
    maps = rng.normal(size=shape).astype(np.float32)
    maps[0, -1, 1, 2], maps[1, 0, 0, 3], maps[1, 0, 1, 0] = np.nan, np.inf, -np.inf
    peaks = (jax.jit(_peaks) if compiled else _peaks)(jnp.asarray(maps))
    expected, cells = reference_peaks([maps])
    np.testing.assert_array_equal(peaks.values, expected)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.asarray(peaks.cells)[finite], cells[finite])
    assert np.all((np.asarray(peaks.cells) >= 0) & (peaks.cells < shape[1] * shape[2]))


def test_infinities_of_both_signs_count_as_nan(rng):
    maps = rng.normal(size=(1, 9, 9, 3)).astype(np.float32)
    maps[0, 4, 4, 0], maps[0, 5, 5, 0], maps[0, 6, 6, 1] = np.inf, -np.inf, -np.inf
    found = np.asarray(_peaks(jnp.asarray(maps)).values)[0]
    assert np.isnan(found).tolist() == [True, False, False]


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_maps_of_the_largest_floats_have_finite_peaks(compiled, rng):
    """Their sums overflow, in places to infinities of both signs."""
    maps = rng.choice([-3e38, 3e38], size=(2, 32, 32, 16)).astype(np.float32)
    maps[0, :, :, 1] = -3e38
    peaks = (jax.jit(_peaks) if compiled else _peaks)(jnp.asarray(maps))
    values, cells = reference_peaks([maps])
    np.testing.assert_array_equal(peaks.values, values)
    np.testing.assert_array_equal(peaks.cells, cells)


def test_before_the_relu_means_its_own_tap_where_there_is_one(glass):
    assert tap_names(glass.sites, before_relu=False) == ("first", "second")
    assert tap_names(glass.sites, before_relu=True) == ("first.pre", "second")


def test_a_recorder_keeps_what_it_was_asked_for(glass, scale, images):
    recorder = Recorder(["second"])
    glass.module.apply(scale, images, tap=recorder)
    assert list(recorder.activations) == ["second"]


def test_grids_are_the_heights_and_widths_of_the_maps(glass):
    np.testing.assert_array_equal(grids(glass), [[4, 4], [2, 2]])


def test_an_edit_swaps_the_masked_channels_alone(glass, scale, images, rng):
    source = jnp.asarray(rng.normal(size=(5, 4, 4, 3)).astype(np.float32))
    mask = jnp.array([True, False, True])
    tap = edit(glass, {"first": (mask, source)})
    edited = glass.module.apply(scale, images, tap=tap)
    kept, taken = (
        -m[:, :2, :2].sum(axis=(1, 2)) for m in (np.maximum(images, 0), source)
    )
    np.testing.assert_allclose(edited, np.where(mask, taken, kept), rtol=1e-5)


def test_an_edit_at_one_site_leaves_the_others(glass, images):
    source, mask = jnp.zeros_like(images), jnp.ones(3, bool)
    tap = edit(glass, {"first": (mask, source)})
    assert tap("second", images) is images
    np.testing.assert_array_equal(tap("first", images), source)


def test_a_perturbation_adds_at_its_site_and_is_differentiable(glass, scale, images):
    eps = jnp.zeros((5, 2, 2, 3))

    def logits(eps):
        return glass.module.apply(scale, images, tap=perturb({"second": eps})).sum()

    np.testing.assert_array_equal(jax.grad(logits)(eps), np.ones(eps.shape))
    assert logits(eps + 1) - logits(eps) == pytest.approx(5 * 4 * 3, rel=1e-5)


@pytest.mark.slow
def test_peaks_have_a_column_for_every_neuron(glass, scale):
    peaks = read_peaks(glass)(scale, jnp.zeros((2, 4, 4, 3), jnp.uint8))
    assert isinstance(peaks, Peaks)
    assert peaks.values.shape == peaks.cells.shape == (2, 6)
    assert peaks.cells.dtype == jnp.int32
