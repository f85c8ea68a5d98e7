"""Images of a Broden-style folder, as in Figure 9c.

Bau et al., 2017, https://arxiv.org/abs/1704.05796. The folder is that of `broden1_227`:
`index.csv` with a row per image, `label.csv` with the names of the labels, and label
maps next to the images below `images/`, red + 256 × green being a pixel's label. Pixels
without an object's label are set to black. Not for scenes or textures, which
label whole images.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image, UnidentifiedImageError

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import read_file
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record


@record
class BrodenImages:
    """Masked images, each with the object that covers most of it.

    Attributes:
      pixels: The images.
      labels: Index of each one's object in `names`.
      names: Names of the objects.
      ids: Names of the images.
    """

    pixels: UInt8[np.ndarray, "i side side 3"]
    labels: Int[np.ndarray, " i"]
    names: tuple[str, ...]
    ids: tuple[str, ...]


def read_broden(folder: Path, *, side: int, limit: int, seed: int = 0) -> BrodenImages:
    """Read images that have a map of objects.

    Args:
      folder: Holds `index.csv`, `label.csv` and `images/`.
      side: Height and width that images are resized to, in pixels.
      limit: Maximum number of images to sample.
      seed: Seed of the sampling.

    Raises:
      UsageError: for a limit below 1.
      DataError: naming a file that is missing or cannot be read, or the folder if no
        drawn image shows an object.
    """
    if limit < 1:
        raise UsageError(f"limit must be above 0, not {limit}.")
    rows = _rows_with_objects(folder / "index.csv")
    label_names = _read_label_names(folder / "label.csv")
    image_numbers = np.sort(
        stream(seed, "Broden images").permutation(len(rows))[:limit]
    )
    sampled_rows = [rows[number] for number in image_numbers.tolist()]
    return _read_objects(folder, sampled_rows, label_names, side)


def _rows_with_objects(path: Path) -> list[dict[str, str]]:
    rows = [row for row in _read_table(path, ("image", "object")) if row["object"]]
    if not rows:
        raise DataError(f"{path} lists no image with a map of objects.")
    return rows


def _read_objects(
    folder: Path,
    rows: Sequence[dict[str, str]],
    label_names: Mapping[int, str],
    side: int,
) -> BrodenImages:
    """The images of these rows that show an object."""
    pixels, objects, ids = [], [], []
    for row in rows:
        image, label = _object_image(folder / "images", row, side)
        if label:
            pixels.append(image)
            objects.append(label_names.get(label, str(label)))
            ids.append(row["image"])
    if not ids:
        raise DataError(
            f"none of {len(rows)} images drawn from {folder} shows an object: their "
            "maps are 0 everywhere. Draw more, or give the maps of objects."
        )
    names = tuple(sorted(set(objects)))
    return BrodenImages(
        pixels=np.array(pixels, np.uint8),
        labels=np.array([names.index(name) for name in objects], int),
        names=names,
        ids=tuple(ids),
    )


def _read_label_names(path: Path) -> dict[int, str]:
    rows = _read_table(path, ("number", "name"))
    try:
        return {int(row["number"]): row["name"] for row in rows}
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{path} has a label whose number is none ({error}): the column number "
            "holds whole numbers, the pixels' labels."
        ) from None


def _read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read ({error}): a Broden-style folder has index.csv, "
            "label.csv and images/."
        ) from None
    missing_columns = [name for name in columns if not rows or name not in rows[0]]
    if missing_columns:
        raise DataError(
            f"{path} has no column {' or '.join(missing_columns)}, or no row."
        )
    return rows


def _object_image(
    folder: Path, row: dict[str, str], side: int
) -> tuple[UInt8[np.ndarray, "side side 3"], int]:
    """The image with all but objects black, and the commonest label, 0 if none."""
    photo = _open_image(folder, row["image"])
    resized_photo = photo.resize((side, side), Image.Resampling.BILINEAR)
    maps = [_open_image(folder, name.strip()) for name in row["object"].split(";")]
    codes = [
        np.asarray(label_map.resize((side, side), Image.Resampling.NEAREST), np.int64)
        for label_map in maps
    ]
    labels = np.stack([code[..., 0] + 256 * code[..., 1] for code in codes])
    in_object = np.max(labels, axis=0) > 0
    masked_image = np.where(np.expand_dims(in_object, -1), np.asarray(resized_photo), 0)
    counts = np.bincount(labels[labels > 0])
    return masked_image.astype(np.uint8), int(counts.argmax()) if counts.size else 0


def _open_image(folder: Path, name: str) -> Image.Image:
    path = folder / name
    try:
        content = io.BytesIO(read_file(path, folder))
        with Image.open(content, formats=("JPEG", "PNG")) as image:
            return image.convert("RGB")
    except (OSError, ValueError) as error:
        is_unknown = isinstance(error, UnidentifiedImageError)
        reason = "its format is unknown" if is_unknown else error
        raise DataError(
            f"{path} is no image that can be read ({reason}), though index.csv names "
            "it: copy it again, or take its row out."
        ) from None
