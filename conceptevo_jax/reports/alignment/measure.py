"""Snapshots in several spaces: of every base, under every method that is compared.

All see the same trainings and the same held-out images. What a method needs to see
otherwise, such as VGG before its ReLU, is observed again.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.analysis import Alignment, Subject
from conceptevo_jax.analysis.alignment.selectivity import selected_concepts
from conceptevo_jax.config import Config, MethodConfig
from conceptevo_jax.data import Pool
from conceptevo_jax.data.shapes import shape_concepts
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.base_space import BaseSpace, Refits
from conceptevo_jax.pipeline.cached_space import (
    align,
    embed_base,
    project_run,
    refit_base,
    subject,
)
from conceptevo_jax.pipeline.projected_run import without_alignment
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.unified import BASE_SAMPLE, Unified, unified
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Embedding, Epoch, Observation

SHOWN = 4
"""Whole epochs of a run that are compared, where it names no milestones."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """All compared snapshots in one space.

    Attributes:
      method: Name of the method.
      base: Name of the base run.
      made: The space.
      key: Its content key.
      refits: The space fitted from other seeds.
      refits_key: Their content key.
      runs: The runs as this method observes them, by name; the base among them.
      vectors: Where their neurons lie, by run and epoch.
    """

    method: str
    base: str
    made: BaseSpace
    key: str
    refits: Refits
    refits_key: str
    runs: Mapping[str, TrainedRun]
    vectors: Mapping[str, Mapping[Epoch, Embedding]]

    @property
    def home(self) -> str:
        """Name of the base snapshot, `run@epoch`."""
        return self.made.space.base


def compared_runs(config: Config) -> list[str]:
    """Every run that is in a space.

    Raises:
      UsageError: for a base or judge that is no run, or a judge that is compared.
    """
    of = config.alignment
    for name in (*of.bases, *filter(None, [of.judge])):
        if name not in config.runs:
            raise unknown_name("run in alignment", name, config.runs)
    if not of.bases or of.judge in of.bases:
        raise UsageError(
            f"alignment.bases is {of.bases} and alignment.judge {of.judge!r}: name one "
            "base at least, and a judge that is none of them."
        )
    return [name for name in config.runs if name != of.judge]


def compared_epochs(config: Config, name: str) -> tuple[Epoch, ...]:
    """The untrained network, a run's milestones, and its last epoch."""
    run = config.runs[name]
    spread = np.linspace(0, run.epochs - 1, min(SHOWN, run.epochs)).round().astype(int)
    chosen = set(run.milestones or spread.tolist()) | {run.epochs - 1}
    return ("init", *sorted(chosen))


def _ends(epochs: Sequence[Epoch]) -> tuple[Epoch, ...]:
    """The untrained network and the last epoch: all that methods are compared by."""
    return (epochs[0], epochs[-1])


def alignment_jobs(config: Config, method: MethodConfig | None = None) -> list[Job]:
    """Train and observe every compared run; the judge is trained alone.

    Args:
      config: The configuration.
      method: Another method, which needs the ends of each run alone; None for the
        method in use, and the judge.
    """
    of, chosen = config.alignment, method or config.method
    epochs = {name: compared_epochs(config, name) for name in compared_runs(config)}
    if method is not None:
        epochs = {name: _ends(own) for name, own in epochs.items()}
    found = [
        Job(
            name=name,
            run=config.runs[name],
            dataset=config.dataset,
            search=chosen.stimuli,
            projecting=chosen.projection.stimuli,
            epochs=own,
            sample=BASE_SAMPLE if name in of.bases else config.dataset.sample_images,
        )
        for name, own in epochs.items()
    ]
    if of.judge is not None and method is None:
        run = config.runs[of.judge]
        found.append(Job(name=of.judge, run=run, dataset=config.dataset))
    return found


def place_all(
    session: Session, trained: Mapping[str, TrainedRun]
) -> dict[str, list[Placed]]:
    """Build every space and project all compared snapshots; by method, base by base.

    `trained` are the compared runs as the method in use observes them.
    """
    config = session.config
    names = compared_runs(config)
    first = {name: trained[name] for name in names}
    found = {}
    for method in (config.method, *config.methods.values()):
        runs = _observed(session, method, first)
        found[method.name] = [
            _placed(session, method, base, runs) for base in config.alignment.bases
        ]
    return found


def _observed(
    session: Session, method: MethodConfig, first: Mapping[str, TrainedRun]
) -> Mapping[str, TrainedRun]:
    """The runs as a method observes them."""
    config = session.config
    if method is config.method:
        return first
    if method.stimuli == config.method.stimuli and method.projection.stimuli is None:
        return {name: _narrowed(run) for name, run in first.items()}
    return session.train(alignment_jobs(config, method))


