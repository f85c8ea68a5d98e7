"""Image sources by name: a new one is one file with `load` and one line here.

A name with a colon combines a kind of source and its location: `tfds:cifar10`,
`folder:~/images`. Loading opens a split; it decodes nothing.
"""

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from conceptevo_jax.data import fashion_mnist, folder, shapes, tfds
from conceptevo_jax.data.image_set import ImageSet
from conceptevo_jax.errors import require_count, require_type, unknown_name

DATASETS: dict[str, Callable[..., ImageSet]] = {
    "fashion_mnist": fashion_mnist.load,
    "shapes": shapes.load,
}
"""Each takes `(split, *, side, data_dir, **options)`."""

SOURCES: dict[str, Callable[..., ImageSet]] = {
    "tfds": tfds.load,
    "folder": folder.load,
}
"""Each takes `(split, *, source, side, **options)`, and optionally `data_dir` and
`cache`."""

TITLES = {
    "fashion_mnist": "Fashion-MNIST",
    "shapes": "drawn shapes",
    "tfds:cifar10": "CIFAR-10",
    "tfds:imagenet2012": "ImageNet",
    "tfds:imagenette": "Imagenette",
}
"""What people call a data set, where its name is another."""

SPLITS = ("train", "test")

_SETTINGS = ("split", "side", "data_dir", "source", "cache")


def load_images(
    name: str,
    split: str,
    *,
    data_dir: str | os.PathLike[str] | None,
    side: int = 32,
    cache: str | os.PathLike[str] | None = None,
    **options: object,
) -> ImageSet:
    """Open one split of a data set.

    Args:
      name: One of `DATASETS`, `tfds:<name>` or `folder:<path>`.
      split: `train` or `test`.
      data_dir: Folder of TFDS data sets; the embedded one is prepared there. None is
        TFDS's default, for `tfds:` only.
      side: Height and width of the images, in pixels.
      cache: Folder for caching slow information about the images, if any.
      **options: Further options of the data set, such as `train_images=600`, or for
        folders and TFDS `formats=("jpeg", "png", "webp", "tiff")`.

    Returns:
      The images.

    Raises:
      UsageError: if a name, split or option is unknown, or `side` is not positive.
      DataError: if files are missing or damaged.

    Example:
      >>> images = ce.load_images("shapes", "train", data_dir=None, train_images=200)
      >>> test_images = ce.load_images("shapes", "test", data_dir=None, test_images=60)
      >>> len(images), images.side, images.classes[:2]
      (200, 32, ('warm disc', 'warm square'))
    """
    load, settings = _source(name)
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    require_count("side", side)
    parameters = _require_options(name, load, options)
    for key, path in (("data_dir", data_dir), ("cache", cache)):
        if key in parameters:
            settings[key] = None if path is None else Path(path)
    return load(split, side=side, **settings, **options)


def dataset_title(name: str) -> str:
    """What people call a data set; of a folder only its own name.

    Args:
      name: As for `load_images`.
    """
    kind, _, source = name.partition(":")
    if kind == "folder" and source:
        return f"the images of {Path(source).resolve().name}"
    return TITLES.get(name.split("/")[0], source or name)


def require_dataset(name: str, options: Mapping[str, object]) -> None:
    """Refuse an unknown data set, or options that it does not have; nothing is read.

    Args:
      name: As for `load_images`.
      options: Further options of the data set, by name.

    Raises:
      UsageError: naming what is unknown, with the valid names.
    """
    _require_options(name, _source(name)[0], options)


class Sizes(NamedTuple):
    """Number of training and test images, and of classes, of a whole data set."""

    train: int
    test: int
    classes: int


def dataset_sizes(name: str, *, data_dir: Path | None = None, **options: Any) -> Sizes:
    """Look up a data set's sizes, without reading any image.

    Args:
      name: As for `load_images`.
      data_dir: Folder of TFDS data sets.
      **options: As for `load_images`.

    Raises:
      UsageError, DataError: as `load_images` does.
    """
    require_dataset(name, options)
    kind, _, source = name.partition(":")
    if kind == "tfds" and source:
        return Sizes(*tfds.sizes(source, data_dir=data_dir, **options))
    if kind == "folder" and source:
        return Sizes(*folder.sizes(source, **options))
    train, test = (
        load_images(name, split, data_dir=data_dir, **options) for split in SPLITS
    )
    return Sizes(len(train), len(test), len(train.classes))


def _require_options(
    name: str, load: Callable[..., ImageSet], options: Mapping[str, object]
) -> set[str]:
    """Names of all options of `load`, if the given options are among them.

    Raises:
      UsageError: naming the first unknown option.
    """
    parameters = set(inspect.signature(load).parameters)
    valid_options = parameters - set(_SETTINGS)
    for option in options:
        if option not in valid_options:
            raise unknown_name(f"option of data set {name}", option, valid_options)
    return parameters


def _source(name: str) -> tuple[Callable[..., ImageSet], dict[str, Any]]:
    hint = "Write f'folder:{path}' for a folder of images."
    require_type(name, str, "the name of a data set", hint)
    kind, colon, source = name.partition(":")
    if colon and kind in SOURCES and source:
        return SOURCES[kind], {"source": source}
    if name in DATASETS:
        return DATASETS[name], {}
    raise unknown_name("data set", name, (*DATASETS, "tfds:NAME", "folder:PATH"))
