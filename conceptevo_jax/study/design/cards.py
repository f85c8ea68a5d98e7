"""Which held-out images the cards of a group show: no image on two cards.

Similar neurons respond to the same images. On two cards, a shared image
would give the answer away, and participants would agree on the image and not on
the concept. So the strongest images of the six neurons are assigned to cards, each
image to at most one card, with the smallest sum of ranks, in which a
card's strongest image counts nine times, its second eight times and so on, so that no
card gets all strong images (an assignment problem, solved exactly). `method=paper`
lets cards share images.

A neuron for which too few images are left is replaced by a spare of the same snapshot,
so that the group still spans the same epochs and models.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Int
from scipy.optimize import linear_sum_assignment

from conceptevo_jax.analysis.alignment.response_rows import varying_neurons
from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.candidates import neuron_place, split_id
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.types import Responses, Site, Stimuli, record, site_slices

PATCHES = 9
"""Images of a card."""

MAX_RANKED_IMAGES = 54
"""The number of its strongest images that a neuron may show: enough for six cards of
nine, even if all six neurons have the same."""

Ranking = Callable[[str], Int[np.ndarray, " _"]]
"""A neuron's images by its id, the strongest first."""

_FORBIDDEN_COST = 1e9


@record
class Cards:
    """The content of the six cards of a group.

    Attributes:
      group: The group, with the neurons that are shown.
      images: Rows of the held-out images: those of the members in order, then those of
        the intruder; the strongest first.
      replaced: Pairs of a neuron that had too few images and its replacement.
    """

    group: Group
    images: Int[np.ndarray, "cards patches"]
    replaced: tuple[tuple[str, str], ...]


def ranked_responses(
    responses: Mapping[str, Responses],
    *,
    max_images: int = MAX_RANKED_IMAGES,
    seed: int = 0,
) -> Ranking:
    """Rank held-out images by a neuron's responses.

    Args:
      responses: By snapshot, to one set of held-out images.
      max_images: Images per neuron at most.
      seed: Breaks ties.

    Returns:
      The images of a neuron; only those with a positive response where a ReLU precedes
      or follows its site, none for one that is constant or not finite.

    Raises:
      DataError: if the snapshots responded to different sets of images.
    """
    image_sets = {response.images_id for response in responses.values()}
    if len(image_sets) > 1:
        raise DataError(
            f"the snapshots responded to {len(image_sets)} sets of images "
            f"({', '.join(sorted(image_sets))}): a study needs responses to one set."
        )

    def rank_images(neuron: str) -> Int[np.ndarray, " _"]:
        response = _record_of_snapshot(responses, neuron)
        peaks = response.peaks[:, [neuron_place(neuron, response.sites)]]
        if not varying_neurons(peaks)[0]:
            return np.empty(0, np.intp)
        # Shuffled first, so that a stable sort breaks ties at random.
        order = stream(seed, "equal peaks").permutation(len(peaks))
        order = order[np.argsort(-peaks[order, 0], kind="stable")]
        if _neuron_site(neuron, response.sites).rectified:
            order = order[peaks[order, 0] > 0]
        return order[:max_images]

    return rank_images


