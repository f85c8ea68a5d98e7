"""What the store keeps of a base: its space, the reports of the fit, and refits."""

import dataclasses

import numpy as np
from jaxtyping import Float

from conceptevo_jax.embedding import FitReport
from conceptevo_jax.projection import SpaceReport
from conceptevo_jax.types import Embedding, Space, record


@record
class BaseSpace:
    """A space with the reports of how it was made.

    Attributes:
      space: The space.
      fit: Report on learning the base neurons' vectors.
      report: Report on computing the images' vectors.
    """

    space: Space
    fit: FitReport
    report: SpaceReport


@record
class Refits:
    """The same space fitted from other seeds.

    Attributes:
      seeds: Seeds of the fits.
      images: Vectors of the pool's images in each fit.
    """

    seeds: tuple[int, ...]
    images: Float[np.ndarray, "f i d"]

    def spaces(self, space: Space) -> list[Space]:
        """The refitted spaces of a space.

        Their base neurons keep the learned vectors of `space`: projection uses only
        the images' vectors.
        """
        coverage = space.images.coverage
        return [
            dataclasses.replace(
                space, images=Embedding(vectors=images, coverage=coverage)
            )
            for images in self.images
        ]
