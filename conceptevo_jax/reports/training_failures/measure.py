"""All snapshots of several runs in the space of a base, on its maps, and measured.

The experiment on failing trainings does this for each of its bases.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from conceptevo_jax.analysis.dynamics.movement import movement
from conceptevo_jax.analysis.dynamics.snapshot_measures import (
    ObservedSnapshot,
    Reference,
)
from conceptevo_jax.analysis.dynamics.trajectory import Trajectory, measure_evolution
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.cached_space import lay_out_often
from conceptevo_jax.pipeline.joint_layout import JointLayout, vectors_on_map
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace, place_runs
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Layout, record


@record
class RunMeasurements:
    """Runs in the space of a base and on its maps, with all measures.

    Attributes:
      space: The runs in the space.
      joint_layout: The first of the maps.
      maps: Points `[r n 2]` on all `r` maps, by snapshot name; only for those on a map.
      trajectories: All measures of all snapshots, by run.
    """

    space: RunsInSpace
    joint_layout: JointLayout
    maps: Mapping[str, np.ndarray]
    trajectories: Mapping[str, Trajectory]


def movement_in_space(
    space: RunsInSpace, run: str, before: Epoch, after: Epoch
) -> np.ndarray:
    """Movement of each neuron of a run between two snapshots.

    Args:
      space: The runs in the space.
      run: The run's name.
      before: The earlier snapshot.
      after: The later one.

    Returns:
      Distances `[n]` in the space; NaN for a neuron that is dead in either.
    """
    projected = space.runs[run]
    dead = projected.stimuli(before).dead | projected.stimuli(after).dead
    vectors = [projected.placed[epoch].vectors for epoch in (before, after)]
    return np.where(dead, np.nan, movement(*vectors))


def movement_on_maps(
    measurements: RunMeasurements, run: str, before: Epoch, after: Epoch
) -> np.ndarray | None:
    """Movement of each neuron of a run between two snapshots, on every map.

    Args:
      measurements: Measurements of the runs on the maps.
      run: The run's name.
      before: The earlier snapshot.
      after: The later one.

    Returns:
      Distances `[r n]`; None if one of the snapshots is not on the maps.
    """
    names = [measurements.space.runs[run].snapshot(epoch) for epoch in (before, after)]
    if not all(name in measurements.maps for name in names):
        return None
    first, second = (measurements.maps[name] for name in names)
    return np.stack([movement(a, b) for a, b in zip(first, second, strict=True)])


def measure_runs(
    session: Session,
    trained: Mapping[str, TrainedRun],
    base: str,
    compared: Sequence[str],
    map_epochs: Mapping[str, Sequence[Epoch]],
) -> RunMeasurements:
    """Build a base's space, project, lay out and measure the compared runs.

    Args:
      session: Images, store and settings.
      trained: All runs, by name.
      base: Name of the base; only one of its snapshots is observed.
      compared: Names of the runs to measure.
      map_epochs: Snapshots that maps show, by run.
    """
    runs = {name: trained[name] for name in compared}
    space = place_runs(session, trained[base], runs)
    layout, maps, maps_key = _lay_out_maps(session, space, map_epochs)
    on_first_map = {name: points[0] for name, points in maps.items()}
    return RunMeasurements(
        space=space,
        joint_layout=JointLayout(layout=layout, points=on_first_map),
        maps=maps,
        trajectories=_measure_trajectories(session, space, maps, maps_key),
    )


def _lay_out_maps(
    session: Session, space: RunsInSpace, map_epochs: Mapping[str, Sequence[Epoch]]
) -> tuple[Layout, dict[str, np.ndarray], str]:
    """The first of the maps, points on all of them by snapshot name, their key."""
    vectors = vectors_on_map(space, map_epochs)
    with session.stage("layout"):
        layout, points, maps_key = lay_out_often(
            session.store,
            list(vectors.values()),
            session.config.method.layout,
            session.config.seed,
        )
    return layout, dict(zip(vectors, points, strict=True)), maps_key


def _measure_trajectories(
    session: Session,
    space: RunsInSpace,
    maps: Mapping[str, np.ndarray],
    maps_key: str,
) -> dict[str, Trajectory]:
    """All measures of all snapshots, by run."""
    reference = _base_reference(space, maps)
    trajectories = {}
    for name, projected in space.runs.items():
        observations = content_key("observations", list(projected.run.keys.values()))
        with session.stage("measure", subject=name):
            trajectories[name], _ = session.store.record(
                "evolve",
                Trajectory,
                partial(_measure_trajectory, session, projected, reference, maps),
                config={"seed": session.config.seed, "names": list(maps)},
                inputs={
                    "space": space.key,
                    "maps": maps_key,
                    "observations": observations,
                },
                about=f"{name} in the space of {space.base_snapshot}",
            )
    return trajectories


def _base_reference(space: RunsInSpace, maps: Mapping[str, np.ndarray]) -> Reference:
    """The base's last snapshot, to which all others are compared."""
    base, base_epoch = space.base, space.base.epochs[-1]
    return Reference(
        stimuli=base.stimuli(base_epoch),
        embedding=base.placed[base_epoch],
        maps=maps[space.base_snapshot],
    )


def _measure_trajectory(
    session: Session,
    projected_run: ProjectedRun,
    reference: Reference,
    maps: Mapping[str, np.ndarray],
) -> Trajectory:
    """All measures of all snapshots of a run."""
    snapshots = [
        ObservedSnapshot(
            snapshot=projected_run.snapshot(epoch),
            stimuli=projected_run.stimuli(epoch),
            responses=projected_run.run.observations[epoch].judgement,
            embedding=projected_run.placed[epoch],
            maps=maps.get(projected_run.snapshot(epoch)),
        )
        for epoch in projected_run.epochs
    ]
    size, seed = len(session.images.pool), session.config.seed
    return measure_evolution(snapshots, reference, pool_size=size, seed=seed)
