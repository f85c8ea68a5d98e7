"""Epochs: which snapshot of a run, how far into its training, and how it is labelled.

Epochs count from 0: epoch k is the network after the last optimiser step of epoch k.
Other snapshots are `init`, the untrained network, and `step N`, within the first
epochs. Every axis, table, sentence and message gets its labels here; the explorer's
page has the same functions in `explorer/web/src/data/epochs.ts`.
"""

import re
from typing import NamedTuple

Epoch = int | str
"""An epoch's number (counted from 0; the state after its last optimiser step), `"init"`
for the untrained network before it, or `"step<N>"` for a snapshot taken after N
optimiser steps, within the first epochs."""


class SnapshotId(NamedTuple):
    """Which snapshot of which run; written `run@epoch`.

    Example: `SnapshotId.parse("vgg16@3") == SnapshotId("vgg16", 3)`.

    Attributes:
      run: Name of the run, which may hold an `@` itself.
      epoch: See `Epoch`.
    """

    run: str
    epoch: Epoch

    def __str__(self) -> str:
        return f"{self.run}@{self.epoch}"

    @classmethod
    def parse(cls, name: str) -> "SnapshotId":
        """From `run@epoch`."""
        run, _, epoch = name.rpartition("@")
        return cls(run, int(epoch) if epoch.isdecimal() else epoch)


def progress(epoch: Epoch, steps_per_epoch: int) -> float:
    """Amount of training before a snapshot, in epochs: 0 for `init`, 1 for epoch 0.

    This is a position on axes of time, not a label of the snapshot; for labels see
    `epoch_tick`.

    Args:
      epoch: The snapshot's epoch.
      steps_per_epoch: Optimiser steps per epoch.
    """
    if epoch == "init":
        return 0.0
    if isinstance(epoch, str):
        return int(epoch.removeprefix("step")) / steps_per_epoch
    return float(epoch + 1)


_EARLY = re.compile(r"step(\d+)")


def epoch_tick(epoch: Epoch) -> str:
    """A snapshot next to the word `epoch`: `init`, `step 4`, `0`, `1`."""
    early = _EARLY.fullmatch(str(epoch))
    return f"step {early[1]}" if early else str(epoch)


def epoch_label(epoch: Epoch) -> str:
    """A snapshot, without its run: `init`, `step 4`, `epoch 0`."""
    tick = epoch_tick(epoch)
    return f"epoch {tick}" if tick.isdecimal() else tick


def snapshot_label(run: str, epoch: Epoch) -> str:
    """A snapshot and its run: `vgg16, epoch 0`.

    Args:
      run: The run's name or title.
      epoch: The snapshot's epoch.
    """
    return f"{run}, {epoch_label(epoch)}"
