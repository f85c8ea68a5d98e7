"""The axis of a training: ticks at the untrained network and at whole epochs.

Positions are those of `conceptevo_jax.types.progress`, so that equal distances are
equal amounts of training.
"""

import itertools
import math

from matplotlib.axes import Axes

from conceptevo_jax.epoch_labels import epoch_tick
from conceptevo_jax.types import Epoch, progress

_MOST = 8
"""Whole epochs that get a tick, at most."""


def mark_epochs(axes: Axes, end: float) -> None:
    """Put ticks and their labels on the horizontal axis.

    Args:
      axes: Whose axis shows progress.
      end: The largest progress on it.
    """
    ticks = labelled_epochs(end)
    # A whole epoch lies where it does whatever the number of its steps.
    positions = [progress(epoch, 1) for epoch in ticks]
    axes.set_xticks(positions, [epoch_tick(epoch) for epoch in ticks])
    axes.set_xlabel("epoch")


def labelled_epochs(end: float) -> list[Epoch]:
    """Snapshots that get a tick: `init`, and some of the whole epochs.

    Args:
      end: The largest progress on the axis.
    """
    count = math.floor(end)
    factors = itertools.cycle((2, 2.5, 2))
    step = 1
    while count > _MOST * step:
        step = int(step * next(factors))
    # On a long axis epoch 0 is so near to `init` that one tick would cover the other.
    room = step / 2
    return ["init", *(e for e in range(0, count, step) if progress(e, 1) >= room)]
