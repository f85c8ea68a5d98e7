"""Image sources by name: a new one is one file with `load` and one line here.

Loading opens a split; it decodes nothing.
"""

import inspect
from collections.abc import Callable
from pathlib import Path

from conceptevo_jax.data import fashion_mnist, shapes
from conceptevo_jax.data.images import ImageSet
from conceptevo_jax.errors import UsageError, unknown_name

DATASETS: dict[str, Callable[..., ImageSet]] = {
    "fashion_mnist": fashion_mnist.load,
    "shapes": shapes.load,
}
"""Each takes `(split, *, side, data_dir, **options)`."""

SPLITS = ("train", "test")


def load_images(
    name: str, split: str, *, data_dir: Path, side: int = 32, **options: object
) -> ImageSet:
    """Open one split of a data set.

    Args:
      name: One of `DATASETS`.
      split: `train` or `test`.
      data_dir: Folder of TFDS data sets; the embedded one is prepared there.
      side: Height and width of the images, in pixels.
      **options: What the data set offers besides, such as `train_images=600`.

    Returns:
      The images.

    Raises:
      UsageError: if a name, split or option is unknown, or `side` is not positive.
      DataError: if stored files are damaged.
    """
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if side < 1:
        raise UsageError(f"side is {side}, but must be at least 1 pixel.")
    parameters = set(inspect.signature(DATASETS[name]).parameters)
    valid = parameters - {"split", "side", "data_dir"}
    for option in options:
        if option not in valid:
            raise unknown_name(f"option of data set {name}", option, valid)
    return DATASETS[name](split, side=side, data_dir=data_dir, **options)
