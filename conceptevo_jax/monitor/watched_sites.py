"""The sites that a monitor watches, and how a user's `apply` becomes a reader."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from conceptevo_jax.activations import Peaks, Reader
from conceptevo_jax.errors import DataError, UsageError, require_count, require_type
from conceptevo_jax.models import Variables
from conceptevo_jax.types import Site

WRAPPER_KEY = "given"
"""Sweeps take mappings; a user's variables may be any pytree, and are put into one."""


Apply = Callable[[Any, Array], Mapping[str, Array]]
"""`apply(variables, pixels)`: activations `[b h w c]` or `[b c]` by site name, of uint8
images `[b h w 3]`. It is compiled."""


def watched_sites(sites: Sequence[Site] | Mapping[str, int]) -> tuple[Site, ...]:
    """The sites to watch, checked.

    Args:
      sites: Sites in forward order, or numbers of channels by name.

    Raises:
      UsageError: for no sites, a site without channels, or a name that occurs twice.
    """
    if isinstance(sites, Mapping):
        # Patches need receptive fields; the monitor does not.
        sites = [
            Site(name=name, channels=n, rectified=False, receptive_field=1, stride=1)
            for name, n in sites.items()
        ]
    if not sites:
        raise UsageError("no sites are named: say which layers to watch.")
    hint = "Name layers with their channels, {'conv1': 64}, or give model.sites."
    for site in sites:
        require_type(site, Site, "a site", hint)
        require_count(f"channels of site {site.name}", site.channels)
    names = [site.name for site in sites]
    if len(set(names)) < len(names):
        raise UsageError(f"sites must have different names, not {names}.")
    return tuple(sites)


def peak_reader(apply: Apply, sites: Sequence[Site]) -> Reader:
    """Reduce a user's activations to their peaks.

    Args:
      apply: See `Apply`.
      sites: The sites that it returns, in the order of the peaks.
    """

    def read_peaks(wrapped: Variables, pixels: Array) -> Peaks:
        activations = apply(wrapped[WRAPPER_KEY], pixels)
        peaks = [_peaks(activations, site) for site in sites]
        values = jnp.concatenate(peaks, axis=-1)
        return Peaks(values, jnp.zeros(values.shape, jnp.int32))

    return read_peaks


def _peaks(activations: Mapping[str, Array], site: Site) -> Float[Array, "b c"]:
    if site.name not in activations:
        raise UsageError(
            f"apply gives no activation of site {site.name!r}, but of: "
            f"{', '.join(sorted(activations))}"
        )
    maps = activations[site.name]
    if maps.shape[-1] != site.channels:
        raise DataError(
            f"site {site.name} has {maps.shape[-1]} channels, not {site.channels}: "
            "the monitor was made for a different network"
        )
    flat = maps.reshape(maps.shape[0], -1, maps.shape[-1]).astype(jnp.float32)
    # XLA's max on CPU passes over NaN in all but the smallest arrays.
    bad = jnp.isnan(flat).any(axis=1)
    return jnp.where(bad, jnp.nan, flat.max(axis=1))
