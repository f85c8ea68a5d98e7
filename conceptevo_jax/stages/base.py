"""What the store keeps of a base: its space, and how that came about."""

from conceptevo_jax.embedding import FitReport
from conceptevo_jax.projection import SpaceReport
from conceptevo_jax.types import Space, record


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
