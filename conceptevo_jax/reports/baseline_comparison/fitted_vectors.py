"""NeuroCartography's vectors of each snapshot, fitted once and stored."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from conceptevo_jax.baselines.neurocartography import (
    FIGURE_9,
    FitSettings,
    fit_snapshot,
)
from conceptevo_jax.embedding import FitReport
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.stimuli import top_images_needed
from conceptevo_jax.types import Embedding, Stimuli, record

DEFAULT_FITTING = FitSettings()
"""NeuroCartography's own settings."""


@record
class Fitted:
    """Vectors fitted to one snapshot, with the report of the fit.

    Attributes:
      embedding: The vectors.
      fit: The report.
    """

    embedding: Embedding
    fit: FitReport


def observe_widely(
    session: Session, run: TrainedRun, epochs: Sequence[Epoch]
) -> TrainedRun:
    """The run observed with the number of images per neuron that NeuroCartography uses.

    At most a tenth of the pool: with more, neurons would share most of their stimuli.

    Args:
      session: Settings, images and store.
      run: The run that is compared.
      epochs: Its snapshots to observe.
    """
    config = session.config
    images = max(settings.images for settings in (DEFAULT_FITTING, FIGURE_9))
    k = top_images_needed(2, images, len(session.images.pool))
    job = Job(
        name=run.name,
        run=config.runs[run.name],
        dataset=config.dataset,
        search=dataclasses.replace(config.method.stimuli, k=k),
        epochs=tuple(epochs),
        sample=config.dataset.sample_images,
    )
    return session.train([job])[run.name]


def _limit_images(settings: FitSettings, stimuli: Stimuli) -> FitSettings:
    """The settings with no more images per neuron than were observed."""
    images_per_neuron = stimuli.image_ids.shape[1]
    return dataclasses.replace(settings, images=min(settings.images, images_per_neuron))


def fit_vectors(
    session: Session, run: TrainedRun, epoch: Epoch, settings: FitSettings, seed: int
) -> Float[np.ndarray, "n d"]:
    """NeuroCartography's vectors of a snapshot's neurons.

    Args:
      session: Holds the store.
      run: The run, from `observe_widely`.
      epoch: The snapshot's epoch.
      settings: How to fit; `images` is lowered if fewer stimuli were observed.
      seed: See `fit_snapshot`.
    """
    stimuli = run.observations[epoch].stimuli
    fit_settings = _limit_images(settings, stimuli)

    def make_vectors() -> Fitted:
        embedding, fit = fit_snapshot(stimuli, fit_settings, seed=seed)
        return Fitted(embedding=embedding, fit=fit)

    fitted_vectors, _ = session.store.record(
        "neurocartography",
        Fitted,
        make_vectors,
        config={"settings": fit_settings, "seed": seed},
        inputs={"observation": run.keys[epoch]},
        about=str(SnapshotId(run.name, epoch)),
    )
    return fitted_vectors.embedding.vectors
