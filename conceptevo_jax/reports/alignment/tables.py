"""Tables of the experiment on alignment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.analysis import Alignment
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.projected_run import AGREEMENTS, verdict_row
from conceptevo_jax.reports.alignment.measure import AlignedSpaces, PairAlignments
from conceptevo_jax.reports.alignment.study_cards import GroupStudy
from conceptevo_jax.reports.alignment.study_measure import Evaluation
from conceptevo_jax.reports.alignment.study_tables import category_rows
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.raters.machine import MachinePanel, intruder_hits


def write_tables(
    folder: Path,
    spaces: AlignedSpaces,
    alignments: PairAlignments,
    group_study: GroupStudy,
) -> None:
    """Write `methods.csv`, `pairs.csv` and `groups.csv`.

    Args:
      folder: The folder to write to.
      spaces: By method: each base's space, and the pairs compared in it.
      alignments: Alignments of all pairs of snapshots of the first space.
      group_study: The study.
    """
    write_csv(folder / "methods.csv", method_rows(spaces))
    write_csv(folder / "pairs.csv", pair_rows(alignments))
    write_csv(folder / "groups.csv", group_rows(group_study))


def write_machine_tables(
    folder: Path,
    tasks: Sequence[Task],
    panel: MachinePanel | None,
    evaluation: Evaluation,
) -> None:
    """Write `machine_participants.csv` and `machine_tasks.csv`; nothing without them.

    Args:
      folder: The folder to write to.
      tasks: The study's tasks without attention checks.
      panel: The answers of machine participants; None without a judge.
      evaluation: The evaluation of their answers.
    """
    if panel is None:
        return
    write_csv(folder / "machine_participants.csv", category_rows(evaluation))
    write_csv(folder / "machine_tasks.csv", task_rows(tasks, panel))


def method_rows(spaces: AlignedSpaces) -> list[dict[str, Any]]:
    """A row per method, base, compared snapshot and agreement."""
    return [
        {"method": method, "base": space.base.run.name, "snapshot": snapshot, **row}
        for method, spaces_of_method in spaces.items()
        for space, alignments in spaces_of_method
        for (snapshot, _), alignment in alignments.items()
        for row in _agreement_rows(alignment)
    ]


def pair_rows(alignments: PairAlignments) -> list[dict[str, Any]]:
    """A row per pair of snapshots and agreement."""
    return [
        {"a": a, "b": b, **row}
        for (a, b), alignment in alignments.items()
        for row in _agreement_rows(alignment)
    ]


def _agreement_rows(alignment: Alignment) -> list[dict[str, Any]]:
    planted_names = ["planted"] if alignment.planted is not None else []
    return [verdict_row(alignment, name) for name in (*AGREEMENTS, *planted_names)]


def group_rows(group_study: GroupStudy) -> list[dict[str, Any]]:
    """A row per neuron on a card, with the neuron that it replaces."""
    rows = []
    for cards in group_study.cards:
        group = cards.group
        replaced_by_spare = {spare: replaced for replaced, spare in cards.replaced}
        for neuron in (*group.members, group.intruder):
            rows.append(
                {
                    "group": group.name,
                    "category": group.category,
                    "neuron": neuron,
                    "intruder": neuron == group.intruder,
                    "instead_of": replaced_by_spare.get(neuron, ""),
                }
            )
    return rows


def task_rows(tasks: Sequence[Task], panel: MachinePanel) -> list[dict[str, Any]]:
    """A row per card: its neuron, and how similar it is to the task's other cards.

    Args:
      tasks: The study's tasks without attention checks.
      panel: The answers of machine participants.
    """
    hits = intruder_hits(tasks, panel.likeness)
    return [
        {
            "task": task.id,
            "category": task.category,
            "card": number,
            "neuron": neuron,
            "intruder": number == task.intruder,
            "likeness": float(likeness),
            "intruder_found": float(hit),
        }
        for task, card_likeness, hit in zip(tasks, panel.likeness, hits, strict=True)
        for number, (neuron, likeness) in enumerate(
            zip(task.cards, card_likeness, strict=True), start=1
        )
    ]
