"""From a space to a study: groups of neurons, and held-out patches of each.

Cards show judgement images, of which none is on two cards of a task unless the method
is the paper's; the space, its groups and their intruders never saw them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from conceptevo_jax.data import Decoded
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.alignment.measure import Placed, all_snapshots
from conceptevo_jax.stimuli import Search, find_stimuli, patch_windows
from conceptevo_jax.stimuli.search import Observe
from conceptevo_jax.store import read_json
from conceptevo_jax.streams import stream
from conceptevo_jax.study import Study
from conceptevo_jax.study.design.candidates import Population, neuron_place, split_id
from conceptevo_jax.study.design.cards import (
    MAX_RANKED_IMAGES,
    PATCHES,
    Cards,
    assign_images,
    ranked_stimuli,
)
from conceptevo_jax.study.design.groups import Drawing, make_groups
from conceptevo_jax.study.design.hand_picked import hand_picked_groups
from conceptevo_jax.study.design.tasks import Task, deal_tasks
from conceptevo_jax.types import Epoch, Snapshot, Stimuli

TITLE = "Which of these belong together?"

ENOUGH = 2 * PATCHES
"""Held-out images that a neuron must respond to, to be in a group: twice what its card
shows, since it may have to leave some to other cards."""

TILE = 64
"""Side of a study's patches, in pixels, at most that of the images."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """A study, and what its cards stand for.

    Attributes:
      study: The study.
      cards: Of each task without attention checks: its neurons and images.
    """

    study: Study
    cards: Sequence[Cards]


def ask(session: Session, placed: Placed) -> Asked:
    """Make a study of the groups in one space.

    Raises:
      UsageError, DataError: if groups or their images cannot be had, naming which.
    """
    config, seed = session.config, session.config.seed
    held = held_out(session, placed)
    people = [_population(placed, held, *one) for one in all_snapshots(placed)]
    count, drawing = config.alignment.groups, Drawing(seed=seed)
    sets = read_sets(config.alignment.hand_picked)
    groups = hand_picked_groups(people, sets, drawing=drawing)
    groups += make_groups(people, base=placed.home, count=count, drawing=drawing)
    ranking = ranked_stimuli(held)
    shared = config.method.name == "paper"
    cards = [assign_images(group, ranking, allow_shared=shared) for group in groups]
    tasks = deal_tasks([one.group for one in cards], seed=seed)
    pixels = session.images.judgement_pixels
    shown = [
        _task_patches(placed, held, task, own, pixels)
        for task, own in zip(tasks, cards, strict=True)
    ]
    checks = _obvious(session, seed)
    tasks, shown = _with_checks(tasks, shown, checks, seed)
    study = Study(title=TITLE, tasks=tuple(tasks), patches=np.stack(shown))
    return Asked(study=study, cards=cards)


def _population(
    placed: Placed, held: Mapping[str, Stimuli], name: str, epoch: Epoch
) -> Population:
    """A snapshot's neurons; of those, that respond to enough held-out images."""
    run = placed.runs[name]
    shown = held[f"{name}@{epoch}"].count >= ENOUGH
    return Population(
        run=name,
        epoch=epoch,
        model=run.model.name,
        sites=run.model.sites,
        vectors=placed.vectors[name][epoch].vectors,
        live=~run.observations[epoch].stimuli.dead & shown,
    )


