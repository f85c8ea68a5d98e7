"""From a space to a study: groups of neurons, and held-out patches of each.

Cards show held-out test images, none of them on two cards of a task unless the method
is the paper's. The space, its groups and their intruders do not depend on these images.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from conceptevo_jax.data import DecodedImages
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.alignment.attention_tasks import add_attention_checks
from conceptevo_jax.reports.alignment.card_patches import task_patches
from conceptevo_jax.reports.alignment.measure import all_snapshots
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.stimuli import Search, find_stimuli
from conceptevo_jax.stimuli.search import Observe
from conceptevo_jax.store import read_json
from conceptevo_jax.study import Study
from conceptevo_jax.study.design.candidates import Population
from conceptevo_jax.study.design.cards import (
    MAX_RANKED_IMAGES,
    PATCHES,
    Cards,
    assign_images,
    ranked_stimuli,
)
from conceptevo_jax.study.design.groups import GroupDrawSettings, make_groups
from conceptevo_jax.study.design.hand_picked import hand_picked_groups
from conceptevo_jax.study.design.tasks import Task, deal_tasks
from conceptevo_jax.types import Snapshot, Stimuli

TITLE = "Which of these belong together?"

MIN_RESPONSES = 2 * PATCHES
"""Held-out images that a neuron in a group must respond to: twice the number on its
card, since other cards may take some of them."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GroupStudy:
    """A study, and the neurons and images on its cards.

    Attributes:
      study: The study.
      cards: The neurons and images of each task without attention checks.
    """

    study: Study
    cards: Sequence[Cards]

    @property
    def questions(self) -> list[Task]:
        """The tasks without attention checks."""
        return [task for task in self.study.tasks if not task.check]


def make_group_study(session: Session, space: RunsInSpace) -> GroupStudy:
    """Make a study of the groups in one space.

    Args:
      session: The held-out test images, settings and store.
      space: The snapshots in the space.

    Raises:
      UsageError, DataError: if groups or their images are not available, naming which.
    """
    config, seed = session.config, session.config.seed
    stimuli = held_out_stimuli(session, space)
    populations = [
        _population(space, stimuli, run, epoch) for run, epoch in all_snapshots(space)
    ]
    settings = AlignmentSettings.of(config)
    group_count, draw_settings = settings.groups, GroupDrawSettings(seed=seed)
    sets = read_hand_picked_sets(settings.hand_picked)
    groups = hand_picked_groups(populations, sets, draw_settings=draw_settings)
    groups += make_groups(
        populations,
        base=space.base_snapshot,
        count=group_count,
        draw_settings=draw_settings,
    )
    ranking = ranked_stimuli(stimuli)
    allow_shared = config.method.name == "paper"
    cards = [
        assign_images(group, ranking, allow_shared=allow_shared) for group in groups
    ]
    tasks = deal_tasks([group_cards.group for group_cards in cards], seed=seed)
    pixels = session.images.judgement_pixels
    patches = [
        task_patches(space, stimuli, task, group_cards, pixels)
        for task, group_cards in zip(tasks, cards, strict=True)
    ]
    tasks, patches = add_attention_checks(session, tasks, patches, seed)
    study = Study(title=TITLE, tasks=tuple(tasks), patches=np.stack(patches))
    return GroupStudy(study=study, cards=cards)


def _population(
    space: RunsInSpace,
    stimuli: Mapping[str, Stimuli],
    name: str,
    epoch: Epoch,
) -> Population:
    """A snapshot's neurons; live are those that respond to enough held-out images."""
    projected = space.runs[name]
    responsive = stimuli[str(SnapshotId(name, epoch))].count >= MIN_RESPONSES
    return Population(
        run=name,
        epoch=epoch,
        model=projected.run.model.name,
        sites=projected.run.model.sites,
        vectors=projected.placed[epoch].vectors,
        live=~projected.stimuli(epoch).dead & responsive,
    )


def read_hand_picked_sets(file: str | None) -> dict[str, list[str]]:
    """Ids of neurons that a person chose, by the name of the set; none without a file.

    Raises:
      UsageError: if the file cannot be read, with what it must be.
    """
    if file is None:
        return {}
    try:
        sets = read_json(typed_place(file, "alignment.hand_picked"), None)
        return {
            str(name): [str(neuron) for neuron in ids] for name, ids in sets.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(
            f"alignment.hand_picked: {file} cannot be read ({error}). It must be JSON "
            'such as {"dogs": ["vgg16@7/features.28/41", …]}, five neurons or more.'
        ) from error


def held_out_stimuli(session: Session, space: RunsInSpace) -> dict[str, Stimuli]:
    """Stimuli among the held-out test images, by name of the compared snapshot.

    Args:
      session: The held-out test images, settings and store.
      space: The snapshots in the space.
    """
    stimuli: dict[str, Stimuli] = {}
    for projected in space.runs.values():
        run = projected.run
        snapshots = [shot for shot in run.snapshots if shot.epoch in run.observations]
        stimuli |= _find_held_out_stimuli(session, run, snapshots)
    return stimuli


def _find_held_out_stimuli(
    session: Session, run: TrainedRun, snapshots: Sequence[Snapshot]
) -> dict[str, Stimuli]:
    images, settings = session.images, session.config.method.stimuli
    search = Search(k=MAX_RANKED_IMAGES, before_relu=settings.before_relu)
    observe_stimuli = find_stimuli(
        run.model, images.judgement, search, projection_images=None, sample=1
    )
    stimuli: dict[str, Stimuli] = {}
    for snapshot in snapshots:
        stimuli[snapshot.name], _ = session.store.record(
            "held_out",
            Stimuli,
            partial(
                _strongest_images, observe_stimuli, snapshot, images.judgement_pixels
            ),
            config={"search": search},
            inputs={
                "snapshot": run.keys[snapshot.epoch],
                "images": images.judgement.pool_id,
            },
            about=snapshot.name,
        )
    return stimuli


def _strongest_images(
    observe_stimuli: Observe, snapshot: Snapshot, pixels: DecodedImages
) -> Stimuli:
    return observe_stimuli(snapshot.load(), pixels)[0]
