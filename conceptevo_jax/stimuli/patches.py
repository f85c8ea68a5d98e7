"""Example patches: the part of its strongest images that a neuron responds to.

A patch is a square of the size of the site's receptive field around the cell of the
peak. At the border it is shifted, not clipped, so that all patches of a site have the
same size. Patches come from the pool of the stimuli, so they always show what
made a neuron respond. (The authors' code cuts a fixed share of the image, at the
cell's corner, clipped at the border, from another image set.)

A cut is a view of the decoded pixels and costs nothing. A sprite sheet is one image
with the patches of many neurons, all of the same size, for figures and pages.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from conceptevo_jax.data import Pixels, require_pixels
from conceptevo_jax.errors import UsageError, require_count, unknown_name
from conceptevo_jax.types import Site, Stimuli, record

VIEWS = ("crop", "mask", "inverse_mask")
"""The patch alone; the image with the rest black; the image without the patch."""


@record
class Windows:
    """Positions of the patches of some neurons, in pixels of the pool's images.

    Attributes:
      top: First row; unused slots are -1.
      left: First column; unused slots are -1.
      length: Side of each neuron's patches.
    """

    top: Int[np.ndarray, "n k"]
    left: Int[np.ndarray, "n k"]
    length: Int[np.ndarray, " n"]


def patch_windows(
    stimuli: Stimuli, *, side: int, input_size: int, share: float | None = None
) -> Windows:
    """Place a square around every peak.

    Args:
      stimuli: Stimuli of one snapshot.
      side: Height and width of the pool's images, in pixels.
      input_size: Side of the model's input, in whose pixels receptive fields are
        measured.
      share: Side of the patches as a share of the image's, instead of the receptive
        field.

    Returns:
      One window per stimulus, completely inside its image.

    Raises:
      UsageError: if a side is not a number of pixels, or `share` is not above 0 and at
        most 1.

    Example:
      >>> windows = ce.patch_windows(stimuli, side=32, input_size=model.size)
      >>> windows.top.shape, int(windows.length[0])  # one convolution sees 3 pixels
      ((164, 20), 3)
    """
    require_count("side", side)
    require_count("input_size", input_size)
    _require_share(share)
    lengths = [_length(site, side, input_size, share) for site in stimuli.sites]
    length = np.repeat(lengths, [site.channels for site in stimuli.sites])
    corners = _corners(stimuli, length, side)
    return Windows(top=corners[..., 0], left=corners[..., 1], length=length)


def _require_share(share: float | None) -> None:
    if share is not None and not 0 < share <= 1:
        raise UsageError(
            f"the share of a patch must be above 0 and at most 1, not {share}."
        )


def _corners(
    stimuli: Stimuli, length: Int[np.ndarray, " n"], side: int
) -> Int[np.ndarray, "n k 2"]:
    """Top and left of the square around every peak; -1 in unused slots."""
    channels = [site.channels for site in stimuli.sites]
    grids = np.repeat(stimuli.grids, channels, axis=0)
    centers = (stimuli.positions + 0.5) * (side / grids[:, None])
    unclipped = np.round(centers - length[:, None, None] / 2).astype(int)
    corners = np.asarray(np.clip(unclipped, 0, (side - length)[:, None, None]))
    corners[stimuli.image_ids < 0] = -1
    return corners


def _length(site: Site, side: int, input_size: int, share: float | None) -> int:
    relative_side = site.receptive_field / input_size if share is None else share
    return int(np.clip(round(relative_side * side), 1, side))


def neuron_patches(
    stimuli: Stimuli,
    windows: Windows,
    neuron: int,
    pixels: Pixels,
    *,
    count: int,
    view: str = "crop",
) -> list[UInt8[np.ndarray, "_ _ 3"]]:
    """A neuron's patches, the strongest first; fewer if it has fewer stimuli.

    Args:
      stimuli: Stimuli of the neuron's snapshot.
      windows: From `patch_windows`.
      neuron: Number of the neuron.
      pixels: The pool's images, `[i side side 3]`.
      count: Largest number of patches.
      view: One of `VIEWS`.

    Returns:
      Patches in RGB, of the window's size for `crop` and of the image's otherwise.

    Raises:
      UsageError: for an unknown view, with the valid ones, a neuron out of range,
        or images or windows that do not belong to the stimuli.

    Example:
      >>> neuron = int((~stimuli.dead).argmax())
      >>> patches = ce.neuron_patches(stimuli, windows, neuron, pixels.pixels, count=5)
      >>> len(patches), patches[0].shape
      (5, (3, 3, 3))
    """
    if view not in VIEWS:
        raise unknown_name("view of a patch", view, VIEWS)
    require_pixels(pixels)
    require_count("count", count)
    require_count("neuron", neuron, minimum=0)
    _require_fits(stimuli, windows, neuron, pixels)
    length, patches = int(windows.length[neuron]), []
    for slot in range(min(count, int(stimuli.count[neuron]))):
        image = np.asarray(pixels[stimuli.image_ids[neuron, slot]])
        first_row, first_column = (
            int(windows.top[neuron, slot]),
            int(windows.left[neuron, slot]),
        )
        square = (
            slice(first_row, first_row + length),
            slice(first_column, first_column + length),
        )
        patches.append(_view(image, square, view))
    return patches


def _require_fits(
    stimuli: Stimuli, windows: Windows, neuron: int, pixels: Pixels
) -> None:
    n, k = stimuli.image_ids.shape
    if windows.top.shape != (n, k):
        raise UsageError(
            f"windows are {windows.top.shape}, but the stimuli {(n, k)}: take what "
            "`patch_windows` gives for these stimuli."
        )
    if neuron >= n:
        raise UsageError(f"neuron {neuron} is none of 0 to {n - 1}.")
    last = int(stimuli.image_ids[neuron].max(initial=-1))
    if last >= pixels.shape[0]:
        raise UsageError(
            f"the stimuli are rows of a pool, up to {last}, but there are pixels of "
            f"{pixels.shape[0]} images: give those of the pool."
        )


def _view(image: np.ndarray, square: Sequence[slice], view: str) -> np.ndarray:
    if view == "crop":
        return image[tuple(square)]
    inside = np.zeros(image.shape, bool)
    inside[tuple(square)] = True
    is_visible = inside if view == "mask" else ~inside
    return np.where(is_visible, image, np.uint8(0))


BLANK = 255
"""Grey level of a tile without a patch."""


@record
class Sheet:
    """Patches of many neurons in one image: a row per neuron, the strongest first.

    Attributes:
      pixels: The image.
      neurons: The neuron of each row.
      used: Number of tiles of the row that hold a patch; the others are blank.
      size: Side of a tile, in pixels.
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    neurons: Int[np.ndarray, " _"]
    used: Int[np.ndarray, " _"]
    size: int

    def strip(self, row: int) -> UInt8[np.ndarray, "size w 3"]:
        """One neuron's patches side by side."""
        return self.pixels[row * self.size : (row + 1) * self.size]


