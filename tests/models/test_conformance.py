"""The laws that every architecture passes; a new one in the registry is found here."""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict
from PIL import Image

from conceptevo_jax.activations import Recorder, edit, perturb, tap_names
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import MODELS, Model, Variables, build_model, identity_tap
from conceptevo_jax.models.normalisation import BatchNorm

pytestmark = pytest.mark.slow

PRESETS = ("full", "small", "tiny")
CLASSES = 7


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A model with weights, images, and what a plain call of it gives."""

    model: Model
    variables: Variables
    images: jax.Array
    logits: jax.Array
    seen: dict[str, jax.Array]

    def apply(self, **options: Any) -> Any:
        return self.model.module.apply(self.variables, self.images, **options)

    def ends(self):
        """The first, a middle and the last site."""
        sites = self.model.sites
        return sites[0], sites[len(sites) // 2], sites[-1]


@pytest.fixture(scope="module", params=MODELS)
def case(request, random_variables) -> Case:
    """Presets differ in numbers alone: the narrowest one stands for all."""
    return _case(request.param, "tiny", random_variables)


def _case(name: str, preset: str, random_variables) -> Case:
    model = build_model(name, preset=preset, classes=CLASSES)
    variables, side = random_variables(model), model.size
    pixels = np.random.default_rng(1).integers(0, 256, (2, side, side, 3), np.uint8)
    images = model.normalise(jnp.asarray(pixels))
    recorder = Recorder([*_names(model, True), *_names(model, False)])
    logits = model.module.apply(variables, images, tap=recorder)
    return Case(
        model=model,
        variables=variables,
        images=images,
        logits=logits,
        seen=recorder.activations,
    )


def _names(model: Model, before_relu: bool) -> tuple[str, ...]:
    return tap_names(model.sites, before_relu=before_relu)


def _random_mask(rng: np.random.Generator, *shape: int) -> jax.Array:
    return jnp.asarray(rng.random(shape) < 0.5)


def test_no_tap_identity_and_recorder_give_the_same_logits(case):
    assert case.logits.shape == (2, CLASSES)
    assert np.isfinite(case.logits).all()
    np.testing.assert_array_equal(case.apply(), case.logits)
    np.testing.assert_array_equal(case.apply(tap=identity_tap), case.logits)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", MODELS)
def test_sites_are_visited_once_in_order_with_their_channels(name, preset):
    """By shapes alone, so that the full size costs nothing."""
    model, visited = build_model(name, preset=preset, classes=CLASSES), []

    def tap(site, activation):
        visited.append((site, activation.shape[-1], activation.ndim))
        return activation

    shape = (2, model.size, model.size, 3)
    images = jax.ShapeDtypeStruct(shape, jnp.float32)
    logits = jax.eval_shape(
        lambda v, x: model.module.apply(v, x, tap=tap), model.shapes(), images
    )
    expected = []
    for site in model.sites:
        names = [site.name] if site.pre is None else [site.pre, site.name]
        expected += [(name, site.channels, 4) for name in names]
    pools = [pool.name for pool in model.pools]
    assert [one for one in visited if one[0] not in pools] == expected
    assert [one[0] for one in visited if one[0] in pools] == pools
    assert logits.shape == (2, CLASSES)


def test_recorded_activations_are_those_linen_captures(case):
    recorder = Recorder(list(case.seen))
    _, state = case.apply(
        tap=recorder, capture_intermediates=True, mutable=["intermediates"]
    )
    outputs = flatten_dict(state["intermediates"], sep=".")
    for site in case.model.sites:
        (output,) = outputs[f"{site.name}.__call__"]
        np.testing.assert_array_equal(
            recorder.activations[site.pre or site.name], output
        )
        if site.pre is not None:
            rectified = np.maximum(np.asarray(output), 0)
            np.testing.assert_array_equal(recorder.activations[site.name], rectified)


def test_a_rectified_site_is_never_negative_and_sees_something(case):
    for site in case.model.sites:
        activation = np.asarray(case.seen[site.name])
        assert activation.max() > 0
        assert activation.min() >= 0 or not site.rectified


def test_poolings_take_the_activation_of_their_site(case):
    recorder = Recorder([pool.name for pool in case.model.pools])
    case.apply(tap=recorder)
    for pool in case.model.pools:
        maps = case.seen[pool.site]
        pooled = nn.max_pool(maps, (pool.window,) * 2, (pool.stride,) * 2)
        np.testing.assert_array_equal(recorder.activations[pool.name], pooled)


def test_one_sided_derivatives_change_no_value(case):
    module = case.model.one_sided().module
    logits = module.apply(case.variables, case.images)
    np.testing.assert_array_equal(logits, case.logits)


def test_editing_with_the_models_own_activations_is_neutral(case, rng):
    changes = {
        site.name: (_random_mask(rng, site.channels), case.seen[site.name])
        for site in case.model.sites
    }
    edited = case.apply(tap=edit(case.model, changes))
    np.testing.assert_array_equal(edited, case.logits)


def test_an_empty_mask_is_neutral_and_a_full_one_is_not(case):
    for site in case.ends():
        nothing = jnp.zeros_like(case.seen[site.name])
        mask = jnp.zeros(site.channels, bool)
        edited = case.apply(tap=edit(case.model, {site.name: (mask, nothing)}))
        np.testing.assert_array_equal(edited, case.logits)
        edited = case.apply(tap=edit(case.model, {site.name: (~mask, nothing)}))
        assert not np.array_equal(edited, case.logits)


def test_editing_an_unknown_site_lists_the_valid_ones(case):
    mask, source = jnp.ones(1, bool), jnp.zeros((1, 1, 1, 1))
    with pytest.raises(UsageError, match="'nowhere'") as caught:
        edit(case.model, {"nowhere": (mask, source)})
    assert all(site.name in str(caught.value) for site in case.model.sites)


def test_a_stack_of_masks_under_vmap_equals_a_loop(case, rng):
    for site in case.ends():
        source = case.seen[site.name][::-1]
        masks = _random_mask(rng, 3, site.channels)

        def edited(mask, site=site, source=source):
            return case.apply(tap=edit(case.model, {site.name: (mask, source)}))

        looped = np.stack([edited(mask) for mask in masks])
        np.testing.assert_allclose(
            jax.vmap(edited)(masks), looped, rtol=1e-4, atol=1e-5
        )


def test_a_perturbation_of_zero_is_neutral(case):
    zeros = {name: jnp.zeros_like(seen) for name, seen in case.seen.items()}
    np.testing.assert_array_equal(case.apply(tap=perturb(zeros)), case.logits)


def test_the_gradient_of_a_perturbation_equals_finite_differences(case, rng):
    """In float64, and along active entries: ReLU and pooling have kinks at zero."""
    # Flax's layer normalisation asks which of two types is the wider.
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        wide = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), case.variables)
        images = jnp.asarray(case.images, jnp.float64)

        @jax.jit
        @jax.value_and_grad
        def logit(eps):
            logits = case.model.module.apply(wide, images, tap=perturb(eps))
            return logits[:, 3].sum()

        ends, step = case.ends(), 1e-6
        shapes = {site.name: case.seen[site.name].shape for site in ends}
        zeros = {name: np.zeros(shape) for name, shape in shapes.items()}
        slopes = logit(zeros)[1]
        for site in ends:
            active = (case.seen[site.name] > 0) | (not site.rectified)
            along = rng.normal(size=active.shape) * np.asarray(active) * step
            up, down = (logit({**zeros, site.name: s * along})[0] for s in (1, -1))
            expected = float(np.sum(slopes[site.name] * along))
            assert float(up - down) / 2 == pytest.approx(expected, rel=1e-5)


def test_training_mode_differs_only_by_dropout_and_batch_statistics(case):
    def evaluated(call, args, kwargs, context):
        if isinstance(context.module, nn.Dropout):
            return args[0]
        if isinstance(context.module, nn.BatchNorm | BatchNorm):
            kwargs = {**kwargs, "use_running_average": True}
        return call(*args, **kwargs)

    with nn.intercept_methods(evaluated):
        logits = case.apply(train=True)
    np.testing.assert_array_equal(logits, case.logits)


def test_dropout_acts_in_training_mode_where_there_is_any(case):
    rates = []

    def noticed(call, args, kwargs, context):
        if isinstance(context.module, nn.Dropout):
            rates.append(context.module.rate)
        return call(*args, **kwargs)

    def trained(seed):
        key = jax.random.key(seed)
        return case.apply(train=True, rngs={"dropout": key}, mutable=["batch_stats"])[0]

    with nn.intercept_methods(noticed):
        first = trained(0)
    np.testing.assert_array_equal(trained(0), first)
    assert np.array_equal(trained(1), first) != (max(rates, default=0) > 0)


def test_pixels_are_scaled_and_normalised(case):
    side = case.model.size
    pixels = np.random.default_rng(1).integers(0, 256, (2, side, side, 3), np.uint8)
    mean, std = np.array(case.model.mean), np.array(case.model.std)
    np.testing.assert_allclose(case.images, (pixels / 255 - mean) / std, atol=1e-5)
    logits = case.model.logits(case.variables, jnp.asarray(pixels))
    np.testing.assert_array_equal(logits, case.logits)


def test_smaller_images_are_refused_with_advice(case):
    for enough in (0, 1, 100):
        case.model.require_size(case.model.size + enough)
    with pytest.raises(UsageError, match=f"dataset.side={case.model.size}"):
        case.model.require_size(case.model.size - 1)


def test_larger_images_are_shrunk_as_pillow_shrinks_them(case):
    """Bilinearly with antialiasing, up to the rounding of Pillow's whole numbers."""
    side = case.model.size
    pixels = np.random.default_rng(1).integers(0, 256, (2, 75, 75, 3), np.uint8)
    shrunk = np.stack(
        [
            np.asarray(
                Image.fromarray(p).resize((side, side), Image.Resampling.BILINEAR)
            )
            for p in pixels
        ]
    )
    found, expected = (case.model.normalise(jnp.asarray(p)) for p in (pixels, shrunk))
    assert found.shape == (2, side, side, 3)
    np.testing.assert_allclose(found, expected, atol=1.01 / 255 / min(case.model.std))


