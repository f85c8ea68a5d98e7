"""When the monitor raises an alarm, and which.

Two measures decide, each against the best value the same run has shown so far, so that
nothing depends on architecture or data. A network that loses what it knew answers alike
whatever it sees: the selectivity of its late neurons falls to next to nothing. One that
is merely shaken still tells images apart, but its neurons select others than an epoch
before: their persistence falls, which in a healthy run only grows as it settles.

The numbers were chosen on runs of seeds 101 to 103 and are judged on others by
`conceptevo experiment=monitor_rates`; experiments/README.md has the rates.
"""

import dataclasses
from collections.abc import Mapping

from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor.report import DAMAGED, HEALTHY, LOST

JUDGED = ("selectivity", "persistence")
"""Measures whose best values are remembered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the alarms.

    Attributes:
      lost: Concepts are lost where selectivity falls below this share of its best.
      nonfinite: Or where more than this share of the neurons is not finite.
      damaged: They are damaged where persistence falls below this share of its best.
      shaken: Or selectivity below this share of its best.
    """

    lost: float = 0.2
    nonfinite: float = 0.5
    damaged: float = 0.5
    shaken: float = 0.5

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not 0 <= value <= 1:
                raise UsageError(f"rule {name} must be from 0 to 1, not {value}.")


def judge(
    measures: Mapping[str, float | None], best: Mapping[str, float], rules: Rules
) -> tuple[str, list[str]]:
    """The status of an epoch and the reasons for it.

    Args:
      measures: Of this epoch.
      best: Highest selectivity and persistence of the epochs before; empty at first.
      rules: The thresholds.
    """
    nonfinite = measures.get("nonfinite_share") or 0.0
    if nonfinite > rules.nonfinite:
        return LOST, [f"{nonfinite:.0%} of the neurons respond with NaN or infinity"]
    found = [
        (name, share, value, best[name])
        for name, share in (
            ("selectivity", rules.lost),
            ("selectivity", rules.shaken),
            ("persistence", rules.damaged),
        )
        if (value := measures.get(name)) is not None
        and name in best
        and value < share * best[name]
    ]
    told = [
        f"{name} fell to {value:.2f}, below {share:.0%} of its best {top:.2f}"
        for name, share, value, top in found
    ]
    if not found:
        return HEALTHY, []
    if found[0][:2] == ("selectivity", rules.lost):
        return LOST, [told[0], "the late neurons hardly tell images apart any more"]
    kept = "the late neurons still tell images apart"
    return DAMAGED, [*told, f"{kept} (selectivity {measures['selectivity']:.2f})"]
