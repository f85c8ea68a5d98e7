"""The interface of every architecture: logits through a tap, and facts about its sites.

A *tap* is a function `tap(site, activation) -> activation` that the model calls at
every site. Reading, editing and differentiating are three small taps; no hooks are
registered and the model has no hidden state. The identity tap costs nothing.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

from conceptevo_jax.errors import UsageError, require_seed, unknown_name
from conceptevo_jax.models.initial import Initialisation, trace_initialisation
from conceptevo_jax.models.normalisation import promote_to_float32
from conceptevo_jax.models.variables import differences, summary
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Site, Snapshot

Variables = Mapping[str, Any]
"""Flax collections: `params`, and `batch_stats` if the model has any."""

Tap = Callable[[str, Array], Array]

DTYPES = ("float32", "bfloat16")
"""The types that a model may compute in."""


def identity_tap(site: str, activation: Array) -> Array:
    """Return the activation unchanged.

    Args:
      site: Not used.
      activation: Returned unchanged.
    """
    return activation


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaxPool:
    """A max pooling that directly follows a site.

    Attributes:
      site: Name of the site.
      name: Name of the tap after the pooling.
      window: Side of its square windows, in cells.
      stride: Cells from one window to the next.
    """

    site: str
    name: str
    window: int
    stride: int


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A module with the facts about it.

    Attributes:
      name: The architecture's name in the registry.
      preset: The name of its size.
      module: Called as `module.apply(variables, images, train=…, tap=…)`.
      sites: Observed layers in forward order.
      size: Input side in pixels.
      classes: Number of logits.
      mean: Mean per RGB channel, of pixels scaled to 0..1.
      std: Standard deviation, likewise.
      pools: Max poolings that directly follow a site, in forward order.

    Example:
      >>> model.size, model.classes, [site.name for site in model.sites[:2]]
      (32, 10, ['features.0', 'features.2'])
    """

    name: str
    preset: str
    module: nn.Module
    sites: tuple[Site, ...]
    size: int
    classes: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pools: tuple[MaxPool, ...] = ()

    def init(self, seed: int) -> Variables:
        """Draw fresh variables from the distributions of the module's initialisers.

        A weight depends only on the seed, its path and its shape: it is the same on
        every machine and device, and nothing is compiled (`models/initial.py`).

        Raises:
          UsageError: for a seed out of range.
        """
        require_seed(seed)
        seed_words = stream(seed, "initial weights").integers(
            2**32, size=2, dtype=np.uint32
        )
        key = jax.random.wrap_key_data(jnp.asarray(seed_words), impl="threefry2x32")
        variables: Variables = self._initialisation.draw(key)
        return variables

    def shapes(self) -> Variables:
        """Shapes and types of the variables, without making them."""
        shapes: Variables = self._initialisation.shapes
        return shapes

    @functools.cached_property
    def _initialisation(self) -> Initialisation:
        """Traced once, since it takes a second for InceptionV3 and is needed often."""
        return trace_initialisation(self.module, (1, self.size, self.size, 3))

    def normalise(self, pixels: Num[Array, "b h w 3"]) -> Float[Array, "b s s 3"]:
        """Scale uint8 pixels to 0..1, then normalise by the model's mean and deviation.

        Larger images are shrunk to the model's size, bilinearly with antialiasing, so
        that models of different sizes can share one image set.
        """
        mean, std = (jnp.asarray(x, jnp.float32) for x in (self.mean, self.std))
        scaled: Array = pixels.astype(jnp.float32) / jnp.float32(255)
        if pixels.shape[1] != self.size:
            shape = (pixels.shape[0], self.size, self.size, 3)
            scaled = jax.image.resize(scaled, shape, "linear", antialias=True)
        return (scaled - mean[None, None, None]) / std[None, None, None]

    def logits(
        self,
        variables: Variables,
        pixels: Num[Array, "b h w 3"],
        tap: Tap = identity_tap,
    ) -> Float[Array, "b m"]:
        """Evaluation-mode logits of uint8 pixels, every site passing through `tap`.

        Args:
          variables: Flax collections.
          pixels: Images of at least the model's size, from 0 to 255.
          tap: Called with every site's name and activation; returns the activation with
            which the network continues.
        """
        images = self.normalise(pixels)
        logits = cast(Array, self.module.apply(variables, images, tap=tap))
        return promote_to_float32(logits)

    def in_dtype(self, dtype: str) -> "Model":
        """The same model, whose layers compute in `dtype`.

        Parameters, statistics of normalisation and logits stay float32, and so do sums
        of products on accelerators; activations have the type.

        Raises:
          UsageError: for a type not in `DTYPES`, or a module with a fixed type.
        """
        if dtype not in DTYPES:
            raise unknown_name("compute type", dtype, DTYPES)
        kind = None if dtype == "float32" else jnp.dtype(dtype)
        if hasattr(self.module, "dtype"):
            return dataclasses.replace(self, module=self.module.clone(dtype=kind))
        if kind is None:
            return self
        raise UsageError(
            f"{self.name} computes in float32 only: give its module an attribute "
            f"`dtype` that its layers compute in, or leave out compute={dtype}."
        )

    def one_sided(self) -> "Model":
        """The same model, whose forward-mode derivatives are one-sided at kinks.

        Only for `jax.jvp`: it does not support reverse mode. A module without an
        attribute `one_sided` keeps autodiff's derivatives.
        """
        if not hasattr(self.module, "one_sided"):
            return self
        return dataclasses.replace(self, module=self.module.clone(one_sided=True))

    def site(self, name: str) -> Site:
        """The site of that name, or `UsageError` with the valid ones."""
        for site in self.sites:
            if site.name == name:
                return site
        raise unknown_name(
            f"site of {self.name}", name, (site.name for site in self.sites)
        )

    def require_variables(self, variables: Any, noun: str = "the variables") -> None:
        """Refuse variables of another model, by tree, shapes and types.

        Floats of another precision are accepted. Nothing is compiled.

        Args:
          variables: The values to check.
          noun: The argument's description.

        Raises:
          UsageError: with the first leaves that differ, and what to do.
        """
        if not isinstance(variables, Mapping):
            load = ": give its load()" if isinstance(variables, Snapshot) else ""
            raise UsageError(
                f"{noun} must be a mapping of Flax collections, such as model.init "
                f"makes, not of type {type(variables).__name__}{load}."
            )
        faults = differences(self.shapes(), variables)
        if faults:
            raise UsageError(
                f"{noun} are not those of {self._title}: {summary(faults)}. "
                f"{self._remedy(variables)}"
            )

    @property
    def _title(self) -> str:
        return f"{self.name} ({self.preset}, {self.classes} classes)"

    def _remedy(self, variables: Variables) -> str:
        """What to do about variables that are not this model's."""
        # The registry imports this module.
        from conceptevo_jax.models.registry import fitting_model

        if not differences(self.shapes()["params"], variables):
            return f"They are parameters alone: give all of {sorted(self.shapes())}."
        if (matching_model := fitting_model(self, variables)) is not None:
            return f"They fit {matching_model._title}: build that model."
        return "Build the model that they were trained as."

    def require_labels(self, labels: Int[np.ndarray, " i"]) -> None:
        """Refuse labels of classes that the model does not have."""
        largest_label = labels.max(initial=-1)
        if largest_label >= self.classes:
            raise UsageError(
                f"{self.name} has {self.classes} classes, but the images have labels "
                f"up to {largest_label}: build it with more classes."
            )

    def require_size(self, size: int) -> None:
        """Refuse images smaller than the model's input; larger images are shrunk."""
        if size < self.size:
            raise UsageError(
                f"{self.name} ({self.preset}) takes images of {self.size} pixels or "
                f"more, not {size}: set dataset.side={self.size}."
            )


def parameter_count(variables: Variables) -> int:
    """Number of trained weights (batch statistics not counted)."""
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
