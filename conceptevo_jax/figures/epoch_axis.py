"""Axes of training progress: ticks at the untrained network and at whole epochs.

Positions are those of `conceptevo_jax.types.progress`, so that equal distances are
equal amounts of training.
"""

import itertools
import math

from matplotlib.axes import Axes

from conceptevo_jax.epochs import Epoch, epoch_tick, progress

_MOST = 8
"""Largest number of whole epochs with a tick."""


def mark_epochs(axes: Axes, end: float) -> None:
    """Draw ticks and their labels on the horizontal axis.

    Args:
      axes: The axes; the horizontal axis shows progress.
      end: The largest progress on it.
    """
    ticks = labelled_epochs(end)
    # The position of a whole epoch does not depend on its number of steps.
    positions = [progress(epoch, 1) for epoch in ticks]
    axes.set_xticks(positions, [epoch_tick(epoch) for epoch in ticks])
    axes.set_xlabel("epoch")


def labelled_epochs(end: float) -> list[Epoch]:
    """Snapshots with a tick: `init`, and some of the whole epochs.

    Args:
      end: The largest progress on the axis.
    """
    count = math.floor(end)
    factors = itertools.cycle((2, 2.5, 2))
    step = 1
    while count > _MOST * step:
        step = int(step * next(factors))
    # On a long axis epoch 0 is so close to `init` that their ticks would overlap.
    room = step / 2
    return ["init", *(e for e in range(0, count, step) if progress(e, 1) >= room)]