@pytest.mark.parametrize("name", MODELS)
def test_every_preset_has_the_sites_of_the_full_size(name):
    full, small, tiny = (
        [
            (site.name, site.rectified, site.pre, bool(site.copies))
            for site in build_model(name, preset=preset, classes=CLASSES).sites
        ]
        for preset in PRESETS
    )
    assert full == small == tiny


def test_copies_repeat_the_peaks_of_an_earlier_site(case):
    """And no other channel of a site does."""
    earlier = np.zeros((2, 0), np.float32)
    for site in case.model.sites:
        peaks = np.asarray(case.seen[site.name]).max(axis=(1, 2))
        alive = (peaks > 0).any(axis=0)
        repeats = (peaks[:, :, None] == earlier[:, None]).all(axis=0).any(axis=1)
        expected = np.isin(np.arange(site.channels), site.copies)
        np.testing.assert_array_equal(repeats[alive], expected[alive], site.name)
        earlier = np.concatenate([earlier, peaks[:, alive]], axis=1)


@pytest.mark.parametrize("name", MODELS)
def test_an_unknown_preset_lists_the_valid_ones(name):
    with pytest.raises(UsageError, match=r"'smal'.*'small'.*full, small, tiny"):
        build_model(name, preset="smal", classes=CLASSES)


