"""Snapshots in several spaces, one per base and compared method.

All methods use the same trainings and the same held-out images. Where a method observes
networks differently, such as VGG before its ReLU, they are observed again.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from conceptevo_jax.config import MethodConfig
from conceptevo_jax.pipeline.base_space import BaseSpace, Refits
from conceptevo_jax.pipeline.cached_space import (
    embed_base,
    project_run,
    refit_base,
)
from conceptevo_jax.pipeline.projected_run import without_alignment
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.unified import Unified, unified
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.reports.alignment.training_jobs import (
    alignment_jobs,
    compared_runs,
    endpoints,
)
from conceptevo_jax.reports.settings import ComparedMethods
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Embedding, Epoch


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PlacedSnapshots:
    """All compared snapshots in one space.

    Attributes:
      method: Name of the method.
      base: Name of the base run.
      base_space: The space.
      key: Its content key.
      refits: The space fitted from other seeds.
      refits_key: Their content key.
      runs: The runs as this method observes them, by name; the base is among them.
      vectors: Their neurons' vectors in the space, by run and epoch.
    """

    method: str
    base: str
    base_space: BaseSpace
    key: str
    refits: Refits
    refits_key: str
    runs: Mapping[str, TrainedRun]
    vectors: Mapping[str, Mapping[Epoch, Embedding]]

    @property
    def base_snapshot(self) -> str:
        """Name of the base snapshot, `run@epoch`."""
        return self.base_space.space.base


def place_all(
    session: Session, trained: Mapping[str, TrainedRun]
) -> dict[str, list[PlacedSnapshots]]:
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
            _place_in_space(session, method, base, runs)
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
    """The same run at its endpoints, projected by its plain stimuli."""
    epochs = endpoints(list(run.observations))
    observations = {epoch: run.observations[epoch] for epoch in epochs}
    return dataclasses.replace(
        run,
        observations={
            epoch: dataclasses.replace(observation, found=observation.stimuli)
            for epoch, observation in observations.items()
        },
        keys={epoch: content_key(run.keys[epoch], "stimuli") for epoch in epochs},
    )


def _place_in_space(
    session: Session,
    method: MethodConfig,
    base: str,
    runs: Mapping[str, TrainedRun],
) -> PlacedSnapshots:
    """Build the space of one base, and project all runs into it."""
    store, seed = session.store, session.config.seed
    last_epoch = list(runs[base].observations)[-1]
    embedding_inputs = (store, session.images, runs[base], last_epoch, method, seed)
    with session.stage("space", of=base):
        base_space, key = embed_base(*embedding_inputs)
    with session.stage("refit", of=base):
        refits, refits_key = refit_base(*embedding_inputs)
    vectors = {}
    for name, run in runs.items():
        with session.stage("project", of=name):
            vectors[name] = project_run(store, base_space.space, key, run)
    return PlacedSnapshots(
        method=method.name,
        base=base,
        base_space=base_space,
        key=key,
        refits=refits,
        refits_key=refits_key,
        runs=runs,
        vectors=vectors,
    )


def space_reports(
    placements: Mapping[str, Sequence[PlacedSnapshots]],
) -> list[dict[str, Any]]:
    """How the image vectors of every space were made, for `results.json`."""
    return [
        {
            "method": method,
            "base": placed.base_snapshot,
            "space": placed.base_space.report,
        }
        for method, spaces_of_method in placements.items()
        for placed in spaces_of_method
    ]


def lay_out_all(session: Session, placed: PlacedSnapshots) -> Unified:
    """Lay out the base and all compared snapshots, and save the space and its map.

    Args:
      session: The map's settings and the result folder.
      placed: The snapshots in their space.
    """
    covered = placed.base_space.space.covered
    last_epoch = list(placed.vectors[placed.base])[-1]
    base = without_alignment(
        session,
        _observed_at(placed.runs[placed.base], last_epoch),
        {last_epoch: placed.vectors[placed.base][last_epoch]},
        covered,
    )
    compared = [
        without_alignment(session, run, dict(placed.vectors[name]), covered)
        for name, run in placed.runs.items()
        if name != placed.base
    ]
    snapshots = [(run, epoch) for run in compared for epoch in run.epochs]
    return unified(session, placed.base_space, base, compared, snapshots)


def _observed_at(run: TrainedRun, epoch: Epoch) -> TrainedRun:
    """The same run, observed at one epoch alone."""
    return dataclasses.replace(
        run,
        observations={epoch: run.observations[epoch]},
        keys={epoch: run.keys[epoch]},
    )


def family(run: TrainedRun) -> str:
    """The architecture a run counts as: all VGGs are one, with dropout or without."""
    return re.split(r"[\d_]", run.model.name)[0]
