"""When the monitor raises which alarm.

Two measures decide, each compared with its best value so far in the same run, so that
little depends on architecture or data. A network that loses what it learnt responds to
all images equally: the selectivity of its late neurons falls to nearly nothing. A
network that is only damaged still distinguishes images, but its neurons select other
images than in the epoch before: their persistence falls, which in a healthy run only
grows.

A run that was dead from its first epoch has no better value to fall from. So there are
also floors, for selectivity and for the share of live neurons, far below the values of
untrained networks.

The shares were chosen on runs of seeds 101 to 103, the floors on 201 and 202. They are
tested on other seeds by `conceptevo experiment=monitor_rates`; experiments/README.md
has the rates.
"""

import dataclasses
from collections.abc import Mapping

from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor.epoch_report import DAMAGED, HEALTHY, LOST

JUDGED_MEASURES = ("selectivity", "persistence")
"""Measures whose best values are remembered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the alarms.

    Attributes:
      lost: Concepts are lost if selectivity falls below this share of its best.
      nonfinite: They are also lost if more than this share of the neurons is not
        finite.
      damaged: They are damaged if persistence falls below this share of its best.
      shaken: They are also damaged if selectivity falls below this share of its best.
      least_selectivity: Concepts are lost if selectivity is below this, independent of
        its best.
      least_live: They are damaged if a smaller share of the neurons is live.
    """

    lost: float = 0.2
    nonfinite: float = 0.5
    damaged: float = 0.5
    shaken: float = 0.5
    least_selectivity: float = 0.02
    least_live: float = 0.2

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
    silent_reasons = _describe_shortfall(measures, "live_share", rules.least_live)
    lost_reasons = [
        *_describe_fall(measures, best, "selectivity", rules.lost),
        *_describe_shortfall(measures, "selectivity", rules.least_selectivity),
    ]
    if lost_reasons:
        return LOST, [
            *lost_reasons,
            *silent_reasons,
            "the late neurons hardly tell images apart",
        ]
    damaged_reasons = [
        *_describe_fall(measures, best, "selectivity", rules.shaken),
        *_describe_fall(measures, best, "persistence", rules.damaged),
        *silent_reasons,
    ]
    if not damaged_reasons:
        return HEALTHY, []
    return DAMAGED, [*damaged_reasons, *_still_selective(measures)]


def _still_selective(measures: Mapping[str, float | None]) -> list[str]:
    """The reason why a damaged network is not lost, in words; empty if unknown."""
    selectivity = measures.get("selectivity")
    if selectivity is None:
        return []
    remark = "the late neurons still tell images apart"
    return [f"{remark} (selectivity {selectivity:.2f})"]


def _describe_fall(
    measures: Mapping[str, float | None],
    best_measures: Mapping[str, float],
    name: str,
    share: float,
) -> list[str]:
    """A message if a measure is below this share of its best; nothing if not."""
    value = measures.get(name)
    if (
        value is None
        or name not in best_measures
        or value >= share * best_measures[name]
    ):
        return []
    bound_text = f"{share:.0%} of its best {best_measures[name]:.2f}"
    return [f"{name} fell to {value:.2f}, below {bound_text}"]


def _describe_shortfall(
    measures: Mapping[str, float | None], name: str, floor: float
) -> list[str]:
    """A message if a measure is below a floor; nothing if not."""
    value = measures.get(name)
    if value is None or value >= floor:
        return []
    return [f"{name.replace('_', ' ')} is {value:.3f}, below {floor}"]