@pytest.mark.parametrize("name", MODELS)
def test_receptive_fields_and_strides_are_measured(name, random_variables):
    """With weights of one sign, an infinite column shows in the cells that see it.

    Over one stride of columns, the cells that see a column number, in sum, the columns
    that a cell sees.
    """
    model = build_model(name, preset="tiny", classes=CLASSES)
    variables = jax.tree.map(np.abs, random_variables(model))
    period = max(site.stride for site in model.sites)
    field = max(site.receptive_field for site in model.sites)
    # The field on both sides of the columns, in whole cells of every site.
    width = (2 * field // period + 6) * period
    images = np.zeros((2 * period, model.size, width, 3), np.float32)
    images[np.arange(2 * period), :, width // 2 + np.arange(2 * period)] = np.inf
    seen = _trunk(model, variables, jnp.asarray(images))
    for site in model.sites:
        sees = ~np.isfinite(seen[site.name]).all(axis=(1, 3))
        assert not sees[:, [0, -1]].any(), f"{site.name}: the image is too narrow"
        assert sees[: site.stride].sum() == site.receptive_field, site.name
        shifted = sees[site.stride : 2 * site.stride, 1:]
        np.testing.assert_array_equal(shifted, sees[: site.stride, :-1])


class _LastSiteSeenError(Exception):
    """Raised to leave out the layers whose weights depend on the image's size."""


def _trunk(model: Model, variables: Variables, images: jax.Array) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def tap(site, activation):
        seen[site] = activation
        if site == model.sites[-1].name:
            raise _LastSiteSeenError
        return activation

    with pytest.raises(_LastSiteSeenError):
        model.module.apply(variables, images, tap=tap)
    return seen
