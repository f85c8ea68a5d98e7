"""Which held-out images the cards of a group show: no image on two cards.

Neurons that are alike respond to the same images. Shown on two cards, a shared image
would give the answer away, and what participants agreed on would be the image and not
the concept. So the strongest images of the six neurons are dealt out, each image to
one card at most: of all ways to do so the one with the least sum of ranks, in which a
card's strongest image counts nine times, its second eight times and so on, so that no
card gets all the strong ones (an assignment problem, solved exactly). `method=paper`
lets cards share images.

A neuron for which too few images are left is replaced by a spare of its own snapshot,
so that the group spans what it did.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Int
from scipy.optimize import linear_sum_assignment

from conceptevo_jax.analysis.alignment.response_rows import varying
from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.candidates import neuron_place, split_id
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.types import Responses, Site, Stimuli, record, site_slices

PATCHES = 9
"""Images of a card."""

DEEPEST = 54
"""So many of its strongest images a neuron may show: enough for six cards of nine, even
if all six neurons have the same."""

Ranking = Callable[[str], Int[np.ndarray, " _"]]
"""A neuron's images by its id, the strongest first."""

_NEVER = 1e9


@record
class Cards:
    """What the six cards of a group show.

    Attributes:
      group: The group, with the neurons that are shown.
      images: Rows of the held-out images: those of the members in order, then those of
        the intruder; the strongest first.
      replaced: Neurons that had too few images, with those that stand in for them.
    """

    group: Group
    images: Int[np.ndarray, "cards patches"]
    replaced: tuple[tuple[str, str], ...]


def ranked_responses(
    responses: Mapping[str, Responses], *, deepest: int = DEEPEST, seed: int = 0
) -> Ranking:
    """Rank held-out images by a neuron's responses.

    Args:
      responses: By snapshot, to one set of held-out images.
      deepest: Images per neuron at most.
      seed: Breaks ties.

    Returns:
      The images of a neuron; only those with a positive response where a ReLU precedes
      or follows its site, none for one that is constant or not finite.

    Raises:
      DataError: if the snapshots responded to different sets of images.
    """
    sets = {one.images_id for one in responses.values()}
    if len(sets) > 1:
        raise DataError(
            f"the snapshots responded to {len(sets)} sets of images "
            f"({', '.join(sorted(sets))}): a study needs responses to one set."
        )

    def ranked(neuron: str) -> Int[np.ndarray, " _"]:
        one = _of_snapshot(responses, neuron)
        peaks = one.peaks[:, [neuron_place(neuron, one.sites)]]
        if not varying(peaks)[0]:
            return np.empty(0, np.intp)
        order = stream(seed, "equal peaks").permutation(len(peaks))
        order = order[np.argsort(-peaks[order, 0], kind="stable")]
        if _site(neuron, one.sites).rectified:
            order = order[peaks[order, 0] > 0]
        return order[:deepest]

    return ranked


def ranked_stimuli(stimuli: Mapping[str, Stimuli]) -> Ranking:
    """The same from stimuli found among the held-out images, which know the places.

    Args:
      stimuli: By snapshot, found in one set of held-out images, `DEEPEST` per neuron.

    Raises:
      DataError: if they were found in different sets of images.
    """
    pools = {one.pool_id for one in stimuli.values()}
    if len(pools) > 1:
        raise DataError(
            f"the stimuli are of {len(pools)} pools ({', '.join(sorted(pools))}): a "
            "study needs stimuli found in one set of held-out images."
        )

    def ranked(neuron: str) -> Int[np.ndarray, " _"]:
        one = _of_snapshot(stimuli, neuron)
        own = one.image_ids[neuron_place(neuron, one.sites)]
        return own[own >= 0].astype(np.intp)

    return ranked


