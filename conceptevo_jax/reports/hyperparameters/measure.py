"""Spaces made under settings that differ in one thing, and how well each aligns.

Every neuron's responses to all images are read once; whatever a setting changes, from
the number of stimuli to the share of the pool, is then made of these. So a trial takes
seconds, and no network. Judged on the selection images alone: what is chosen here is
judged elsewhere, on others.
"""

import copy
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.activations import read_peaks
from conceptevo_jax.analysis import Alignment, Subject, compare
from conceptevo_jax.config import Config, MethodConfig, plain
from conceptevo_jax.data import Decoded, Pool, select_part
from conceptevo_jax.embedding import fit_neurons
from conceptevo_jax.errors import DivergenceError, UsageError, unknown_name
from conceptevo_jax.pipeline.cached_space import space_settings
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.observe import images_found
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.projection import (
    build_space,
    project_neurons,
    response_quantiles,
)
from conceptevo_jax.stimuli import Search, respond, stimuli_of_arrays
from conceptevo_jax.types import Embedding, Responses, Stimuli, record

POOL_SHARE = "pool_share"
"""The one setting that is not of a method."""

_BATCH = 1000


@record
class Responded:
    """Every neuron's responses to all images of a snapshot.

    Attributes:
      pool: To the pool.
      selection: To the images that settings are chosen by.
    """

    pool: Responses
    selection: Responses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One setting tried.

    Attributes:
      centre: Name of the method that it differs from.
      factor: Which setting differs, by its path; empty for the centre itself.
      value: What it is.
      method: The whole method.
      pool_share: Share of the pool in use.
    """

    centre: str
    factor: str
    value: Any
    method: MethodConfig
    pool_share: float = 1.0


@record
class Tried:
    """How a trial did with one base.

    Attributes:
      runs: The runs that were compared with the base.
      aucs: By run and agreement, in the order of `AGREEMENTS`; NaN for none.
      fit_seconds: Learning the base neurons' vectors; None where that failed.
      space_seconds: Giving images vectors, and projecting; the same.
      why: In words, why there is no space: the fit or the descent diverged.
    """

    runs: tuple[str, ...]
    aucs: Float[np.ndarray, "r a"]
    fit_seconds: float | None = None
    space_seconds: float | None = None
    why: str | None = None


def trial_jobs(config: Config) -> list[Job]:
    """Train every run; nothing is observed on the way.

    Raises:
      UsageError: for a base that is no run, or none.
    """
    for name in config.hyperparameters.bases:
        if name not in config.runs:
            raise unknown_name("run in hyperparameters.bases", name, config.runs)
    if not config.hyperparameters.bases:
        raise UsageError("hyperparameters.bases is empty: name one base at least.")
    return [
        Job(name=name, run=run, dataset=config.dataset)
        for name, run in config.runs.items()
    ]


def trials_of(config: Config) -> list[Trial]:
    """All settings to try; each centre comes first, and stands for its own values.

    Raises:
      UsageError: for a setting that no method has, or `paper` missing in `methods`.
    """
    of = config.hyperparameters
    if of.around_paper and "paper" not in config.methods:
        raise unknown_name("method", "paper", config.methods)
    found = []
    for centre, factors in (
        (config.methods.get("paper"), of.around_paper),
        (config.method, of.around_default),
    ):
        if centre is not None and factors:
            found += _around(centre, dict(_flat(factors)))
    return found


def _flat(factors: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, list]]:
    """Values by the path of their setting.

    Raises:
      UsageError: for a setting with neither a list nor settings below it.
    """
    for name, values in factors.items():
        if isinstance(values, Mapping):
            yield from _flat(values, f"{above}{name}.")
        elif isinstance(values, list):
            yield f"{above}{name}", values
        else:
            raise UsageError(
                f"hyperparameters: {above}{name} is {values!r}; give a list of the "
                "values to try."
            )


def _around(centre: MethodConfig, factors: Mapping[str, Sequence[Any]]) -> list[Trial]:
    """The centre, and every value of every setting in its place."""
    first = Trial(centre=centre.name, factor="", value=None, method=centre)
    found = [first]
    for factor, values in factors.items():
        for value in values:
            if factor == POOL_SHARE:
                one = dataclasses.replace(first, pool_share=float(value))
            else:
                changed = _changed(centre, factor, value)
                one = dataclasses.replace(first, method=changed)
            found.append(dataclasses.replace(one, factor=factor, value=value))
    return found


def _changed(method: MethodConfig, path: str, value: Any) -> MethodConfig:
    """A method with one setting changed; random starts where images keep them."""
    changed = copy.deepcopy(method)
    *groups, name = path.split(".")
    node: Any = changed
    for group in groups:
        if not hasattr(node, group):
            raise unknown_name("group of method settings", group, vars(node))
        node = getattr(node, group)
    if not hasattr(node, name):
        raise unknown_name(f"setting {'.'.join(groups)}", name, vars(node))
    # YAML and the command line may leave out the point of a round number.
    exact = isinstance(getattr(node, name), float) and isinstance(value, int)
    setattr(node, name, float(value) if exact else value)
    if changed.projection.policy == "random":
        changed.projection.initial = "uniform"
    return changed


def is_centre(trial: Trial, centre: MethodConfig) -> bool:
    """Whether a trial's value is that of its centre."""
    if trial.factor in ("", POOL_SHARE):
        return trial.pool_share == 1.0
    node: Any = centre
    for name in trial.factor.split("."):
        node = getattr(node, name)
    return bool(node == trial.value)


