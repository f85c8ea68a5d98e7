"""Labels of snapshots, the same wherever people read them: the paper's convention.

Epochs count from 0: epoch k is the network after the last optimiser step of epoch k.
Other snapshots are `init`, the untrained network, and `step N`, within the first
epochs. Every axis, table, sentence and message gets its labels here; the explorer's
page has the same functions in `explorer/web/src/data/epochs.ts`.
"""

import re

from conceptevo_jax.types import Epoch

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