def read_sets(file: str | None) -> dict[str, list[str]]:
    """Neurons that a person chose, by the name of the set; none without a file.

    Raises:
      UsageError: if the file cannot be read, with what it must be.
    """
    if file is None:
        return {}
    try:
        chosen = read_json(typed_place(file, "alignment.hand_picked"), None)
        return {str(name): [str(one) for one in ids] for name, ids in chosen.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(
            f"alignment.hand_picked: {file} cannot be read ({error}). It must be JSON "
            'such as {"dogs": ["vgg16@7/features.28/41", …]}, five neurons or more.'
        ) from error


def held_out(session: Session, placed: Placed) -> dict[str, Stimuli]:
    """Strongest judgement images of every compared snapshot, by its name."""
    found: dict[str, Stimuli] = {}
    for run in placed.runs.values():
        shots = [shot for shot in run.snapshots if shot.epoch in run.observations]
        found |= _search(session, run, shots)
    return found


def _search(
    session: Session, run: TrainedRun, shots: Sequence[Snapshot]
) -> dict[str, Stimuli]:
    images, settings = session.images, session.config.method.stimuli
    search = Search(k=MAX_RANKED_IMAGES, before_relu=settings.before_relu)
    find = find_stimuli(run.model, images.judgement, search, sample=1)
    found: dict[str, Stimuli] = {}
    for shot in shots:
        found[shot.name], _ = session.store.record(
            "held_out",
            Stimuli,
            partial(_strongest, find, shot, images.judgement_pixels),
            config={"search": search},
            inputs={
                "snapshot": run.keys[shot.epoch],
                "images": images.judgement.pool_id,
            },
            about=shot.name,
        )
    return found


def _strongest(find: Observe, shot: Snapshot, pixels: Decoded) -> Stimuli:
    return find(shot.load(), pixels)[0]


def _task_patches(
    placed: Placed,
    held: Mapping[str, Stimuli],
    task: Task,
    cards: Cards,
    pixels: Decoded,
) -> UInt8[np.ndarray, "c p side side 3"]:
    neurons = (*cards.group.members, cards.group.intruder)
    rows = dict(zip(neurons, cards.images, strict=True))
    return np.stack([_card(placed, held, one, rows[one], pixels) for one in task.cards])


def _card(
    placed: Placed,
    held: Mapping[str, Stimuli],
    neuron: str,
    images: np.ndarray,
    pixels: Decoded,
) -> UInt8[np.ndarray, "p side side 3"]:
    """A neuron's patches in some images, all of one size."""
    snapshot = split_id(neuron)[0]
    stimuli, model = held[snapshot], placed.runs[snapshot.rpartition("@")[0]].model
    windows = patch_windows(stimuli, side=pixels.side, input_size=model.size)
    place = neuron_place(neuron, stimuli.sites)
    length, found = int(windows.length[place]), []
    for image in images.tolist():
        slot = int(np.flatnonzero(stimuli.image_ids[place] == image)[0])
        top, left = int(windows.top[place, slot]), int(windows.left[place, slot])
        whole = np.asarray(pixels.pixels[image])
        found.append(_sized(whole[top : top + length, left : left + length], pixels))
    return np.stack(found)


def _sized(patch: UInt8[np.ndarray, "h w 3"], pixels: Decoded) -> np.ndarray:
    side = min(TILE, pixels.side)
    grown = Image.Resampling.NEAREST if len(patch) < side else Image.Resampling.BOX
    return np.asarray(Image.fromarray(patch).resize((side, side), grown))


Shown = tuple[Task, UInt8[np.ndarray, "c p side side 3"]]


def _obvious(session: Session, seed: int) -> Shown | None:
    """An attention check: whole images of one class, and a card of another."""
    images, rng = session.images, stream(seed, "attention check")
    labels = images.judgement.labels
    counts = np.bincount(labels, minlength=len(images.classes))
    many = np.flatnonzero(counts >= 5 * PATCHES)
    if many.size < 1 or (counts >= PATCHES).sum() < 2:
        return None
    alike = int(rng.choice(many))
    other = int(rng.choice(np.setdiff1d(np.flatnonzero(counts >= PATCHES), [alike])))
    own = rng.permutation(np.flatnonzero(labels == alike))[: 5 * PATCHES]
    odd = rng.permutation(np.flatnonzero(labels == other))[:PATCHES]
    pixels = images.judgement_pixels
    rows = np.concatenate([own, odd]).reshape(6, PATCHES)
    order = rng.permutation(6)
    shown = np.stack(
        [
            np.stack([_sized(np.asarray(pixels.pixels[i]), pixels) for i in row])
            for row in rows[order].tolist()
        ]
    )
    names = [f"{images.classes[alike]} {n}" for n in range(1, 6)]
    names.append(f"{images.classes[other]}")
    task = Task(
        id="check-obvious",
        category="check",
        cards=tuple(names[place] for place in order),
        intruder=int(np.flatnonzero(order == 5)[0]) + 1,
        obvious=True,
    )
    return task, shown


def _with_checks(
    tasks: Sequence[Task],
    shown: Sequence[np.ndarray],
    obvious: Shown | None,
    seed: int,
) -> tuple[list[Task], list[np.ndarray]]:
    """The tasks, each asked a second time as a check, and the obvious one."""
    found, patches = list(tasks), list(shown)
    for number, (task, own) in enumerate(zip(tasks, shown, strict=True)):
        order = stream(seed, "cards of a repeated task", number).permutation(
            len(task.cards)
        )
        found.append(
            dataclasses.replace(
                task,
                id=f"{task.id}-again",
                cards=tuple(task.cards[place] for place in order),
                intruder=int(np.flatnonzero(order == task.intruder - 1)[0]) + 1,
                repeats=task.id,
            )
        )
        patches.append(own[order])
    if obvious is not None:
        found.append(obvious[0])
        patches.append(obvious[1])
    return found, patches
