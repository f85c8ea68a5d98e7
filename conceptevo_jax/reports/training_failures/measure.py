"""All snapshots of several runs in the space of a base, on its maps, and measured.

What the experiment on failing trainings does for each of its bases.
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
class InSpace:
    """Runs in the space of one base.

    Attributes:
      made: The space.
      home: The base itself, projected like everyone else.
      runs: The compared runs, by name.
      layout: The first of the maps.
      maps: Points `[r n 2]` on all maps, by snapshot name; of those drawn alone.
      trajectories: All measures of all snapshots, by run.
    """

    made: BaseSpace
    home: Projected
    runs: Mapping[str, Projected]
    layout: Layout
    maps: Mapping[str, np.ndarray]
    trajectories: Mapping[str, Trajectory]

    @property
    def points(self) -> dict[str, np.ndarray]:
        """Points on the first map, by snapshot name."""
        return {name: points[0] for name, points in self.maps.items()}

    def moved(self, run: str, before: Epoch, after: Epoch) -> np.ndarray:
        """How far each neuron of a run that lives in both snapshots moves between."""
        one = self.runs[run]
        dead = one.stimuli(before).dead | one.stimuli(after).dead
        ends = (one.placed[before].vectors, one.placed[after].vectors)
        return np.where(dead, np.nan, movement(*ends))

    def moved_on_maps(self, run: str, before: Epoch, after: Epoch) -> np.ndarray | None:
        """The same on the maps, mean over them; None where one is not drawn."""
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
    drawn: Mapping[str, Sequence[Epoch]],
) -> InSpace:
    """Build a base's space, project, lay out and measure the compared runs.

    Args:
      session: Images, store and settings.
      trained: All runs, by name.
      base: Which is the base; its only observed snapshot is.
      compared: Which are measured.
      drawn: Snapshots that shall be on the maps, by run.
    """
    config, store, images = session.config, session.store, session.images
    home = trained[base]
    epoch = next(iter(home.observations))
    with session.stage("space"):
        made, key = embed_base(store, images, home, epoch, config.method, config.seed)

    def place(name: str) -> Projected:
        run = trained[name]
        with session.stage("project", of=name):
            placed = project_run(store, made.space, key, run)
        return without_alignment(session, run, placed, made.space.covered)

    at_home, runs = place(base), {name: place(name) for name in compared}
    shown = [(at_home, epoch)]
    for name, one in runs.items():
        shown += [(one, epoch) for epoch in one.epochs if epoch in drawn[name]]
    with session.stage("layout"):
        layout, points, maps_key = lay_out_often(
            store,
            [one.placed[epoch].vectors for one, epoch in shown],
            config.method.layout,
            config.seed,
        )
    maps = {one.snapshot(e): p for (one, e), p in zip(shown, points, strict=True)}
    reference = Reference(
        stimuli=at_home.stimuli(epoch),
        embedding=at_home.placed[epoch],
        maps=points[0],
    )

    def measure(one: Projected) -> Trajectory:
        seen = [_seen(one, epoch, maps) for epoch in one.epochs]
        size, seed = len(images.pool), config.seed
        return measure_evolution(seen, reference, pool_size=size, seed=seed)

    trajectories = {}
    for name, placed in runs.items():
        keys = content_key("observations", list(trained[name].keys.values()))
        with session.stage("measure", of=name):
            trajectories[name], _ = store.record(
                "evolve",
                Trajectory,
                partial(measure, placed),
                config={"seed": config.seed, "names": list(maps)},
                inputs={"space": key, "maps": maps_key, "observations": keys},
                about=f"{name} in the space of {made.space.base}",
            )
    return InSpace(
        made=made,
        home=at_home,
        runs=runs,
        layout=layout,
        maps=maps,
        trajectories=trajectories,
    )


def _seen(
    one: Projected, epoch: Epoch, maps: Mapping[str, np.ndarray]
) -> ObservedSnapshot:
    return ObservedSnapshot(
        snapshot=one.snapshot(epoch),
        stimuli=one.stimuli(epoch),
        responses=one.run.observations[epoch].judgement,
        embedding=one.placed[epoch],
        maps=maps.get(one.snapshot(epoch)),
    )