def assign_images(
    group: Group,
    ranking: Ranking,
    *,
    count: int = PATCHES,
    allow_shared: bool = False,
) -> Cards:
    """Choose the images of a group's six cards.

    Args:
      group: The group.
      ranking: Of the held-out images.
      count: Images per card.
      allow_shared: Whether an image may be on several cards (`method=paper`).

    Returns:
      The cards, of other neurons where some had too few images.

    Raises:
      DataError: naming the neuron that has too few and no spare left.
    """
    shown = [*group.members, group.intruder]
    left = list(group.spares), list(group.spare_intruders)
    replaced = []
    while True:
        images, needy = _deal([ranking(one) for one in shown], count, allow_shared)
        if not needy:
            break
        place, spare = _stand_in(group, shown, needy, left)
        replaced.append((shown[place], spare))
        shown[place] = spare
    now = dataclasses.replace(
        group,
        members=tuple(shown[:-1]),
        intruder=shown[-1],
        spares=tuple(left[0]),
        spare_intruders=tuple(left[1]),
    )
    return Cards(group=now, images=images, replaced=tuple(replaced))


def _deal(
    ranked: Sequence[Int[np.ndarray, " _"]], count: int, allow_shared: bool
) -> tuple[Int[np.ndarray, "cards patches"], list[int]]:
    """Images of each card; or else cards one of which must be another neuron's."""
    poor = [place for place, own in enumerate(ranked) if len(own) < count]
    images = np.full((len(ranked), count), -1, np.intp)
    if poor:
        return images, poor
    if allow_shared:
        return np.stack([own[:count] for own in ranked]), []
    known = np.unique(np.concatenate(ranked))
    # A column for every slot besides, which only a slot without an image takes.
    union = np.append(known, np.full(images.size, -1))
    ranks = np.full((len(ranked), len(union)), _NEVER)
    for row, own in zip(ranks, ranked, strict=True):
        row[np.searchsorted(known, own)] = np.arange(1, len(own) + 1)
    weights = np.arange(count, 0, -1.0)[:, None]
    slots = linear_sum_assignment(np.concatenate([weights * row for row in ranks]))[1]
    taken = slots.reshape(images.shape)
    found = np.take_along_axis(ranks, taken, axis=1)
    taken = np.take_along_axis(taken, np.argsort(found, axis=1), axis=1)
    return union[taken], _needy(ranked, found.max(axis=1) >= _NEVER)


def _needy(
    ranked: Sequence[Int[np.ndarray, " _"]], short: Bool[np.ndarray, " cards"]
) -> list[int]:
    """Cards that are short of images, then those that share images with them."""
    first = np.flatnonzero(short).tolist()
    wanted = np.concatenate([np.empty(0, np.intp), *(ranked[one] for one in first)])
    others = [
        place
        for place, own in enumerate(ranked)
        if not short[place] and np.isin(own, wanted).any()
    ]
    return first + others


def _stand_in(
    group: Group,
    shown: Sequence[str],
    needy: Sequence[int],
    left: tuple[list[str], list[str]],
) -> tuple[int, str]:
    """The first of some cards that has a spare, and the spare, taken off the list."""
    for place in needy:
        intruder = place == len(group.members)
        snapshot = split_id(shown[place])[0]
        queue = left[intruder]
        for spare in queue:
            if intruder or split_id(spare)[0] == snapshot:
                queue.remove(spare)
                return place, spare
    raise DataError(
        f"group {group.name}: {shown[needy[0]]} has too few held-out images for itself "
        "and no spare is left: draw another group, or hold out more images."
    )


R = TypeVar("R")


def _of_snapshot(held: Mapping[str, R], neuron: str) -> R:
    snapshot = split_id(neuron)[0]
    if snapshot not in held:
        raise unknown_name("snapshot with held-out images", snapshot, held)
    return held[snapshot]


def _site(neuron: str, sites: Sequence[Site]) -> Site:
    names = list(site_slices(sites))
    return sites[names.index(split_id(neuron)[1])]
