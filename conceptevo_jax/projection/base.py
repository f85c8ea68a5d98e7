"""From a base snapshot to the unified space in one call (Steps 1.2 to 2.1).

The stimuli come from an earlier sweep over the pool. With the policy
`responsive` the pool is swept once more, which needs the ranks from the first sweep's
sample of responses.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.activations import read_all_peaks, read_peaks
from conceptevo_jax.data import DecodedImages, require_decoded, require_same_pool
from conceptevo_jax.embedding import FitReport, fit_neurons
from conceptevo_jax.errors import DataError, require_seed
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.projection.responsive import response_quantiles
from conceptevo_jax.projection.space import SpaceReport, SpaceSettings, build_space
from conceptevo_jax.stimuli import Search
from conceptevo_jax.types import Embedding, Responses, Site, Space, Stimuli


def base_space(
    model: Model,
    variables: Variables,
    stimuli: Stimuli,
    sample: Responses,
    pixels: DecodedImages,
    *,
    base: str = "base@0",
    search: Search | None = None,
    settings: SpaceSettings | None = None,
    seed: int = 0,
    **fit: Any,
) -> tuple[Space, FitReport, SpaceReport]:
    """Learn the base neurons' vectors and compute a vector for the pool's images.

    Eq. 1 over pairs of neurons that share a stimulus (paper, Sec. 3.2, Steps 1.2 and
    1.3), then Step 2.1. The defaults are those of `method=default`.

    Args:
      model: The base model.
      variables: Its weights at the base epoch.
      stimuli: Its stimuli from `find_stimuli`.
      sample: The sampled responses from `find_stimuli`.
      pixels: The pool's images.
      base: Name of the snapshot, `run@epoch`.
      search: How the stimuli were found; by default `Search()`. A neuron's first
        `search.k` top images are its stimuli.
      settings: How image vectors are computed.
      seed: Seed of the neurons' vectors.
      **fit: Further settings of `conceptevo_jax.embedding.fit_neurons`.

    Returns:
      The space, and the reports on learning and solving.

    Raises:
      UsageError: for variables of another model, or settings out of range.
      DataError: for stimuli or responses of another model, or of other images.

    Example:
      >>> space, fit, report = ce.base_space(model, variables, stimuli, sample, pixels)
      >>> space.images.vectors.shape, float(report.placed)
      ((200, 30), 1.0)
    """
    require_seed(seed)
    model.require_variables(variables)
    _require_observed(model, stimuli, sample, pixels)
    search, settings = search or Search(), settings or SpaceSettings(seed=seed)
    stimuli = _strongest(stimuli, search)
    neurons, learned = fit_neurons(stimuli, seed=seed, **fit)
    reader = read_peaks(model, before_relu=search.before_relu)
    space, solved = build_space(
        stimuli,
        neurons,
        base=base,
        pool_size=len(pixels),
        settings=settings,
        quantiles=response_quantiles(sample.peaks),
        responses=read_all_peaks(reader, variables, pixels),
    )
    return space, learned, solved


def refit_space(
    model: Model,
    variables: Variables,
    space: Space,
    stimuli: Stimuli,
    pixels: DecodedImages,
    *,
    settings: SpaceSettings,
    seeds: Sequence[int],
    search: Search | None = None,
    **fit_options: Any,
) -> Float[np.ndarray, "f i d"]:
    """Fit a space again from other seeds, to measure the variance between fits.

    With `responsive` an image's vector is a mean over the same neurons for any
    vectors of these, so one sweep over the pool serves all fits.

    Args:
      model: The base model.
      variables: Its weights at the base epoch.
      space: The space from `base_space`.
      stimuli: The stimuli it was built from.
      pixels: The pool's images.
      settings: As for `base_space`; the seed is replaced.
      seeds: Seeds of the neurons' vectors, and of random starts.
      search: As for `base_space`.
      **fit_options: As for `base_space`.

    Returns:
      The images' vectors for each seed, NaN where the space has none.
    """
    search = search or Search()
    stimuli = _strongest(stimuli, search)
    embeddings = [fit_neurons(stimuli, seed=seed, **fit_options)[0] for seed in seeds]

    if settings.policy != "responsive":
        settings_by_seed = [dataclasses.replace(settings, seed=seed) for seed in seeds]
        pairs = zip(embeddings, settings_by_seed, strict=True)
        return np.stack(
            [
                _image_vectors(
                    space, stimuli, len(pixels), embedding, seed_settings, None
                )
                for embedding, seed_settings in pairs
            ]
        )
    joined_embedding = Embedding(
        vectors=np.concatenate([embedding.vectors for embedding in embeddings], axis=1),
        coverage=embeddings[0].coverage,
    )
    reader = read_peaks(model, before_relu=search.before_relu)
    pool_peaks = read_all_peaks(reader, variables, pixels)
    vectors = _image_vectors(
        space, stimuli, len(pixels), joined_embedding, settings, pool_peaks
    )
    return np.stack(np.split(vectors, len(seeds), axis=1))


def _strongest(stimuli: Stimuli, search: Search) -> Stimuli:
    """A neuron's stimuli, without the further top images that it is projected from."""
    return stimuli.strongest(min(search.k, stimuli.image_ids.shape[1]))


def _image_vectors(
    space: Space,
    stimuli: Stimuli,
    pool_size: int,
    neurons: Embedding,
    settings: SpaceSettings,
    responses: Iterable[Float[np.ndarray, "b n"]] | None,
) -> Float[np.ndarray, "i _"]:
    """The images' vectors for other vectors of the same neurons."""
    rebuilt_space, _ = build_space(
        stimuli,
        neurons,
        base=space.base,
        pool_size=pool_size,
        settings=settings,
        quantiles=space.quantiles,
        responses=responses,
    )
    return rebuilt_space.images.vectors


def _require_observed(
    model: Model, stimuli: Stimuli, sample: Responses, pixels: DecodedImages
) -> None:
    """Refuse records of other images than the pool's, or of another model."""
    require_decoded(pixels, "the pool's images")
    require_same_pool(stimuli.pool_id, pixels.images_id, "the pool's images")
    for noun, sites in (("stimuli", stimuli.sites), ("responses", sample.sites)):
        _require_sites(model, sites, noun)


def _require_sites(model: Model, sites: Sequence[Site], noun: str) -> None:
    """Refuse records whose neurons are not those of the model."""
    model_channels, given_channels = (
        {s.name: s.channels for s in site_list} for site_list in (model.sites, sites)
    )
    if model_channels != given_channels:
        raise DataError(
            f"the {noun} are of {sum(given_channels.values())} neurons at "
            f"{len(given_channels)} sites, "
            f"but {model.name} ({model.preset}) has {sum(model_channels.values())} at "
            f"{len(model_channels)}: take those that `find_stimuli` gave for this "
            "model."
        )