def ranked_stimuli(stimuli: Mapping[str, Stimuli]) -> Ranking:
    """Rank held-out images by the stimuli found among them, which also keep locations.

    Args:
      stimuli: By snapshot, found in one set of held-out images; `MAX_RANKED_IMAGES` per
        neuron.

    Raises:
      DataError: if they were found in different sets of images.
    """
    pools = {top_images.pool_id for top_images in stimuli.values()}
    if len(pools) > 1:
        raise DataError(
            f"the stimuli are of {len(pools)} pools ({', '.join(sorted(pools))}): a "
            "study needs stimuli found in one set of held-out images."
        )

    def rank_images(neuron: str) -> Int[np.ndarray, " _"]:
        top_images = _record_of_snapshot(stimuli, neuron)
        image_ids = top_images.image_ids[neuron_place(neuron, top_images.sites)]
        return image_ids[image_ids >= 0].astype(np.intp)

    return rank_images


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
      The cards; neurons with too few images are replaced by spares.

    Raises:
      DataError: naming the neuron that has too few and no spare left.
    """
    neurons = [*group.members, group.intruder]
    spares, spare_intruders = list(group.spares), list(group.spare_intruders)
    replaced = []
    while True:
        rankings = [ranking(neuron) for neuron in neurons]
        images, short_cards = _deal_images(rankings, count, allow_shared)
        if not short_cards:
            break
        card, spare = _pop_spare(group, neurons, short_cards, spares, spare_intruders)
        replaced.append((neurons[card], spare))
        neurons[card] = spare
    final_group = dataclasses.replace(
        group,
        members=tuple(neurons[:-1]),
        intruder=neurons[-1],
        spares=tuple(spares),
        spare_intruders=tuple(spare_intruders),
    )
    return Cards(group=final_group, images=images, replaced=tuple(replaced))


def _deal_images(
    rankings: Sequence[Int[np.ndarray, " _"]], count: int, allow_shared: bool
) -> tuple[Int[np.ndarray, "cards patches"], list[int]]:
    """Images of each card, and the cards of which one needs another neuron, if any."""
    short_cards = [card for card, ranked in enumerate(rankings) if len(ranked) < count]
    images = np.full((len(rankings), count), -1, np.intp)
    if short_cards:
        return images, short_cards
    if allow_shared:
        return np.stack([ranked[:count] for ranked in rankings]), []
    distinct_images = np.unique(np.concatenate(rankings))
    # One more column per slot, without an image: only a slot for which none is left
    # takes one, at a cost that no image has.
    columns = np.append(distinct_images, np.full(images.size, -1))
    ranks = np.full((len(rankings), len(columns)), _FORBIDDEN_COST)
    for row, ranked in zip(ranks, rankings, strict=True):
        row[np.searchsorted(distinct_images, ranked)] = np.arange(1, len(ranked) + 1)
    weights = np.arange(count, 0, -1.0)[:, None]
    costs = np.concatenate([weights * row for row in ranks])
    slot_columns = linear_sum_assignment(costs)[1].reshape(images.shape)
    slot_ranks = np.take_along_axis(ranks, slot_columns, axis=1)
    strongest_order = np.argsort(slot_ranks, axis=1)
    slot_columns = np.take_along_axis(slot_columns, strongest_order, axis=1)
    unfilled_cards = slot_ranks.max(axis=1) >= _FORBIDDEN_COST
    return columns[slot_columns], _replaceable_cards(rankings, unfilled_cards)


def _replaceable_cards(
    rankings: Sequence[Int[np.ndarray, " _"]],
    unfilled_cards: Bool[np.ndarray, " cards"],
) -> list[int]:
    """Cards that are short of images, then those that share images with them."""
    short = np.flatnonzero(unfilled_cards).tolist()
    contested_images = np.concatenate(
        [np.empty(0, np.intp), *(rankings[c] for c in short)]
    )
    competitors = [
        card
        for card, ranked_images in enumerate(rankings)
        if not unfilled_cards[card] and np.isin(ranked_images, contested_images).any()
    ]
    return short + competitors


def _pop_spare(
    group: Group,
    neurons: Sequence[str],
    short_cards: Sequence[int],
    spares: list[str],
    spare_intruders: list[str],
) -> tuple[int, str]:
    """The first of these cards that has a spare, and the spare, off its list."""
    for card in short_cards:
        is_intruder = card == len(group.members)
        snapshot = split_id(neurons[card])[0]
        queue = spare_intruders if is_intruder else spares
        for spare in queue:
            if is_intruder or split_id(spare)[0] == snapshot:
                queue.remove(spare)
                return card, spare
    raise DataError(
        f"group {group.name}: {neurons[short_cards[0]]} has too few held-out "
        "images for itself and no spare is left: draw another group, or hold out more "
        "images."
    )


R = TypeVar("R")


def _record_of_snapshot(records: Mapping[str, R], neuron: str) -> R:
    snapshot = split_id(neuron)[0]
    if snapshot not in records:
        raise unknown_name("snapshot with held-out images", snapshot, records)
    return records[snapshot]


def _neuron_site(neuron: str, sites: Sequence[Site]) -> Site:
    names = list(site_slices(sites))
    return sites[names.index(split_id(neuron)[1])]
