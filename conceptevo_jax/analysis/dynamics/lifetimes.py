"""When each neuron takes on its concept, settles on it, leaves it and dies.

Whether a neuron holds one concept in two snapshots is decided by its place in the space
and by what its stimuli show, not by which images they are: a neuron that selects other
trousers at every epoch has one concept all the time.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.dynamics.concepts import class_counts, unit_vectors
from conceptevo_jax.types import Embedding, Stimuli, record

_BLOCK = 4096
"""Neurons that are compared over all snapshots at a time, which bounds memory."""


@record
class Lifetimes:
    """Lifetime of each neuron's concept, as indices of a run's snapshots.

    A neuron's concept is the one that it holds in most of its snapshots. -1 means
    never. A run of one snapshot has no births and no deaths.

    Attributes:
      concept: The snapshot that agrees with most others, which shows the concept best;
        -1 for a neuron that is dead in all.
      born: The first snapshot from which, up to `concept`, all hold the concept.
      settled: The first snapshot from which all hold the concept until the neuron
        leaves it or dies or the run ends; never if only one snapshot is left.
      left: The first snapshot after the last that holds the concept in which the
        neuron lives; never if it holds the concept until it dies or the run ends.
      died: The first snapshot from which the neuron is dead until the run ends.
    """

    concept: Int[np.ndarray, " n"]
    born: Int[np.ndarray, " n"]
    settled: Int[np.ndarray, " n"]
    left: Int[np.ndarray, " n"]
    died: Int[np.ndarray, " n"]


def lifetimes(
    embeddings: Sequence[Embedding],
    stimuli: Sequence[Stimuli],
    labels: Int[np.ndarray, " i"],
    *,
    radius: float,
) -> Lifetimes:
    """Lifetimes of the concepts of all neurons over a run's snapshots.

    Two snapshots of a neuron hold the same concept if its directions in the space are
    at most `radius` apart, or if at least half of its stimuli are of the same class in
    both. A dead neuron holds none.

    Args:
      embeddings: The run's neurons in a space, by snapshot in order, at least one.
      stimuli: Their stimuli, by snapshot.
      labels: Classes of the pool's images.
      radius: Largest distance of two directions that count as one concept, as
        `Concepts.radius`.
    """
    directions = np.stack([unit_vectors(e.vectors) for e in embeddings], axis=1)
    classes = np.stack([_majority_class(s, labels) for s in stimuli], axis=1)
    alive = np.stack([~s.dead for s in stimuli], axis=1)
    blocks = [
        _block_lifetimes(directions[block], classes[block], alive[block], radius)
        for block in (
            slice(start, start + _BLOCK) for start in range(0, len(alive), _BLOCK)
        )
    ]
    joint = np.concatenate(blocks, axis=1)
    if alive.shape[1] == 1:
        joint[1:] = -1
    concept, born, settled, left, died = joint
    return Lifetimes(concept=concept, born=born, settled=settled, left=left, died=died)


def _majority_class(
    stimuli: Stimuli, labels: Int[np.ndarray, " i"]
) -> Int[np.ndarray, " n"]:
    """The class of at least half of each neuron's stimuli; -1 for none."""
    counts = class_counts(stimuli, labels)
    total = counts.sum(axis=1)
    majority = (2 * counts.max(axis=1) >= total) & (total > 0)
    return np.where(majority, counts.argmax(axis=1), -1)


def _block_lifetimes(
    directions: Float[np.ndarray, "n e d"],
    classes: Int[np.ndarray, "n e"],
    alive: Bool[np.ndarray, "n e"],
    radius: float,
) -> Int[np.ndarray, "5 n"]:
    """The five times of some neurons, in the order of `Lifetimes`."""
    products = directions @ directions.transpose(0, 2, 1)
    distances = np.sqrt(np.maximum(2 - 2 * products, 0))
    same_class = (classes[:, :, None] == classes[:, None]) & (classes >= 0)[:, :, None]
    both_alive = alive[:, :, None] & alive[:, None]
    # NaN, of a snapshot without a place, is no small distance.
    agree = both_alive & ((distances <= radius) | same_class)
    concept = _medoids(agree, distances)
    holds = agree[np.arange(len(agree)), concept]
    times = np.stack([concept, *_times(holds, alive, concept)])
    return np.where(alive.any(axis=1), times, -1)


def _medoids(
    agree: Bool[np.ndarray, "n e e"], distances: Float[np.ndarray, "n e e"]
) -> Int[np.ndarray, " n"]:
    """The snapshot that agrees with most; of several, the one nearest to all."""
    apart = np.where(agree & np.isfinite(distances), distances, 2).mean(axis=2)
    # A mean distance is at most 2, so it only decides between equal counts.
    return (agree.sum(axis=2) - apart / 3).argmax(axis=1)


def _times(
    holds: Bool[np.ndarray, "n e"],
    alive: Bool[np.ndarray, "n e"],
    concept: Int[np.ndarray, " n"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Snapshots of birth, settling, leaving and death; -1 for never."""
    n, e = holds.shape
    born, died, last_held = concept.copy(), np.full(n, e), np.zeros(n, int)
    for t in range(e - 1, -1, -1):
        born[(born == t + 1) & holds[:, t]] = t
        died[(died == t + 1) & ~alive[:, t]] = t
    for t in range(e):
        last_held[holds[:, t]] = t
    settled = last_held.copy()
    for t in range(e - 1, -1, -1):
        settled[(settled == t + 1) & holds[:, t]] = t
    lives_without = alive & (np.arange(e) > last_held[:, None])
    return (
        born,
        np.where(settled < last_held, settled, -1),
        np.where(lives_without.any(axis=1), lives_without.argmax(axis=1), -1),
        np.where(died < e, died, -1),
    )