def read_all(session: Session, run: TrainedRun) -> tuple[Responded, str]:
    """A run's last snapshot on the whole pool and the selection images."""
    shot, images = run.snapshots[-1], session.images

    def make() -> Responded:
        variables, reader = shot.load(), read_peaks(run.model)

        def peaks(pool: Pool, pixels: Decoded) -> Responses:
            read = respond(reader, run.model.sites, len(pool), pool.pool_id)
            return read(variables, pixels)

        return Responded(
            pool=peaks(images.pool, images.pool_pixels),
            selection=peaks(images.selection, images.selection_pixels),
        )

    return session.store.record(
        "respond",
        Responded,
        make,
        config={},
        inputs={
            "run": run.key,
            "pool": images.pool.pool_id,
            "selection": images.selection.pool_id,
        },
        about=shot.name,
    )


def attempt(
    session: Session,
    trial: Trial,
    base: str,
    seen: Mapping[str, tuple[Responded, str]],
) -> Tried:
    """Make a space under a trial's settings and judge all other runs in it.

    Rates at which learning diverges are part of the paper's ranges, and told as such.
    """
    seed = session.config.seed

    def make() -> Tried:
        try:
            return _attempt(session.images, trial, base, _responded(seen), seed)
        except DivergenceError as error:
            others = tuple(name for name in seen if name != base)
            nothing = np.full((len(others), len(AGREEMENTS)), np.nan)
            return Tried(runs=others, aucs=nothing, why=str(error))

    made, _ = session.store.record(
        "trial",
        Tried,
        make,
        config={"method": trial.method, "share": trial.pool_share, "seed": seed},
        inputs={"base": base} | {name: key for name, (_, key) in seen.items()},
        about=f"{base}: {trial.centre} {trial.factor} {trial.value}",
    )
    return made


def _responded(seen: Mapping[str, tuple[Responded, str]]) -> dict[str, Responded]:
    return {name: one for name, (one, _) in seen.items()}


def _attempt(
    images: Images,
    trial: Trial,
    base: str,
    seen: Mapping[str, Responded],
    seed: int,
) -> Tried:
    pool, rows = _part(images, trial.pool_share)
    start = time.perf_counter()
    known = {name: _found(one, pool, rows, trial.method) for name, one in seen.items()}
    stimuli = known[base].strongest(trial.method.stimuli.k)
    neurons, _ = fit_neurons(stimuli, seed=seed, **plain(trial.method.embedding))
    fitted = time.perf_counter()
    peaks = seen[base].pool.peaks[rows]
    space, _ = build_space(
        stimuli,
        neurons,
        base=f"{base}@last",
        pool_size=len(rows),
        settings=space_settings(trial.method.projection, seed),
        quantiles=response_quantiles(peaks),
        responses=_batches(peaks),
    )
    vectors = {name: project_neurons(one, space) for name, one in known.items()}
    ended = time.perf_counter()
    subjects = {
        name: _subject(name, seen[name], known[name], vectors[name], pool, rows, trial)
        for name in seen
    }
    others = tuple(name for name in seen if name != base)
    judged = [compare(subjects[name], subjects[base], seed=seed) for name in others]
    return Tried(
        runs=others,
        aucs=np.array([_aucs(one) for one in judged]),
        fit_seconds=fitted - start,
        space_seconds=ended - fitted,
    )


def _part(images: Images, share: float) -> tuple[Pool, np.ndarray]:
    """A share of the pool, in proportion to the classes, and its rows."""
    if share == 1.0:
        return images.pool, np.arange(len(images.pool))
    size = round(share * len(images.pool))
    part, _ = select_part(images.pool_pixels, size=size, seed=images.pool.seed)
    return part, part.rows


def _found(
    one: Responded, pool: Pool, rows: np.ndarray, method: MethodConfig
) -> Stimuli:
    """As many strongest images as a neuron is projected by."""
    settings = plain(method.stimuli)
    settings["k"] = images_found(settings["k"], method.projection.stimuli, len(pool))
    search = Search(**settings)
    return stimuli_of_arrays(one.pool.peaks[rows], one.pool.sites, pool, search)


def _batches(peaks: np.ndarray) -> Iterator[np.ndarray]:
    """Of equal size, so that one program serves all; the last is padded."""
    size = min(_BATCH, len(peaks))
    for start in range(0, len(peaks), size):
        batch = peaks[start : start + size]
        yield np.pad(batch, ((0, size - len(batch)), (0, 0)))


def _subject(
    name: str,
    seen: Responded,
    stimuli: Stimuli,
    vectors: Embedding,
    pool: Pool,
    rows: np.ndarray,
    trial: Trial,
) -> Subject:
    sampled = Responses(
        peaks=seen.pool.peaks[rows][:_BATCH],
        sites=seen.pool.sites,
        images_id=pool.pool_id,
    )
    return Subject(
        snapshot=f"{name}@last",
        responses=seen.selection,
        pool=sampled,
        stimuli=stimuli.strongest(trial.method.stimuli.k),
        embedding=vectors,
    )


def _aucs(one: Alignment) -> list[float]:
    found = [getattr(one, name).overall.auc for name in AGREEMENTS]
    return [np.nan if auc is None else auc for auc in found]
