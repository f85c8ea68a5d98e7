"""From training runs to one space: the first part of every experiment with a space.

Trains and observes the base and the compared runs, builds the space from the base's
last epoch, projects every snapshot, measures its alignment and lays it out on one map.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.config import Config
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.cached_space import embed_base, lay_out
from conceptevo_jax.pipeline.projected_run import Projected, project_all
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.types import Epoch, Layout, record

BASE_SAMPLE = 4096
"""Number of pool images used to rank the base neurons' responses."""

COLUMNS = 6
"""Largest number of snapshots of a run that are drawn."""


@record
class Unified:
    """Runs in one space, and on one map.

    Attributes:
      base: The base run, at the epoch the space was built from.
      compared: All other runs.
      base_space: The space and how it was made.
      layout: The map of the base and all shown snapshots.
      points: The points of each shown snapshot's neurons on it, by its name.
    """

    base: Projected
    compared: Sequence[Projected]
    base_space: BaseSpace
    layout: Layout
    points: Mapping[str, np.ndarray]

    def about(self) -> dict[str, Any]:
        """The space in numbers, for `results.json`."""
        fit = self.base_space.fit
        return {
            "pool": self.base_space.space.pool_id,
            "pairs_per_repeat": fit.pairs,
            "isolated_neurons": fit.isolated,
            "loss_start": fit.start_total,
            "loss_end": float(fit.total[-1]),
            "positive_start": fit.start_positive,
            "positive_end": float(fit.positive[-1]),
            "images": self.base_space.report,
            "map_stability": self.layout.stability,
        }


def space_jobs(config: Config) -> list[Job]:
    """What to train and observe: the base's last epoch, and the compared runs.

    For a compared run, its milestones and the untrained network are observed, or all
    snapshots if it names no milestones.
    """
    base = base_of(config)
    last = config.runs[base].epochs - 1
    first = Job.observed(config, base, epochs=(last,), sample=BASE_SAMPLE)
    compared = [name for name in config.runs if name != base]
    return [
        first,
        *(Job.observed(config, n, epochs=_milestones(config, n)) for n in compared),
    ]


def base_of(config: Config) -> str:
    """The name of the base run.

    Raises:
      UsageError: if none is named.
    """
    if config.base is None:
        raise UsageError("base names no run: name one with base=NAME.")
    return config.base


def _milestones(config: Config, name: str) -> tuple[Epoch, ...] | None:
    milestones = config.runs[name].milestones
    return ("init", *milestones) if milestones else None


def unify(session: Session, trained: Mapping[str, TrainedRun]) -> Unified:
    """Build the space, project and align every run, lay out the shown snapshots.

    The space and its map are written to the result folder, where `conceptevo project`
    finds them.

    Args:
      session: Store, images and settings.
      trained: All runs by name, observed.
    """
    config, base_name = session.config, base_of(session.config)
    base = trained[base_name]
    with session.stage("space"):
        fitted_space, key = embed_base(
            session.store,
            session.images,
            base,
            next(iter(base.observations)),
            config.method,
            config.seed,
        )
    projected = project_all(session, trained, base_name, fitted_space, key)
    base_run = projected.pop(base_name)
    compared = list(projected.values())
    on_map = [(run, epoch) for run in compared for epoch in shown_epochs(run)]
    return unified(session, fitted_space, base_run, compared, on_map)


def unified(
    session: Session,
    fitted_space: BaseSpace,
    base_run: Projected,
    compared: Sequence[Projected],
    on_map: Sequence[tuple[Projected, Epoch]],
) -> Unified:
    """Lay out a space's base and some snapshots on one map, and keep space and map.

    Args:
      session: The result folder and the map's settings.
      fitted_space: The space.
      base_run: The base run, at the epoch the space was built from.
      compared: All other runs.
      on_map: Which of their snapshots are laid out.
    """
    snapshots = [(base_run, base_run.epochs[-1]), *on_map]
    with session.stage("layout"):
        layout, points = lay_out(
            session.store,
            [run.placed[epoch].vectors for run, epoch in snapshots],
            session.config.method.layout,
            session.config.seed,
        )
    session.save_space(fitted_space.space, layout)
    names = [run.snapshot(epoch) for run, epoch in snapshots]
    return Unified(
        base=base_run,
        compared=compared,
        base_space=fitted_space,
        layout=layout,
        points=dict(zip(names, points, strict=True)),
    )


def shown_epochs(projected: Projected) -> list[Epoch]:
    """`init` and whole epochs, evenly spread, including the first and the last."""
    whole = [epoch for epoch in projected.epochs if isinstance(epoch, int)]
    spread = np.linspace(0, len(whole) - 1, min(COLUMNS - 1, len(whole)))
    return ["init", *(whole[i] for i in spread.round().astype(int))]
