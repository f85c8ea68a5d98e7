"""Snapshots in several spaces, one per base and compared method.

All methods use the same trainings and the same held-out images. If a method observes
networks differently, such as VGG before its ReLU, they are observed again.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from conceptevo_jax.config import MethodConfig
from conceptevo_jax.pipeline.joint_layout import JointLayout, lay_out_runs
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace, place_runs
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.reports.alignment.training_jobs import (
    alignment_jobs,
    compared_runs,
    endpoints,
)
from conceptevo_jax.reports.settings import ComparedMethods
from conceptevo_jax.store import content_key


def place_all(
    session: Session, trained: Mapping[str, TrainedRun]
) -> dict[str, list[RunsInSpace]]:
    """Build every space and project all compared snapshots into it.

    Args:
      session: The configuration, images and store.
      trained: The compared runs as the method in use observes them, by name.

    Returns:
      By method, the space of each base in order.
    """
    config = session.config
    runs_in_use = {name: trained[name] for name in compared_runs(config)}
    placements = {}
    for method in (config.method, *ComparedMethods.of(config).methods.values()):
        runs = _runs_observed_by(session, method, runs_in_use)
        placements[method.name] = [
            place_runs(session, runs[base], runs, method)
            for base in AlignmentSettings.of(config).bases
        ]
    return placements


def _runs_observed_by(
    session: Session, method: MethodConfig, runs_in_use: Mapping[str, TrainedRun]
) -> Mapping[str, TrainedRun]:
    """The runs as a method observes them."""
    config = session.config
    if method is config.method:
        return runs_in_use
    # A method with the same stimuli needs no new observation, only less of it.
    if method.stimuli == config.method.stimuli and method.projection.stimuli is None:
        return {name: _restrict_to_endpoints(run) for name, run in runs_in_use.items()}
    return session.train(alignment_jobs(config, method))


def _restrict_to_endpoints(run: TrainedRun) -> TrainedRun:
    """The same run at its endpoints, projected from its stimuli alone."""
    restricted = run.observed_at(*endpoints(list(run.observations)))
    return dataclasses.replace(
        restricted,
        observations={
            epoch: dataclasses.replace(observation, found=observation.stimuli)
            for epoch, observation in restricted.observations.items()
        },
        keys={
            epoch: content_key(key, "stimuli") for epoch, key in restricted.keys.items()
        },
    )


def space_reports(
    placements: Mapping[str, Sequence[RunsInSpace]],
) -> list[dict[str, Any]]:
    """How the image vectors of every space were made, for `results.json`."""
    return [
        {
            "method": method,
            "base": space.base_snapshot,
            "space": space.base_space.report,
        }
        for method, spaces_of_method in placements.items()
        for space in spaces_of_method
    ]


def lay_out_all(session: Session, space: RunsInSpace) -> JointLayout:
    """Lay out the base and all compared snapshots, and save the space and its map.

    Args:
      session: The map's settings and the result folder.
      space: The snapshots in their space.
    """
    epochs = {name: projected.epochs for name, projected in space.runs.items()}
    return lay_out_runs(session, space, epochs)


def family(run: TrainedRun) -> str:
    """The architecture of a run; all VGGs, with or without dropout, count as one."""
    return re.split(r"[\d_]", run.model.name)[0]
