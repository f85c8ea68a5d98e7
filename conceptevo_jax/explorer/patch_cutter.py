"""Patches of neurons, cut out of a scene's images."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from conceptevo_jax.explorer.scene import Course, SavedScene, Scene
from conceptevo_jax.explorer.sheets import read_tiles


class PatchCutter:
    """Cuts patches out of a scene's images."""

    def __init__(self, saved: SavedScene, scene: Scene) -> None:
        pictures = scene.pictures
        self.tiles = read_tiles(saved.sheets, len(pictures.rows), pictures.tile)
        # Corners and lengths are in pixels of the pool's images, of which tiles may be
        # reduced copies.
        self.scale = pictures.tile / pictures.side

    def patches(
        self, course: Course, snapshot: int, neuron: int, *, count: int, size: int
    ) -> list[UInt8[np.ndarray, "size size 3"]]:
        """A neuron's strongest patches, all of the same size; fewer if it has fewer.

        Args:
          course: The neuron's run.
          snapshot: Number of the run's snapshot.
          neuron: Number of the neuron.
          count: Patches at most.
          size: Side of a patch, in pixels.
        """
        patches = []
        length = max(1, round(course.length[neuron] * self.scale))
        for slot in range(min(count, course.image_ids.shape[2])):
            image = int(course.image_ids[snapshot, neuron, slot])
            if image >= 0:
                corner = course.corners[snapshot, neuron, slot] * self.scale
                y, x = np.minimum(np.rint(corner).astype(int), len(self) - length)
                patch = self.tiles[image, y : y + length, x : x + length]
                patches.append(_resize(patch, size))
        return patches

    def __len__(self) -> int:
        """Side of a tile, in pixels."""
        return self.tiles.shape[1]


def _resize(patch: UInt8[np.ndarray, "h w 3"], size: int) -> np.ndarray:
    is_smaller = len(patch) < size
    resampling = Image.Resampling.NEAREST if is_smaller else Image.Resampling.BOX
    return np.asarray(Image.fromarray(patch).resize((size, size), resampling))
