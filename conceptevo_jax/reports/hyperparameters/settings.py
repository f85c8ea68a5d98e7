"""Settings of the search over a method's settings."""

from dataclasses import dataclass, field
from typing import Any

from conceptevo_jax.config import Settings


@dataclass
class HyperparametersSettings(Settings, key="hyperparameters"):
    """The settings to try: one at a time, all others at the centre.

    Each run in `bases` serves as base in turn. The centre of `around_paper` is
    `methods.paper`, that of `around_default` the method in use. Both are structured
    like a method, with lists of values; an empty list tries nothing. `pool_share` is
    the share of the pool that is used.
    """

    bases: list[str] = field(default_factory=list)
    around_paper: dict[str, Any] = field(default_factory=dict)
    around_default: dict[str, Any] = field(default_factory=dict)
