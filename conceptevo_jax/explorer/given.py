"""Groups of neurons that a study asked about, found again among the runs of a scene."""

from collections.abc import Mapping, Sequence

from conceptevo_jax.explorer.scene import Course, Given, Place
from conceptevo_jax.types import site_slices


def find_given(
    courses: Sequence[Course],
    *,
    name: str,
    category: str,
    members: Sequence[str],
    intruder: str,
) -> Given:
    """A group as the page of these runs shows it.

    Args:
      courses: The runs of a scene.
      name: What the study calls the group.
      category: The heading that it is listed under.
      members: Ids `run@epoch/site/index`; those of other snapshots are counted alone.
      intruder: Id of the neuron from elsewhere.
    """
    shown = {
        f"{one.name}@{epoch}": (run, snapshot)
        for run, one in enumerate(courses)
        for snapshot, epoch in enumerate(one.epochs)
    }
    found = [_place(neuron, courses, shown) for neuron in members]
    own = tuple(place for place in found if place is not None)
    odd = _place(intruder, courses, shown)
    return Given(
        name=name,
        category=category,
        members=own,
        intruder=odd,
        missing=len(found) - len(own) + (odd is None),
    )


def _place(
    neuron: str, courses: Sequence[Course], shown: Mapping[str, tuple[int, int]]
) -> Place | None:
    snapshot, _, place = neuron.partition("/")
    site, _, index = place.rpartition("/")
    if snapshot not in shown or not index.isdecimal():
        return None
    run, at = shown[snapshot]
    where = site_slices(courses[run].sites).get(site, slice(0, 0))
    number = where.start + int(index)
    return (run, at, number) if number < where.stop else None
