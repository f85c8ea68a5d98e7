"""Small taps: read a site, edit its channels, differentiate through it.

None of them changes the model. A sweep over images never returns feature maps: maps
are reduced to one peak per neuron inside the same compiled call.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models import Model, Tap, Variables, identity_tap
from conceptevo_jax.models.normalisation import promote_to_float32
from conceptevo_jax.types import Site


class Peaks(NamedTuple):
    """Every neuron's response to every image of a batch.

    `values` is the maximum over the neuron's map, `cells` the row-major index of
    its cell (the first of equal ones).
    """

    values: Float[Array, "b n"]
    cells: Int[Array, "b n"]


Reader = Callable[[Variables, UInt8[Array, "b h w 3"]], Peaks]
"""Reads the peaks of a batch; any such function can be swept, with or without Flax."""


class Recorder:
    """A tap that keeps the activations of some sites, for one call of a model.

    Attributes:
      activations: Activation by tap name, filled while the model runs.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.activations: dict[str, Array] = {}

    def __call__(self, site: str, activation: Array) -> Array:
        """Keep the activation if it was requested, and pass it on."""
        if site in self.names:
            self.activations[site] = activation
        return activation


def read_activations(
    model: Model, names: Sequence[str]
) -> Callable[[Variables, Array], tuple[Float[Array, "b m"], dict[str, Array]]]:
    """A reader of whole activations, not yet compiled; for batches, not for sweeps.

    Args:
      model: The model.
      names: Taps to read.

    Returns:
      `read(variables, pixels)`: the logits, and by tap name the activation
      `[b h w c]`.
    """

    def read(
        variables: Variables, pixels: Array
    ) -> tuple[Float[Array, "b m"], dict[str, Array]]:
        recorder = Recorder(names)
        return model.logits(variables, pixels, tap=recorder), recorder.activations

    return read


def tap_names(sites: Sequence[Site], *, before_relu: bool) -> tuple[str, ...]:
    """Tap of each site; before the nonlinearity if requested and available.

    Args:
      sites: Sites of a model, in order.
      before_relu: Whether to use the tap before the nonlinearity.
    """
    return tuple(s.pre if before_relu and s.pre else s.name for s in sites)


def read_peaks(model: Model, *, before_relu: bool = False) -> Reader:
    """A reader of all sites of a Flax model, not yet compiled.

    Args:
      model: Its sites are read in order.
      before_relu: Read VGG's convolutions before their ReLU, like the authors' code.
    """
    names = tap_names(model.sites, before_relu=before_relu)

    def read(variables: Variables, pixels: UInt8[Array, "b h w 3"]) -> Peaks:
        recorder = Recorder(names)
        model.logits(variables, pixels, tap=recorder)
        peaks = [_peaks(recorder.activations[name]) for name in names]
        return Peaks(
            jnp.concatenate([peak.values for peak in peaks], axis=-1),
            jnp.concatenate([peak.cells for peak in peaks], axis=-1),
        )

    return read


def _peaks(maps: Float[Array, "b h w c"]) -> Peaks:
    """Peaks of one site, by plain reductions: XLA's argmax is slow on CPU.

    The cell is searched among the maxima of rows, then within one row: a search among
    all cells takes five times as long in large maps. XLA's max on CPU ignores NaN
    in all but the smallest arrays; a sum does not, and with a small factor on every
    cell it is finite if they are. A map that is infinite in both directions also counts
    as NaN.
    """
    _, high, wide, _ = maps.shape
    rows = jnp.max(maps, axis=2)
    values = jnp.max(rows, axis=1)
    row = _first_true(rows == values[:, None], high)
    line = jnp.take_along_axis(maps, row[:, None, None], axis=1)[:, 0]
    column = _first_true(line == values[:, None], wide)
    share = jnp.asarray(2.0**-20, maps.dtype)
    valid = ~jnp.isnan(jnp.sum(maps * share, axis=(1, 2)))
    values = jnp.where(valid, values, jnp.nan)
    return Peaks(promote_to_float32(values), row * wide + column)


def _first_true(matches: Bool[Array, "b n c"], count: int) -> Int[Array, "b c"]:
    """The first true row of each column; the last row if there is none."""
    places = jnp.arange(count, dtype=jnp.int32)[None, :, None]
    return jnp.min(jnp.where(matches, places, jnp.int32(count - 1)), axis=1)


def grids(model: Model) -> Int[Array, "s 2"]:
    """Height and width of every site's map, in cells."""
    recorder = Recorder([site.name for site in model.sites])
    pixels = jax.ShapeDtypeStruct((1, model.size, model.size, 3), jnp.uint8)
    jax.eval_shape(lambda v, x: model.logits(v, x, recorder), model.shapes(), pixels)
    shapes = [recorder.activations[site.name].shape[1:3] for site in model.sites]
    return jnp.asarray(shapes, jnp.int32)


def edit(
    model: Model,
    changes: Mapping[str, tuple[Bool[Array, " c"], Float[Array, "b h w c"]]],
) -> Tap:
    """A tap that replaces masked channels of some sites.

    Args:
      model: The model whose sites may be edited.
      changes: Per site, which channels to replace and the activation to take them
        from. For a stack of masks `vmap` this function's result, which
        computes the layers before the site once.

    Raises:
      UsageError: for a site the model does not have, with the valid ones.
    """
    valid = {site.name for site in model.sites}
    for name in changes:
        if name not in valid:
            raise unknown_name(f"site of {model.name}", name, valid)

    def tap(site: str, activation: Array) -> Array:
        if site not in changes:
            return identity_tap(site, activation)
        return swap(*changes[site], activation)

    return tap


def swap(
    mask: Bool[Array, " c"],
    source: Float[Array, "b h w c"],
    activation: Float[Array, "b h w c"],
) -> Float[Array, "b h w c"]:
    """The activation with its masked channels taken from `source`.

    Args:
      mask: Channels to replace.
      source: Source of their values.
      activation: Source of all other values.
    """
    return jnp.where(mask[None, None, None], source, activation)


def resume(name: str, activation: Float[Array, "b h w c"]) -> Tap:
    """A tap that replaces a site's activation and continues from it.

    The result does not depend on layers before the site, so the compiler leaves them
    out: the model called with this tap is its own suffix (the paper's h of Sec. 3.3).

    Args:
      name: Tap of the site.
      activation: The activation to continue from.
    """

    def tap(site: str, computed: Array) -> Array:
        return activation if site == name else computed

    return tap


def chain(*taps: Tap) -> Tap:
    """A tap that passes each activation through several, in order."""

    def tap(site: str, activation: Array) -> Array:
        for step in taps:
            activation = step(site, activation)
        return activation

    return tap


def perturb(eps: Mapping[str, Array]) -> Tap:
    """A tap that adds `eps[site]`; at zero, its gradient is that of the activation."""

    def tap(site: str, activation: Array) -> Array:
        return activation + eps[site] if site in eps else activation

    return tap
