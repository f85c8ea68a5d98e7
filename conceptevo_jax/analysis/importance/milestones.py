"""Between which snapshots concepts evolve: milestones of training accuracy (Sec. 4.4).

The paper takes the epochs whose top-1 training accuracy is nearest 25, 50 and 75 %.
"""

import itertools
import math
from collections.abc import Iterable, Sequence

from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.training import Row
from conceptevo_jax.types import record

SHARES = (0.25, 0.5, 0.75)

ACCURACIES = {"eval": "train_top1", "running": "running_top1"}
"""Measured in evaluation mode on a fixed sample, or counted while the epoch ran."""


@record
class Milestones:
    """Snapshots of one run, in order.

    Attributes:
      epochs: The epochs of the snapshots.
      accuracies: Their top-1 training accuracies.
      relative: Whether milestones are relative, between the accuracies of the untrained
        network and of the best snapshot, because absolute ones would coincide.
    """

    epochs: tuple[Epoch, ...]
    accuracies: tuple[float, ...]
    relative: bool


def find_milestones(
    run: str, rows: Sequence[Row], *, accuracy: str = "eval"
) -> Milestones:
    """The snapshots nearest 25, 50 and 75 % of top-1 training accuracy.

    Only snapshots up to the best one are considered, including early ones within an
    epoch, but not the untrained network. If two milestones would be the same snapshot,
    for example when a run never comes near 75 %, they are the three snapshots nearest
    to 25, 50 and 75 % of the way from the untrained network's accuracy to the best.

    Args:
      run: The run's name, for messages.
      rows: Its table, one row per snapshot.
      accuracy: One of `ACCURACIES`.

    Raises:
      UsageError: if there are fewer than three snapshots.
    """
    accuracies = _training_accuracies(rows, accuracy)
    rising = _snapshots_to_best(run, accuracies)
    indices = [_nearest_index(rising, share) for share in SHARES]
    relative = any(a >= b for a, b in itertools.pairwise(indices))
    if relative:
        indices = _distinct_nearest_indices(rising, _relative_targets(accuracies))
    return _milestones([rising[i] for i in indices], relative=relative)


def named_milestones(
    run: str, rows: Sequence[Row], epochs: Sequence[Epoch], *, accuracy: str = "eval"
) -> Milestones:
    """Snapshots chosen by name instead of by accuracy.

    Args:
      run: The run's name, for messages.
      rows: Its table, one row per snapshot.
      epochs: Two or more, in the order of training.
      accuracy: One of `ACCURACIES`.

    Raises:
      UsageError: for an unknown epoch, with the valid ones, or fewer than two.
    """
    accuracies = dict(_training_accuracies(rows, accuracy))
    _require_rising_epochs(run, list(accuracies), epochs)
    return _milestones([(e, accuracies[e]) for e in epochs], relative=False)


def _milestones(
    snapshots: Sequence[tuple[Epoch, float]], *, relative: bool
) -> Milestones:
    epochs, accuracies = zip(*snapshots, strict=True)
    return Milestones(epochs=epochs, accuracies=accuracies, relative=relative)


def _training_accuracies(
    rows: Sequence[Row], accuracy: str
) -> list[tuple[Epoch, float]]:
    if accuracy not in ACCURACIES:
        raise unknown_name("accuracy of milestones", accuracy, ACCURACIES)
    return [(row.epoch, getattr(row, ACCURACIES[accuracy])) for row in rows]


def _trained(
    accuracies: Sequence[tuple[Epoch, float]],
) -> list[tuple[Epoch, float]]:
    """The accuracies that are known, without that of the untrained network."""
    return [(e, v) for e, v in accuracies if e != "init" and math.isfinite(v)]


def _snapshots_to_best(
    run: str, accuracies: Sequence[tuple[Epoch, float]]
) -> list[tuple[Epoch, float]]:
    """The snapshots after the untrained network, up to the first of the best.

    Raises:
      UsageError: if there are fewer than three.
    """
    candidates = _trained(accuracies)
    best = max((value for _, value in candidates), default=math.nan)
    # The first of several best ones; no candidate at all leaves none.
    best_index = next((i for i, c in enumerate(candidates) if c[1] == best), -1)
    rising = candidates[: best_index + 1]
    if len(rising) < len(SHARES):
        listed = ", ".join(
            f"{epoch_label(epoch)}: {value:.2f}" for epoch, value in rising
        )
        raise UsageError(
            f"run {run} has fewer than three snapshots up to its best training "
            f"accuracy ({listed or 'none'}), so there is no evolution between "
            "milestones. Take snapshots within epochs, with "
            f"runs.{run}.early_steps=[8,20,40], or name some, with importance.epochs."
        )
    return rising


def _relative_targets(accuracies: Sequence[tuple[Epoch, float]]) -> list[float]:
    """Accuracies at `SHARES` of the way from the untrained network to the best."""
    (_, start), *_ = accuracies
    best = max(value for _, value in _trained(accuracies))
    # If the accuracy of the untrained network is unknown, it counts as 0.
    start = start if math.isfinite(start) else 0.0
    return [start + share * (best - start) for share in SHARES]


def _require_rising_epochs(
    run: str, order: Sequence[Epoch], epochs: Sequence[Epoch]
) -> None:
    """Refuse epochs that are missing from a run, or not in ascending order."""
    for epoch in epochs:
        if epoch not in order:
            raise unknown_name(f"snapshot of run {run}", epoch, map(str, order))
    positions = [order.index(epoch) for epoch in epochs]
    if len(positions) < 2 or any(a >= b for a, b in itertools.pairwise(positions)):
        raise UsageError(
            f"run {run}: an evolution needs two or more snapshots in the order of "
            f"training ({', '.join(map(str, order))}), not {list(epochs)}."
        )


def _nearest_index(candidates: Sequence[tuple[Epoch, float]], target: float) -> int:
    return min(range(len(candidates)), key=lambda i: abs(candidates[i][1] - target))


def _distinct_nearest_indices(
    candidates: Sequence[tuple[Epoch, float]], targets: Sequence[float]
) -> list[int]:
    """Different snapshots, in order, nearest to the targets by summed distance."""
    combinations = itertools.combinations(range(len(candidates)), len(targets))

    def distance(indices: Iterable[int]) -> float:
        pairs = zip(indices, targets, strict=True)
        return sum(abs(candidates[i][1] - target) for i, target in pairs)

    return list(min(combinations, key=distance))
