"""From training runs to one space: the first part of every experiment with a space.

Trains and observes the base and the compared runs, builds the space from the base's
last epoch, projects every snapshot, measures its alignment and lays it out on one map.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from conceptevo_jax.config import Config
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.joint_layout import JointLayout, lay_out_runs
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.runs_in_space import (
    RunsInSpace,
    align_with_base,
    place_runs,
)
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.stimuli import BASE_SAMPLE
from conceptevo_jax.types import Layout

COLUMNS = 6
"""Largest number of snapshots of a run that are drawn."""


def space_jobs(config: Config) -> list[Job]:
    """What to train and observe: the base's last epoch, and the compared runs.

    For a compared run, its milestones and the untrained network are observed, or all
    snapshots if it names no milestones.
    """
    base = base_of(config)
    last = config.runs[base].epochs - 1
    first = Job.from_config(config, base, epochs=(last,), sample=BASE_SAMPLE)
    compared_names = [name for name in config.runs if name != base]
    return [
        first,
        *(
            Job.from_config(config, n, epochs=_milestones(config, n))
            for n in compared_names
        ),
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


def unify(
    session: Session, trained: Mapping[str, TrainedRun]
) -> tuple[RunsInSpace, JointLayout]:
    """Build the space, project and align every run, lay out the shown snapshots.

    Args:
      session: Store, images and settings.
      trained: All runs by name, observed.
    """
    base = base_of(session.config)
    runs = {name: trained[name] for name in session.config.runs if name != base}
    space = align_with_base(session, place_runs(session, trained[base], runs))
    shown = {name: shown_epochs(run) for name, run in space.runs.items()}
    return space, lay_out_runs(session, space, shown)


def shown_epochs(projected_run: ProjectedRun) -> list[Epoch]:
    """`init` and whole epochs, evenly spread, including the first and the last."""
    whole = [epoch for epoch in projected_run.epochs if isinstance(epoch, int)]
    spread = np.linspace(0, len(whole) - 1, min(COLUMNS - 1, len(whole)))
    return ["init", *(whole[i] for i in spread.round().astype(int))]


def space_facts(space: RunsInSpace, layout: Layout) -> dict[str, Any]:
    """Numbers about a space and its map, for `results.json`.

    Args:
      space: The runs in the space.
      layout: The map.
    """
    fit = space.base_space.fit
    return {
        "pool": space.base_space.space.pool_id,
        "pairs_per_repeat": fit.pairs,
        "isolated_neurons": fit.isolated,
        "loss_start": fit.start_total,
        "loss_end": float(fit.total[-1]),
        "positive_start": fit.start_positive,
        "positive_end": float(fit.positive[-1]),
        "images": space.base_space.report,
        "map_stability": layout.stability,
    }
