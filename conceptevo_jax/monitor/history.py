"""What the monitor remembers of earlier epochs."""

from collections.abc import Mapping

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.monitor.probe_measures import ProbedSnapshot, measure
from conceptevo_jax.monitor.rules import JUDGED_MEASURES, Rules, judge
from conceptevo_jax.types import Space


class History:
    """The last two epochs, and the best values so far.

    Attributes:
      epoch: The last stored epoch; None before the first.
      before: The snapshot of the epoch before the current one.
      now: The last stored snapshot.
      best: Highest value of each measure with a rule up to `before`.
      best_now: The same up to `now`.
    """

    def __init__(self) -> None:
        self.epoch: Epoch | None = None
        self.before: ProbedSnapshot | None = None
        self.now: ProbedSnapshot | None = None
        self.best: dict[str, float] = {}
        self.best_now: dict[str, float] = {}

    def begin(self, epoch: Epoch) -> bool:
        """Advance to an epoch; True if it repeats the last stored one."""
        if epoch == self.epoch:
            return True
        self.before, self.best = self.now, self.best_now
        return False

    def judge(
        self, epoch: Epoch, probed: ProbedSnapshot, space: Space | None, rules: Rules
    ) -> tuple[str, list[str], dict[str, float | None]]:
        """Judge a snapshot by those before it, and remember it.

        Args:
          epoch: Its name, to which `begin` advanced.
          probed: The snapshot.
          space: The space its neurons are in.
          rules: When alarms are raised.

        Returns:
          The status, its reasons, and all measures by name.
        """
        measures = measure(probed, self.before, space)
        status, reasons = judge(measures, self.best, rules)
        self._remember(epoch, probed, measures)
        return status, reasons, measures

    def _remember(
        self, epoch: Epoch, probed: ProbedSnapshot, numbers: Mapping[str, float | None]
    ) -> None:
        """Remember an epoch, and the best values up to it."""
        measured_values = {
            k: v for k in JUDGED_MEASURES if (v := numbers[k]) is not None
        }
        best = {k: max(v, self.best.get(k, v)) for k, v in measured_values.items()}
        self.epoch, self.now, self.best_now = epoch, probed, self.best | best