def patch_sheet(
    stimuli: Stimuli,
    windows: Windows,
    neurons: Int[np.ndarray, " _"],
    pixels: Pixels,
    *,
    count: int,
    size: int,
    view: str = "crop",
) -> Sheet:
    """Put the patches of several neurons on one sheet.

    Args:
      stimuli: Stimuli of the neurons' snapshot.
      windows: From `patch_windows`.
      neurons: Numbers of the neurons, in order.
      pixels: The pool's images, `[i side side 3]`.
      count: Tiles per neuron.
      size: Side of a tile in pixels. Smaller patches are enlarged cell by cell, larger
        ones averaged.
      view: One of `VIEWS`.

    Raises:
      UsageError: for an unknown view, with the valid ones.
    """
    shape = (len(neurons) * size, count * size, 3)
    sheet = np.full(shape, BLANK, np.uint8)
    used = np.zeros(len(neurons), int)
    for row, neuron in enumerate(neurons.tolist()):
        patches = neuron_patches(
            stimuli, windows, neuron, pixels, count=count, view=view
        )
        used[row] = len(patches)
        for column, patch in enumerate(patches):
            first_row, first_column = row * size, column * size
            sheet[first_row : first_row + size, first_column : first_column + size] = (
                _tile(patch, size)
            )
    return Sheet(pixels=sheet, neurons=neurons, used=used, size=size)


def _tile(patch: UInt8[np.ndarray, "h w 3"], size: int) -> np.ndarray:
    grown = Image.Resampling.NEAREST if len(patch) < size else Image.Resampling.BOX
    return np.asarray(Image.fromarray(patch).resize((size, size), grown))
