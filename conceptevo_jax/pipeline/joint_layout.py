"""A joint map of runs in a space, for some of their snapshots."""

from collections.abc import Mapping, Sequence

import numpy as np

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.cached_space import lay_out
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.types import Layout, record


@record
class JointLayout:
    """One map of several snapshots.

    Attributes:
      layout: The map.
      points: The neurons' positions on the map, `[n 2]`, by name of the snapshot.
    """

    layout: Layout
    points: Mapping[str, np.ndarray]


def lay_out_runs(
    session: Session, space: RunsInSpace, epochs: Mapping[str, Sequence[Epoch]]
) -> JointLayout:
    """Fit one map to the base and to snapshots of the compared runs.

    The space and its map are written to the result folder, where `conceptevo project`
    reads them.

    Args:
      session: Store, settings of the map, and the result folder.
      space: The runs in the space.
      epochs: The snapshots on the map, by run.
    """
    vectors = vectors_on_map(space, epochs)
    with session.stage("layout"):
        layout, points = lay_out(
            session.store,
            list(vectors.values()),
            session.config.method.layout,
            session.config.seed,
        )
    session.save_space(space.base_space.space, layout)
    return JointLayout(layout=layout, points=dict(zip(vectors, points, strict=True)))


def vectors_on_map(
    space: RunsInSpace, epochs: Mapping[str, Sequence[Epoch]]
) -> dict[str, np.ndarray]:
    """The vectors to fit a map to, `[n d]` by snapshot, those of the base first.

    Args:
      space: The runs in the space.
      epochs: The snapshots of the compared runs, by run.
    """
    snapshots = [(space.base, space.base.epochs[-1])]
    for run in space.compared:
        on_map = epochs[run.run.name]
        snapshots += [(run, epoch) for epoch in run.epochs if epoch in on_map]
    return {run.snapshot(epoch): run.placed[epoch].vectors for run, epoch in snapshots}
