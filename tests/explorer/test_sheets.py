"""Images on sheets: small ones come back exactly, large ones without bleeding."""

import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import make_sheets, tile_side
from conceptevo_jax.explorer.sheets import PER_SHEET, read_tiles


def write(sheets, folder):
    paths = []
    for number, sheet in enumerate(sheets):
        paths.append(folder / f"{number}.webp")
        paths[-1].write_bytes(sheet)
    return paths


def test_small_images_come_back_exactly_and_in_order(rng, tmp_path):
    """One more than fills two sheets, rows chosen out of order."""
    pixels = rng.integers(0, 256, (50, 4, 4, 3), dtype=np.uint8)
    rows = rng.integers(0, 50, 2 * PER_SHEET + 1)
    paths = write(make_sheets(pixels, rows, 4), tmp_path)
    assert len(paths) == 3
    tiles = read_tiles(paths, len(rows), 4)
    np.testing.assert_array_equal(tiles, pixels[rows])


def test_large_images_are_reduced_and_small_ones_never_enlarged():
    assert (tile_side(28), tile_side(96), tile_side(299)) == (28, 96, 96)
    assert tile_side(299, 64) == 64


def test_reduced_tiles_do_not_take_their_neighbours_colours(tmp_path):
    """A black image among white ones, 192 pixels on tiles of 96."""
    pixels = np.full((33, 192, 192, 3), 255, np.uint8)
    pixels[1] = 0
    paths = write(make_sheets(pixels, np.arange(33), 96), tmp_path)
    tiles = read_tiles(paths, 33, 96).astype(int)
    assert tiles[1].max() < 16
    assert min(tiles[at].min() for at in (0, 2, 32)) > 239


def test_the_same_images_give_the_same_bytes(rng):
    pixels = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    first, second = (list(make_sheets(pixels, np.arange(5), 8)) for _ in range(2))
    assert first == second


def test_a_damaged_sheet_is_named(rng, tmp_path):
    pixels = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    (path,) = write(make_sheets(pixels, np.arange(5), 8), tmp_path)
    with pytest.raises(DataError, match=rf"{path} is 256×8 pixels, not 512×16"):
        read_tiles([path], 5, 16)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(DataError, match=f"{path} is not a readable sheet"):
        read_tiles([path], 5, 8)
