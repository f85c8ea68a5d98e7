"""Groups of neurons of a study, located among the runs of a scene."""

from collections.abc import Mapping, Sequence

from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.explorer.scene import Course, Place, StudyGroup
from conceptevo_jax.types import site_slices


def locate_study_group(
    courses: Sequence[Course],
    *,
    name: str,
    category: str,
    members: Sequence[str],
    intruder: str,
) -> StudyGroup:
    """A group as the page of these runs shows it.

    Args:
      courses: The runs of a scene.
      name: Name of the group in the study.
      category: The heading under which it is listed.
      members: Ids `run@epoch/site/index`; those of other snapshots are only counted.
      intruder: Id of the intruder.
    """
    snapshots = _numbers_by_snapshot(courses)
    places = [_locate_neuron(neuron, courses, snapshots) for neuron in members]
    member_places = tuple(place for place in places if place is not None)
    intruder_place = _locate_neuron(intruder, courses, snapshots)
    return StudyGroup(
        name=name,
        category=category,
        members=member_places,
        intruder=intruder_place,
        missing=len(places) - len(member_places) + (intruder_place is None),
    )


def _numbers_by_snapshot(courses: Sequence[Course]) -> dict[str, tuple[int, int]]:
    """Numbers of the run and of its snapshot, by the snapshot's name."""
    return {
        str(SnapshotId(course.name, epoch)): (run, snapshot)
        for run, course in enumerate(courses)
        for snapshot, epoch in enumerate(course.epochs)
    }


def _locate_neuron(
    neuron: str, courses: Sequence[Course], snapshots: Mapping[str, tuple[int, int]]
) -> Place | None:
    """Place of the neuron with this id; None if the scene has no such neuron."""
    snapshot_name, _, site_and_index = neuron.partition("/")
    site, _, index = site_and_index.rpartition("/")
    if snapshot_name not in snapshots or not index.isdecimal():
        return None
    run, snapshot = snapshots[snapshot_name]
    site_neurons = site_slices(courses[run].sites).get(site, slice(0, 0))
    number = site_neurons.start + int(index)
    return (run, snapshot, number) if number < site_neurons.stop else None
