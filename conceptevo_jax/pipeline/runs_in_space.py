"""Runs in the space of a base: one record for all experiments.

The space is built from one snapshot of the base run; all other snapshots are projected
into it. `align_with_base` measures their alignment with the base. Maps are in
`joint_layout`.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from conceptevo_jax.analysis import Alignment, Subject
from conceptevo_jax.config import MethodConfig
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.cached_space import (
    align,
    embed_base,
    project_run,
    refit_base,
)
from conceptevo_jax.pipeline.projected_run import ProjectedRun, join_space
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.stimuli import narrow_sample
from conceptevo_jax.types import Observation, Space, record


@record
class RunsInSpace:
    """Runs in the space of a base.

    Attributes:
      base_space: The space, with the reports of its fit.
      base: The base run, only at the epoch from which the space was built.
      runs: The compared runs, by name. They may include the base run, with all its
        snapshots.
      key: Content key of the space.
      method: The method by which the space was built.
    """

    base_space: BaseSpace
    base: ProjectedRun
    runs: Mapping[str, ProjectedRun]
    key: str
    method: MethodConfig

    @property
    def base_snapshot(self) -> str:
        """Name of the snapshot from which the space was built, `run@epoch`.

        The stored space has the name that the run had when the space was built, which
        may be another one.
        """
        return self.base.snapshot(self.base.epochs[-1])

    @property
    def compared(self) -> list[ProjectedRun]:
        """The compared runs in order, without the base run."""
        base = self.base.run.name
        return [projected for name, projected in self.runs.items() if name != base]


def place_runs(
    session: Session,
    base: TrainedRun,
    runs: Mapping[str, TrainedRun],
    method: MethodConfig | None = None,
) -> RunsInSpace:
    """Build the space of a base run's last observed snapshot, and project runs into it.

    Args:
      session: Store, images and settings.
      base: The base run, observed.
      runs: The compared runs by name, observed.
      method: The method to build the space; by default the method in use.
    """
    method = session.config.method if method is None else method
    last_epoch = list(base.observations)[-1]
    with session.stage("space", subject=base.name):
        base_space, key = embed_base(
            session.store, session.images, base, last_epoch, method, session.config.seed
        )
    space = base_space.space
    return RunsInSpace(
        base_space=base_space,
        base=_place(session, base.observed_at(last_epoch), space, key),
        runs={name: _place(session, run, space, key) for name, run in runs.items()},
        key=key,
        method=method,
    )


def _place(session: Session, run: TrainedRun, space: Space, key: str) -> ProjectedRun:
    with session.stage("project", subject=run.name):
        vectors = project_run(session.store, space, key, run)
    return join_space(run, session.config.runs[run.name].title, vectors, space)


def refit_spaces(session: Session, space: RunsInSpace) -> tuple[list[Space], str]:
    """Fit the space again from other seeds, for the intervals of alignment.

    Args:
      session: Store, images and seed.
      space: The runs in the space.

    Returns:
      The refitted spaces, and their content key.
    """
    base = space.base
    with session.stage("refit", subject=base.run.name):
        refits, key = refit_base(
            session.store,
            session.images,
            base.run,
            (space.base_space, space.key),
            space.method,
            session.config.seed,
        )
    return refits.spaces(space.base_space.space), key


def alignment_subject(
    session: Session, projected: ProjectedRun, epoch: Epoch
) -> Subject:
    """A snapshot as input of the alignment measures.

    The base keeps responses to more of the pool than others; all are compared on the
    first `dataset.sample_images`.

    Args:
      session: The pool, and the number of its images to compare.
      projected: The run.
      epoch: The snapshot's epoch.
    """
    observation = projected.run.observations[epoch]
    sample_images = session.config.dataset.sample_images
    return Subject(
        snapshot=projected.snapshot(epoch),
        responses=observation.judgement,
        pool=narrow_sample(observation.sample, session.images.pool, sample_images),
        stimuli=observation.stimuli,
        embedding=projected.placed[epoch],
    )


def align_with_base(session: Session, space: RunsInSpace) -> RunsInSpace:
    """Measure the alignment of every snapshot of the compared runs with the base.

    Args:
      session: Store, images and settings.
      space: The runs in the space.

    Returns:
      The runs in the space, with the alignments of every compared run.
    """
    refits, refits_key = refit_spaces(session, space)
    base, (epoch,) = space.base, space.base.epochs
    base_subject = _subject_and_observation(session, base, epoch)
    keys = {"space": space.key, "refits": refits_key, "base": base.run.keys[epoch]}
    runs = {}
    for name, projected in space.runs.items():
        with session.stage("align", subject=name):
            alignments = _align_snapshots(
                session, projected, base_subject, refits, keys
            )
        runs[name] = dataclasses.replace(projected, alignments=alignments)
    return dataclasses.replace(space, runs=runs)


def _align_snapshots(
    session: Session,
    projected: ProjectedRun,
    base_subject: tuple[Subject, Observation],
    refits: Sequence[Space],
    keys: Mapping[str, str],
) -> dict[Epoch, Alignment]:
    """Alignment of every snapshot of a run with the base, by epoch."""
    return {
        epoch: align(
            session.store,
            _subject_and_observation(session, projected, epoch),
            base_subject,
            refits,
            {**keys, "observation": projected.run.keys[epoch]},
            session.config.seed,
        )
        for epoch in projected.epochs
    }


def _subject_and_observation(
    session: Session, projected: ProjectedRun, epoch: Epoch
) -> tuple[Subject, Observation]:
    subject = alignment_subject(session, projected, epoch)
    return subject, projected.run.observations[epoch]
