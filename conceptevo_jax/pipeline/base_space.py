"""What the store keeps of a base: its space, how that came about, and refits of it."""

import dataclasses

import numpy as np
from jaxtyping import Float

from conceptevo_jax.embedding import FitReport
from conceptevo_jax.projection import SpaceReport
from conceptevo_jax.types import Embedding, Space, record


@record
class BaseSpace:
    """A space with how it was made.

    Attributes:
      space: The space.
      fit: How learning the base neurons' vectors went.
      report: How giving the images vectors went.
    """

    space: Space
    fit: FitReport
    report: SpaceReport


@record
class Refits:
    """The same space fitted from other seeds.

    Attributes:
      seeds: Of the fits.
      images: Vectors of the pool's images under each.
    """

    seeds: tuple[int, ...]
    images: Float[np.ndarray, "f i d"]

    def spaces(self, space: Space) -> list[Space]:
        """The refitted spaces, of the one that was fitted again.

        Its base neurons' learned vectors stay those of `space`: to project takes the
        images' alone.
        """
        coverage = space.images.coverage
        return [
            dataclasses.replace(
                space, images=Embedding(vectors=images, coverage=coverage)
            )
            for images in self.images
        ]
