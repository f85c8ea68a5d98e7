"""The monitor's report on one epoch."""

from collections.abc import Mapping
from typing import Any

from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.types import record

HEALTHY = "healthy"
DAMAGED = "damaged, concepts persist"
"""As in the paper's Fig. 8b: such a run may recover."""

LOST = "lost"
"""As in the paper's Fig. 2b: the network no longer distinguishes images."""

UNKNOWN = "not measured"

_SHOWN = ("selectivity", "persistence", "live_share", "effective_rank", "movement")


@record
class Report:
    """One epoch of a training.

    Attributes:
      epoch: Its number or name, as passed.
      status: `HEALTHY`, `DAMAGED`, `LOST` or `UNKNOWN`.
      reasons: The reasons in words, and other remarks.
      should_stop: Whether to stop training, because the concepts are lost.
      measures: Numbers by name, see `monitor.probe_measures`; None if not available.
      seconds: Duration of the update.
    """

    epoch: Epoch
    status: str
    reasons: tuple[str, ...]
    should_stop: bool
    measures: Mapping[str, float | None]
    seconds: float

    def line(self) -> str:
        """All of it on one line, for a terminal."""
        formatted_measures = [
            f"{name.replace('_', ' ')} {value:.2f}"
            for name in _SHOWN
            if (value := self.measures.get(name)) is not None
        ]
        reasons = "; ".join(self.reasons)
        numbers = ", ".join(formatted_measures)
        return f"{epoch_label(self.epoch)}: {self.status}" + "".join(
            f" | {part}" for part in (numbers, reasons) if part
        )

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "epoch": self.epoch,
            "status": self.status,
            "reasons": list(self.reasons),
            "should_stop": self.should_stop,
            "measures": dict(self.measures),
            "seconds": self.seconds,
        }
