"""Patches of held-out images on the cards of a study's tasks."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from conceptevo_jax.data import DecodedImages
from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.stimuli import patch_windows
from conceptevo_jax.study.design.candidates import neuron_place, split_id
from conceptevo_jax.study.design.cards import Cards
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import Stimuli

MAX_PATCH_SIDE = 64
"""Side of a study's patches, in pixels, at most that of the images."""


def task_patches(
    space: RunsInSpace,
    held_out_stimuli: Mapping[str, Stimuli],
    task: Task,
    cards: Cards,
    pixels: DecodedImages,
) -> UInt8[np.ndarray, "c p side side 3"]:
    """The patches of a task's cards, in the task's order.

    Args:
      space: The snapshots whose neurons are on the cards.
      held_out_stimuli: Stimuli among the held-out images, by name of the snapshot.
      task: The task.
      cards: Its neurons and their images.
      pixels: The held-out images.
    """
    neurons = (*cards.group.members, cards.group.intruder)
    images_by_neuron = dict(zip(neurons, cards.images, strict=True))
    return np.stack(
        [
            _card_patches(
                space, held_out_stimuli, neuron, images_by_neuron[neuron], pixels
            )
            for neuron in task.cards
        ]
    )


def _card_patches(
    space: RunsInSpace,
    held_out_stimuli: Mapping[str, Stimuli],
    neuron: str,
    image_ids: Int[np.ndarray, " p"],
    pixels: DecodedImages,
) -> UInt8[np.ndarray, "p side side 3"]:
    """A neuron's patches for some of its stimuli, all of the same size."""
    snapshot = split_id(neuron)[0]
    stimuli = held_out_stimuli[snapshot]
    model = space.runs[SnapshotId.parse(snapshot).run].run.model
    windows = patch_windows(stimuli, side=pixels.side, input_size=model.size)
    index = neuron_place(neuron, stimuli.sites)
    length = int(windows.length[index])
    patches = []
    for image_id in image_ids.tolist():
        # The window is kept by rank of the stimulus, the card by its image.
        rank = int(np.flatnonzero(stimuli.image_ids[index] == image_id)[0])
        y, x = int(windows.top[index, rank]), int(windows.left[index, rank])
        image = np.asarray(pixels.pixels[image_id])
        patches.append(resize_patch(image[y : y + length, x : x + length], pixels.side))
    return np.stack(patches)


def resize_patch(
    patch: UInt8[np.ndarray, "h w 3"], image_side: int
) -> UInt8[np.ndarray, "side side 3"]:
    """A patch in the size of all patches: enlarged pixel by pixel, or averaged.

    Args:
      patch: A square.
      image_side: Of the images, in pixels.
    """
    side = min(MAX_PATCH_SIDE, image_side)
    resampling = Image.Resampling.NEAREST if len(patch) < side else Image.Resampling.BOX
    return np.asarray(Image.fromarray(patch).resize((side, side), resampling))
