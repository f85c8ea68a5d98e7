"""Checks of pixels, labels, ids and rows, made once, where they enter the package.

They check types and shapes, and all labels and ids, but never the values of pixels, so
that a million images cost a fraction of a second, mapped from disk or in memory.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from conceptevo_jax.errors import UsageError

_MAX_LABEL = np.iinfo(np.int32).max


def require_pixels(pixels: Any, noun: str = "pixels") -> None:
    """Refuse anything except an array of RGB images `[i side side 3]` in uint8.

    Args:
      pixels: An array, a memory map, or an object with `shape` and `dtype`.
      noun: Name of the argument in the message.

    Raises:
      UsageError: saying what it is, and how to convert it.
    """
    shape, dtype = getattr(pixels, "shape", None), getattr(pixels, "dtype", None)
    if shape is None or dtype is None:
        raise UsageError(
            f"{noun} are of type {type(pixels).__name__}, but an array of uint8 "
            "[i side side 3] is needed, such as np.stack of a list of images or the "
            "`pixels` of decoded ones."
        )
    if str(dtype) != "uint8":
        raise UsageError(
            f"{noun} are {dtype}, but uint8 from 0 to 255 is needed: "
            f"{_type_remedy(str(dtype))}."
        )
    shape = tuple(shape)
    if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2]:
        raise UsageError(
            f"{noun} are {_listed(shape)}, but [i side side 3] is needed"
            f"{_shape_remedy(shape)}."
        )


def _type_remedy(dtype: str) -> str:
    if "torch" in dtype:
        return "give a NumPy array, by `.numpy()`"
    if "float" in dtype:
        return "of values from 0 to 1 make np.round(255 * values).astype(np.uint8)"
    if dtype == "bool":
        return "make 255 * values.astype(np.uint8)"
    return "of values from 0 to 255 make values.astype(np.uint8)"


def _shape_remedy(shape: tuple[int, ...]) -> str:
    """How to convert the array, if its shape shows what it is."""
    if len(shape) == 3 and shape[-1] == 3:
        return ": one image becomes a batch by pixels[None]"
    if len(shape) == 3:
        return ": grey images become RGB by np.stack([pixels] * 3, axis=-1)"
    if len(shape) != 4 or shape[3] == 3:
        return ": cut the images to squares or resize them" if len(shape) == 4 else ""
    if shape[3] == 1:
        return ": grey images become RGB by np.repeat(pixels, 3, axis=-1)"
    if shape[1] == 3:
        return ": channels come last, by np.moveaxis(pixels, 1, -1)"
    if shape[3] == 4:
        return ": leave out the transparency, by pixels[..., :3]"
    return ""


def checked_labels(
    labels: Any, count: int, noun: str = "labels"
) -> Int32[np.ndarray, " i"]:
    """Labels as int32; refuses anything but the classes of `count` images.

    Args:
      labels: One class number per image, `[i]`.
      count: Number of images.
      noun: Name of the argument in the message.

    Raises:
      UsageError: saying what they are, and what to do.
    """
    array = np.asarray(labels)
    _require_whole_numbers(array, noun)
    if len(array) != count:
        raise UsageError(
            f"{noun} are {len(array)}, but there are {count} images: give one each."
        )
    for row in np.flatnonzero((array < 0) | (array > _MAX_LABEL))[:1]:
        raise UsageError(
            f"{noun}: {array[row]} of image {row} is no class; they are numbered from "
            "0. Leave out images without a label."
        )
    return array.astype(np.int32, copy=False)


def _require_whole_numbers(array: np.ndarray, what: str) -> None:
    if array.ndim == 2:
        raise UsageError(
            f"{what} are {_listed(array.shape)}, but one class number per image is "
            "needed: of one-hot rows take labels.argmax(axis=1)."
        )
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise UsageError(
            f"{what} are {_listed(array.shape)} of {array.dtype}, but one class number "
            "per image is needed, an integer from 0: make labels.astype(np.int32) of "
            "whole numbers, and number classes that have names."
        )


def checked_keys(keys: Sequence[str], count: int) -> tuple[str, ...]:
    """Image ids as a tuple; refuses anything but the ids of `count` images.

    Args:
      keys: One id per image.
      count: Number of images.

    Raises:
      UsageError: naming the first id that is not text or occurs twice.
    """
    ids = (keys,) if isinstance(keys, str) else tuple(keys)
    for row, key in enumerate(ids):
        if not isinstance(key, str):
            raise UsageError(
                f"keys: {key!r} of image {row} is of type {type(key).__name__}, but "
                "ids are text: give str(key)."
            )
    if len(ids) != count:
        raise UsageError(
            f"keys are {len(ids)}, but there are {count} images: give one each."
        )
    _require_distinct(ids, "keys")
    return ids


def checked_rows(rows: Any, count: int) -> Int[np.ndarray, " i"]:
    """Rows of a set of `count` images; refuses anything else.

    Args:
      rows: Row numbers, each at most once, `[i]`.
      count: Number of images in the set.

    Raises:
      UsageError: for a mask, a row out of range, or one that occurs twice.
    """
    array = np.asarray(rows)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise UsageError(
            f"rows are {_listed(array.shape)} of {array.dtype}, but whole numbers in "
            "one dimension are needed: of a mask take np.flatnonzero(mask)."
        )
    for row in array[(array < 0) | (array >= count)][:1]:
        raise UsageError(f"rows: {row} is none of 0 to {count - 1}, the images' rows.")
    _require_distinct(array.tolist(), "rows")
    return array


def require_rows(rows: Any, count: int) -> None:
    """Refuse anything but the row in a set of each of `count` images.

    Args:
      rows: Row numbers, `[i]`.
      count: Number of images.

    Raises:
      UsageError: saying what it is.
    """
    array = np.asarray(rows)
    if array.shape != (count,) or array.dtype.kind not in "iu" or (array < 0).any():
        raise UsageError(
            f"rows are {_listed(array.shape)} of {array.dtype}, but there are {count} "
            "images: give the row of each in the set it was taken from, from 0."
        )


def _require_distinct(values: Sequence[object], noun: str) -> None:
    if len(set(values)) == len(values):
        return
    seen_values: set[object] = set()
    for value in values:
        if value in seen_values:
            raise UsageError(
                f"{noun}: {value!r} occurs more than once, but every image needs an "
                "id of its own. Leave out the repeated image."
            )
        seen_values.add(value)


def _listed(shape: Sequence[int]) -> str:
    """A shape in this package's notation: `[400 3 16 16]`."""
    return f"[{' '.join(map(str, shape))}]"
