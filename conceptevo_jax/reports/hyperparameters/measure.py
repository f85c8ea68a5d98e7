"""Spaces whose settings differ in one value, and how well each aligns.

Every neuron's responses to all images are read once; everything that a setting changes,
from the number of stimuli to the share of the pool, is then derived from them. So a
trial takes seconds and runs no network. Alignment is measured only on the validation
images: the chosen settings are tested elsewhere, on other images.
"""

import time
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis import Alignment, Subject, compare
from conceptevo_jax.config import MethodConfig, schema_values
from conceptevo_jax.data import Pool, select_part
from conceptevo_jax.embedding import fit_neurons
from conceptevo_jax.errors import DivergenceError
from conceptevo_jax.pipeline.cached_space import space_settings
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.projection import (
    build_space,
    project_neurons,
    response_quantiles,
)
from conceptevo_jax.reports.hyperparameters.responses import Responded
from conceptevo_jax.reports.hyperparameters.trials import Trial
from conceptevo_jax.stimuli import Search, stimuli_of_arrays
from conceptevo_jax.types import Embedding, Responses, Stimuli, record

_BATCH = 1000
"""Number of images embedded at a time."""

_SAMPLE = 1000
"""Number of pool images whose responses a comparison uses."""


@record
class Tried:
    """Result of a trial with one base.

    Attributes:
      runs: The runs that were compared with the base.
      aucs: By run and agreement, in the order of `AGREEMENTS`; NaN for none.
      fit_seconds: Time to learn the base neurons' vectors; None if that failed.
      space_seconds: Time to embed the images and project; None if that failed.
      why: Why there is no space: the fit or the gradient descent diverged.
    """

    runs: tuple[str, ...]
    aucs: Float[np.ndarray, "r a"]
    fit_seconds: float | None = None
    space_seconds: float | None = None
    why: str | None = None


def run_trial(
    session: Session,
    trial: Trial,
    base: str,
    responses: Mapping[str, tuple[Responded, str]],
) -> Tried:
    """Make a space with a trial's settings and measure the alignment of the other runs.

    Rates at which learning diverges are part of the paper's ranges, and are reported
    as diverged.

    Args:
      session: Images, store and seed.
      trial: The settings.
      base: Name of the run whose neurons span the space.
      responses: From `read_responses`, by run.
    """
    seed = session.config.seed
    responses_by_run = {
        name: run_responses for name, (run_responses, _) in responses.items()
    }

    def make_trial() -> Tried:
        try:
            return _measure_trial(session.images, trial, base, responses_by_run, seed)
        except DivergenceError as error:
            compared_names = tuple(name for name in responses if name != base)
            missing_aucs = np.full((len(compared_names), len(AGREEMENTS)), np.nan)
            return Tried(runs=compared_names, aucs=missing_aucs, why=str(error))

    trial_result, _ = session.store.record(
        "trial",
        Tried,
        make_trial,
        config={"method": trial.method, "share": trial.pool_share, "seed": seed},
        inputs={"base": base} | {name: key for name, (_, key) in responses.items()},
        about=f"{base}: {trial.centre} {trial.factor} {trial.value}",
    )
    return trial_result


def _measure_trial(
    images: Images,
    trial: Trial,
    base: str,
    responses: Mapping[str, Responded],
    seed: int,
) -> Tried:
    pool, rows = _pool_part(images, trial.pool_share)
    start = time.perf_counter()
    stimuli_by_run = {
        name: _strongest_stimuli(run_responses, pool, rows, trial.method)
        for name, run_responses in responses.items()
    }
    stimuli = stimuli_by_run[base].strongest(trial.method.stimuli.k)
    neurons, _ = fit_neurons(
        stimuli, seed=seed, **schema_values(trial.method.embedding)
    )
    fit_end = time.perf_counter()
    peaks = responses[base].pool.peaks[rows]
    space, _ = build_space(
        stimuli,
        neurons,
        base=f"{base}@last",
        pool_size=len(rows),
        settings=space_settings(trial.method.projection, seed),
        quantiles=response_quantiles(peaks),
        responses=_padded_batches(peaks),
    )
    vectors = {
        name: project_neurons(run_stimuli, space)
        for name, run_stimuli in stimuli_by_run.items()
    }
    space_end = time.perf_counter()
    subjects = {
        name: _subject(
            name,
            responses[name],
            stimuli_by_run[name],
            vectors[name],
            pool,
            rows,
            trial,
        )
        for name in responses
    }
    compared_names = tuple(name for name in responses if name != base)
    alignments = [
        compare(subjects[name], subjects[base], seed=seed) for name in compared_names
    ]
    return Tried(
        runs=compared_names,
        aucs=np.array([_overall_aucs(alignment) for alignment in alignments]),
        fit_seconds=fit_end - start,
        space_seconds=space_end - fit_end,
    )


def _pool_part(images: Images, share: float) -> tuple[Pool, np.ndarray]:
    """A share of the pool, in proportion to the classes, and its rows."""
    if share == 1.0:
        return images.pool, np.arange(len(images.pool))
    size = round(share * len(images.pool))
    part, _ = select_part(images.pool_pixels, size=size, seed=images.pool.seed)
    return part, part.rows


def _strongest_stimuli(
    run_responses: Responded, pool: Pool, rows: np.ndarray, method: MethodConfig
) -> Stimuli:
    """The number of top images that a neuron is projected from."""
    return stimuli_of_arrays(
        run_responses.pool.peaks[rows],
        run_responses.pool.sites,
        pool,
        Search(**schema_values(method.stimuli)),
        projection_images=method.projection.stimuli,
    )


def _padded_batches(peaks: np.ndarray) -> Iterator[np.ndarray]:
    """Batches of equal size, so that one program serves all; the last is padded."""
    size = min(_BATCH, len(peaks))
    for start in range(0, len(peaks), size):
        batch = peaks[start : start + size]
        yield np.pad(batch, ((0, size - len(batch)), (0, 0)))


def _subject(
    name: str,
    run_responses: Responded,
    stimuli: Stimuli,
    vectors: Embedding,
    pool: Pool,
    rows: np.ndarray,
    trial: Trial,
) -> Subject:
    sampled = Responses(
        peaks=run_responses.pool.peaks[rows][:_SAMPLE],
        sites=run_responses.pool.sites,
        images_id=pool.pool_id,
    )
    return Subject(
        snapshot=f"{name}@last",
        responses=run_responses.selection,
        pool=sampled,
        stimuli=stimuli.strongest(trial.method.stimuli.k),
        embedding=vectors,
    )


def _overall_aucs(alignment: Alignment) -> list[float]:
    aucs = [getattr(alignment, name).overall.auc for name in AGREEMENTS]
    return [np.nan if auc is None else auc for auc in aucs]
