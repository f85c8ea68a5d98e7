"""Which run of the demo learns first and collapses later."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MISSING, Settings


@dataclass
class CollapseRule:
    """When a run counts as having learnt first and collapsed later."""

    run: str = MISSING
    learns: float = 0.5
    collapses: float = 0.2
    seeds: list[int] = MISSING


@dataclass
class CollapseSettings(Settings):
    """The failing run, None without any; a scale says under which seeds."""

    collapse: CollapseRule | None = None
    collapse_seeds: list[int] = field(default_factory=list)
