"""Settings of the demo's run that first learns and later collapses."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MISSING, Settings


@dataclass
class CollapseRule:
    """Accuracies by which a run counts as having first learnt and later collapsed."""

    run: str = MISSING
    learns: float = 0.5
    collapses: float = 0.2
    seeds: list[int] = MISSING


@dataclass
class CollapseSettings(Settings):
    """The failing run, None if there is none; a scale sets its seeds."""

    collapse: CollapseRule | None = None
    collapse_seeds: list[int] = field(default_factory=list)
