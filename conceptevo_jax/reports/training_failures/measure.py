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
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.cached_space import embed_base, lay_out_often, project_run
from conceptevo_jax.pipeline.projected_run import Projected, without_alignment
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Epoch, Layout, record


@record
class RunsInSpace:
    """Runs in the space of one base.

    Attributes:
      base_space: The space.
      base: The base itself, projected like all other runs.
      runs: The compared runs, by name.
      layout: The first of the maps.
      maps: Points `[r n 2]` on all `r` maps, by snapshot name; only for those on a map.
      trajectories: All measures of all snapshots, by run.
    """

    base_space: BaseSpace
    base: Projected
    runs: Mapping[str, Projected]
    layout: Layout
    maps: Mapping[str, np.ndarray]
    trajectories: Mapping[str, Trajectory]

    @property
    def points(self) -> dict[str, np.ndarray]:
        """Points `[n 2]` on the first map, by snapshot name."""
        return {name: points[0] for name, points in self.maps.items()}

    def neuron_movement(self, run: str, before: Epoch, after: Epoch) -> np.ndarray:
        """How far each neuron of a run moves between two snapshots.

        Args:
          run: The run's name.
          before: The earlier snapshot.
          after: The later one.

        Returns:
          Distances `[n]` in the space; NaN for a neuron that is dead in either.
        """
        projected = self.runs[run]
        dead = projected.stimuli(before).dead | projected.stimuli(after).dead
        placed = projected.placed
        distance = movement(placed[before].vectors, placed[after].vectors)
        return np.where(dead, np.nan, distance)

    def movement_on_maps(
        self, run: str, before: Epoch, after: Epoch
    ) -> np.ndarray | None:
        """The same on every map.

        Args:
          run: The run's name.
          before: The earlier snapshot.
          after: The later one.

        Returns:
          Distances `[r n]`; None if one of the snapshots is on no map.
        """
        names = [self.runs[run].snapshot(epoch) for epoch in (before, after)]
        if not all(name in self.maps for name in names):
            return None
        first, second = (self.maps[name] for name in names)
        return np.stack([movement(a, b) for a, b in zip(first, second, strict=True)])


def measure_runs(
    session: Session,
    trained: Mapping[str, TrainedRun],
    base: str,
    compared: Sequence[str],
    map_epochs: Mapping[str, Sequence[Epoch]],
) -> RunsInSpace:
    """Build a base's space, project, lay out and measure the compared runs.

    Args:
      session: Images, store and settings.
      trained: All runs, by name.
      base: Name of the base; only one of its snapshots is observed.
      compared: Names of the runs to measure.
      map_epochs: Snapshots that maps show, by run.
    """
    config, store, images = session.config, session.store, session.images
    base_run = trained[base]
    base_epoch = next(iter(base_run.observations))
    with session.stage("space"):
        base_space, key = embed_base(
            store, images, base_run, base_epoch, config.method, config.seed
        )

    def place(name: str) -> Projected:
        run = trained[name]
        with session.stage("project", of=name):
            placed = project_run(store, base_space.space, key, run)
        return without_alignment(session, run, placed, base_space.space.covered)

    projected_base = place(base)
    runs = {name: place(name) for name in compared}
    layout, maps, maps_key = _lay_out_maps(
        session, (projected_base, base_epoch), runs, map_epochs
    )
    reference = Reference(
        stimuli=projected_base.stimuli(base_epoch),
        embedding=projected_base.placed[base_epoch],
        maps=maps[projected_base.snapshot(base_epoch)],
    )
    trajectories = {}
    for name, run in runs.items():
        keys = content_key("observations", list(trained[name].keys.values()))
        with session.stage("measure", of=name):
            trajectories[name], _ = store.record(
                "evolve",
                Trajectory,
                partial(_measure_trajectory, session, run, reference, maps),
                config={"seed": config.seed, "names": list(maps)},
                inputs={"space": key, "maps": maps_key, "observations": keys},
                about=f"{name} in the space of {base_space.space.base}",
            )
    return RunsInSpace(
        base_space=base_space,
        base=projected_base,
        runs=runs,
        layout=layout,
        maps=maps,
        trajectories=trajectories,
    )


def _lay_out_maps(
    session: Session,
    base: tuple[Projected, Epoch],
    runs: Mapping[str, Projected],
    map_epochs: Mapping[str, Sequence[Epoch]],
) -> tuple[Layout, dict[str, np.ndarray], str]:
    """The first of the maps, points on all of them by snapshot name, their key."""
    snapshots = [base]
    for name, run in runs.items():
        snapshots += [(run, epoch) for epoch in run.epochs if epoch in map_epochs[name]]
    with session.stage("layout"):
        layout, points, maps_key = lay_out_often(
            session.store,
            [run.placed[epoch].vectors for run, epoch in snapshots],
            session.config.method.layout,
            session.config.seed,
        )
    names = [run.snapshot(epoch) for run, epoch in snapshots]
    return layout, dict(zip(names, points, strict=True)), maps_key


def _measure_trajectory(
    session: Session,
    projected: Projected,
    reference: Reference,
    maps: Mapping[str, np.ndarray],
) -> Trajectory:
    """All measures of all snapshots of a run."""
    snapshots = [
        ObservedSnapshot(
            snapshot=projected.snapshot(epoch),
            stimuli=projected.stimuli(epoch),
            responses=projected.run.observations[epoch].judgement,
            embedding=projected.placed[epoch],
            maps=maps.get(projected.snapshot(epoch)),
        )
        for epoch in projected.epochs
    ]
    size, seed = len(session.images.pool), session.config.seed
    return measure_evolution(snapshots, reference, pool_size=size, seed=seed)
