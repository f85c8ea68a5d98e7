"""From a base snapshot to the unified space in one call (Steps 1.2 to 2.1).

The stimuli come from the sweep over the pool that found them; under the policy
`responsive` the pool is swept once more, for which the ranks of the first sweep's
sample of responses are needed.
"""

from typing import Any

from conceptevo_jax.activations import read_all_peaks, read_peaks
from conceptevo_jax.data import Decoded
from conceptevo_jax.embedding import FitReport, fit_neurons
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.projection.responsive import response_quantiles
from conceptevo_jax.projection.space import SpaceReport, SpaceSettings, build_space
from conceptevo_jax.types import Responses, Space, Stimuli


def base_space(
    model: Model,
    variables: Variables,
    stimuli: Stimuli,
    sample: Responses,
    pixels: Decoded,
    *,
    base: str = "base@0",
    settings: SpaceSettings | None = None,
    before_relu: bool = False,
    seed: int = 0,
    **fit: Any,
) -> tuple[Space, FitReport, SpaceReport]:
    """Learn the base neurons' vectors and give every image of the pool one.

    Args:
      model: The base model.
      variables: Its weights at the base epoch.
      stimuli: What `find_stimuli` found for them.
      sample: The responses it kept.
      pixels: The pool's images.
      base: Name of the snapshot, `run@epoch`.
      settings: How images get their vectors.
      before_relu: As the stimuli were searched.
      seed: Decides the neurons' vectors.
      **fit: Further settings of `conceptevo_jax.embedding.fit_neurons`.

    Returns:
      The space, and how learning and solving went.
    """
    settings = settings or SpaceSettings(seed=seed)
    neurons, learned = fit_neurons(stimuli, seed=seed, **fit)
    reader = read_peaks(model, before_relu=before_relu)
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
