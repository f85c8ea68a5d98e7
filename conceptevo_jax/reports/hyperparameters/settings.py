"""Which settings of a method are tried."""

from dataclasses import dataclass, field
from typing import Any

from conceptevo_jax.config import Settings


@dataclass
class HyperparametersSettings(Settings, key="hyperparameters"):
    """Which settings are tried: one at a time, all others as in the centre.

    Each run in `bases` serves as base in turn. Of `around_paper` the centre is
    `methods.paper`, of `around_default` the method in use. Both are laid out as a
    method is, with lists of values; an empty list tries nothing. `pool_share` is the
    share of the pool that is used.
    """

    bases: list[str] = field(default_factory=list)
    around_paper: dict[str, Any] = field(default_factory=dict)
    around_default: dict[str, Any] = field(default_factory=dict)
