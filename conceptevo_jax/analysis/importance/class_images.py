"""The images of a class, and of others, on which its evolutions are reverted."""

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.data import checked_labels, require_pixels, require_rows
from conceptevo_jax.errors import (
    UsageError,
    require_count,
)
from conceptevo_jax.types import record


@record
class ClassImages:
    """The images on which a class's evolutions are reverted.

    Raises `UsageError` unless pixels are uint8 `[i side side 3]` of one size, and
    labels and rows match the images.

    Attributes:
      label: The class.
      train: Training images of the class.
      rows: Their rows in the set that they were taken from.
      test: Test images of the class.
      elsewhere: Test images of other classes.
      elsewhere_labels: Their classes.

    Example:
      >>> labels, shown = test_pixels.labels, test_pixels.pixels
      >>> class_images = ce.ClassImages(
      ...     label=3, train=pixels.pixels[rows], rows=rows, test=shown[labels == 3],
      ...     elsewhere=shown[labels != 3], elsewhere_labels=labels[labels != 3],
      ... )
    """

    label: int
    train: UInt8[np.ndarray, "i h w 3"]
    rows: Int[np.ndarray, " i"]
    test: UInt8[np.ndarray, "_ h w 3"]
    elsewhere: UInt8[np.ndarray, "_ h w 3"]
    elsewhere_labels: Int[np.ndarray, " _"]

    def __post_init__(self) -> None:
        require_count("the class", self.label, minimum=0)
        for name in ("train", "test", "elsewhere"):
            require_pixels(getattr(self, name), name)
        sides = {getattr(self, n).shape[1] for n in ("train", "test", "elsewhere")}
        if len(sides) > 1:
            raise UsageError(
                f"train, test and elsewhere are images of {sorted(sides)} pixels, but "
                "one size is needed: resize them."
            )
        require_rows(self.rows, len(self.train))
        labels = checked_labels(
            self.elsewhere_labels, len(self.elsewhere), "elsewhere_labels"
        )
        if (labels == self.label).any():
            raise UsageError(
                f"elsewhere_labels hold class {self.label} itself: elsewhere are "
                "images of the other classes."
            )

    def pixels_and_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """All pixels and their labels: training, test, elsewhere."""
        class_labels = np.full(len(self.train) + len(self.test), self.label)
        pixels = np.concatenate([self.train, self.test, self.elsewhere])
        labels = np.concatenate([class_labels, self.elsewhere_labels])
        return pixels, labels.astype(np.int32)
