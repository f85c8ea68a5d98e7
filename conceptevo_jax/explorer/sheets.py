"""Images on WebP sheets of 32 by 32 tiles, as a page loads them.

Tiles of at most 32 pixels are lossless: a patch of a few pixels is enlarged on the
page, where the blocks of a lossy sheet would carry its neighbours' colours. Larger ones
are reduced to 96 pixels and stored at quality 90. Memory holds one sheet at a time:
3 MB, or 28 MB at 96 pixels.
"""

import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from conceptevo_jax.data import Pixels
from conceptevo_jax.errors import DataError

COLUMNS = 32
PER_SHEET = COLUMNS * COLUMNS

MAX_TILE_SIDE = 96
"""Largest side of a tile, in pixels."""

_MAX_LOSSLESS_SIDE = 32
_LOSSLESS = {"lossless": True, "quality": 20, "method": 1}
_LOSSY = {"quality": 90, "method": 4}


def tile_side(side: int, largest: int = MAX_TILE_SIDE) -> int:
    """Side of the tiles of images, which are never enlarged.

    Args:
      side: Of the images, in pixels.
      largest: Side of a tile at most, in pixels.
    """
    return min(side, largest)


def make_sheets(
    pixels: Pixels, rows: Int[np.ndarray, " i"], tile: int
) -> Iterator[bytes]:
    """WebP files of the images at `rows`, 1,024 a sheet, row by row.

    Args:
      pixels: Images `[_ side side 3]`.
      rows: Which of them, in order.
      tile: Side of a tile in pixels, at most that of the images.
    """
    for start in range(0, len(rows), PER_SHEET):
        sheet_rows = rows[start : start + PER_SHEET]
        height = -(-len(sheet_rows) // COLUMNS) * tile
        sheet = np.zeros((height, COLUMNS * tile, 3), np.uint8)
        for index, row in enumerate(sheet_rows.tolist()):
            y, x = (tile * cell for cell in divmod(index, COLUMNS))
            image = _downscale(np.asarray(pixels[row]), tile)
            sheet[y : y + tile, x : x + tile] = image
        file = io.BytesIO()
        options = _LOSSLESS if tile <= _MAX_LOSSLESS_SIDE else _LOSSY
        Image.fromarray(sheet).save(file, "WEBP", **options)
        yield file.getvalue()


def _downscale(image: UInt8[np.ndarray, "h w 3"], tile: int) -> np.ndarray:
    if len(image) == tile:
        return image
    reduced_image = Image.fromarray(image).resize((tile, tile), Image.Resampling.BOX)
    return np.asarray(reduced_image)


def _read_sheet(path: Path, rows: int, tile: int) -> UInt8[np.ndarray, "h w 3"]:
    """A sheet of so many rows of tiles; an error if it has another size."""
    sheet = _read_image(path)
    if sheet.shape != (rows * tile, COLUMNS * tile, 3):
        raise DataError(
            f"{path} is {sheet.shape[1]}×{sheet.shape[0]} pixels, not "
            f"{COLUMNS * tile}×{rows * tile}: run the experiment again."
        )
    return sheet


def read_tiles(
    sheets: Sequence[Path], count: int, tile: int
) -> UInt8[np.ndarray, "i tile tile 3"]:
    """The images on sheets, in a temporary file that lives as long as the array.

    Args:
      sheets: WebP files that `make_sheets` made.
      count: Number of images on them.
      tile: Side of a tile.

    Raises:
      DataError: naming a sheet that cannot be read or has another size.
    """
    shape = (count, tile, tile, 3)
    if not count:
        return np.zeros(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        tiles: np.ndarray = np.memmap(file, np.uint8, "w+", shape=shape)
    for number, path in enumerate(sheets):
        sheet_tiles = tiles[number * PER_SHEET : (number + 1) * PER_SHEET]
        rows = -(-len(sheet_tiles) // COLUMNS)
        sheet = _read_sheet(path, rows, tile)
        cut = sheet.reshape(rows, tile, COLUMNS, tile, 3).swapaxes(1, 2)
        # The last row of tiles may not be full.
        sheet_tiles[:] = cut.reshape(-1, tile, tile, 3)[: len(sheet_tiles)]
    return tiles


def _read_image(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise DataError(
            f"{path} is not a readable sheet of images ({error}): run the experiment "
            "again; finished stages are reused."
        ) from error