def _narrowed(run: TrainedRun) -> TrainedRun:
    """The same run at its ends, of which no more than stimuli was found."""
    ends = _ends(list(run.observations))
    seen = {epoch: run.observations[epoch] for epoch in ends}
    return dataclasses.replace(
        run,
        observations={
            epoch: dataclasses.replace(one, found=one.stimuli)
            for epoch, one in seen.items()
        },
        keys={epoch: content_key(run.keys[epoch], "stimuli") for epoch in ends},
    )


def _placed(
    session: Session,
    method: MethodConfig,
    base: str,
    runs: Mapping[str, TrainedRun],
) -> Placed:
    store, seed = session.store, session.config.seed
    last = list(runs[base].observations)[-1]
    how = (store, session.images, runs[base], last, method, seed)
    with session.stage("space", of=base):
        made, key = embed_base(*how)
    with session.stage("refit", of=base):
        refits, refits_key = refit_base(*how)
    vectors = {}
    for name, run in runs.items():
        with session.stage("project", of=name):
            vectors[name] = project_run(store, made.space, key, run)
    return Placed(
        method=method.name,
        base=base,
        made=made,
        key=key,
        refits=refits,
        refits_key=refits_key,
        runs=runs,
        vectors=vectors,
    )


def lay_out_all(session: Session, placed: Placed) -> Unified:
    """Lay out the base and all compared snapshots of a space, and keep both."""
    covered = placed.made.space.covered
    last = list(placed.vectors[placed.base])[-1]
    home = without_alignment(
        session,
        _at(placed.runs[placed.base], last),
        {last: placed.vectors[placed.base][last]},
        covered,
    )
    compared = [
        without_alignment(session, run, dict(placed.vectors[name]), covered)
        for name, run in placed.runs.items()
        if name != placed.base
    ]
    shown = [(one, epoch) for one in compared for epoch in one.epochs]
    return unified(session, placed.made, home, compared, shown)


def _at(run: TrainedRun, epoch: Epoch) -> TrainedRun:
    """The same run, observed at one epoch alone."""
    return dataclasses.replace(
        run,
        observations={epoch: run.observations[epoch]},
        keys={epoch: run.keys[epoch]},
    )


def family(run: TrainedRun) -> str:
    """What counts as one architecture: VGG16 and VGG19 do, with dropout or without."""
    return re.split(r"[\d_]", run.model.name)[0]


def all_snapshots(placed: Placed) -> list[tuple[str, Epoch]]:
    """Every compared snapshot of a space."""
    return [(name, epoch) for name, own in placed.vectors.items() for epoch in own]


def base_pairs(placed: Placed) -> list[tuple[tuple[str, Epoch], tuple[str, Epoch]]]:
    """Every snapshot of the other runs beside the base."""
    last = list(placed.vectors[placed.base])[-1]
    others = [one for one in all_snapshots(placed) if one[0] != placed.base]
    return [(one, (placed.base, last)) for one in others]


def every_pair(placed: Placed) -> list[tuple[tuple[str, Epoch], tuple[str, Epoch]]]:
    """Every two snapshots of a space, the base's own among them."""
    shots = all_snapshots(placed)
    return [(a, b) for place, b in enumerate(shots) for a in shots[place + 1 :]]


def align_pairs(
    session: Session,
    placed: Placed,
    pairs: Iterable[tuple[tuple[str, Epoch], tuple[str, Epoch]]],
) -> dict[tuple[str, str], Alignment]:
    """Judge pairs of snapshots of one space on the judgement images, or find them.

    Returns:
      By the names of both snapshots.
    """
    subjects: dict[tuple[str, Epoch], tuple[Subject, Observation]] = {}
    spaces, found = placed.refits.spaces(placed.made.space), {}
    for a, b in pairs:
        for one in (a, b):
            if one not in subjects:
                subjects[one] = _subject(session, placed, *one)
        names = subjects[a][0].snapshot, subjects[b][0].snapshot
        keys = {
            "space": placed.key,
            "refits": placed.refits_key,
            "a": placed.runs[a[0]].keys[a[1]],
            "b": placed.runs[b[0]].keys[b[1]],
        }
        seed = session.config.seed
        found[names] = align(
            session.store, subjects[a], subjects[b], spaces, keys, seed
        )
    return found


def _subject(
    session: Session, placed: Placed, run: str, epoch: Epoch
) -> tuple[Subject, Observation]:
    seen, images = placed.runs[run].observations[epoch], session.images
    dataset, vectors = session.config.dataset, placed.vectors[run][epoch]
    plain = subject(f"{run}@{epoch}", seen, vectors, images.pool, dataset.sample_images)
    concepts = _concepts(dataset.name, seen, images.judgement)
    return dataclasses.replace(plain, concepts=concepts), seen


def _concepts(
    name: str, seen: Observation, judgement: Pool
) -> Int[np.ndarray, " n"] | None:
    """The known concept that each neuron selects; None for photographs."""
    if name != "shapes":
        return None
    return selected_concepts(seen.judgement.peaks, shape_concepts(judgement.keys))
