"""Attention checks of a study: an obvious task, and a repeat of every task."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.alignment.card_patches import resize_patch
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.cards import PATCHES
from conceptevo_jax.study.design.category_constraints import SIZE
from conceptevo_jax.study.design.tasks import Task

TaskPatches = UInt8[np.ndarray, "c p side side 3"]
"""The patches of a task's cards."""


def add_attention_checks(
    session: Session, tasks: Sequence[Task], patches: Sequence[TaskPatches], seed: int
) -> tuple[list[Task], list[TaskPatches]]:
    """The tasks, their repeats with reordered cards, and an obvious task.

    Args:
      session: Its images are used for the obvious task.
      tasks: The tasks.
      patches: The patches of each task.
      seed: Seed of the order of cards and of the obvious task's images.
    """
    all_tasks, all_patches = list(tasks), list(patches)
    for number, (task, card_patches) in enumerate(zip(tasks, patches, strict=True)):
        order = stream(seed, "cards of a repeated task", number).permutation(
            len(task.cards)
        )
        all_tasks.append(_repeated_task(task, order))
        all_patches.append(card_patches[order])
    obvious_task = _obvious_task(session, seed)
    if obvious_task is not None:
        all_tasks.append(obvious_task[0])
        all_patches.append(obvious_task[1])
    return all_tasks, all_patches


def _repeated_task(task: Task, order: Int[np.ndarray, " c"]) -> Task:
    """The task again, with its cards in this order."""
    return dataclasses.replace(
        task,
        id=f"{task.id}-again",
        cards=tuple(task.cards[index] for index in order),
        intruder=int(np.flatnonzero(order == task.intruder - 1)[0]) + 1,
        repeats=task.id,
    )


def _obvious_task(session: Session, seed: int) -> tuple[Task, TaskPatches] | None:
    """Whole images of one class on five cards, and of another class on the sixth.

    None if there are too few held-out test images.
    """
    images, rng = session.images, stream(seed, "attention check")
    labels = images.judgement.labels
    counts = np.bincount(labels, minlength=len(images.classes))
    enough_for_group = np.flatnonzero(counts >= SIZE * PATCHES)
    enough_for_card = np.flatnonzero(counts >= PATCHES)
    if enough_for_group.size < 1 or enough_for_card.size < 2:
        return None
    group_class = int(rng.choice(enough_for_group))
    intruder_class = int(rng.choice(np.setdiff1d(enough_for_card, [group_class])))
    group_rows = rng.permutation(np.flatnonzero(labels == group_class))
    intruder_rows = rng.permutation(np.flatnonzero(labels == intruder_class))
    rows = np.concatenate([group_rows[: SIZE * PATCHES], intruder_rows[:PATCHES]])
    order = rng.permutation(SIZE + 1)
    pixels = images.judgement_pixels
    patches = np.stack(
        [
            np.stack(
                [
                    resize_patch(np.asarray(pixels.pixels[row]), pixels.side)
                    for row in card_rows
                ]
            )
            for card_rows in rows.reshape(SIZE + 1, PATCHES)[order].tolist()
        ]
    )
    names = [f"{images.classes[group_class]} {n}" for n in range(1, SIZE + 1)]
    names.append(f"{images.classes[intruder_class]}")
    task = Task(
        id="check-obvious",
        category="check",
        cards=tuple(names[index] for index in order),
        intruder=int(np.flatnonzero(order == SIZE)[0]) + 1,
        obvious=True,
    )
    return task, patches
