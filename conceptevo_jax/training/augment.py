"""Random crops and flips on the device, decided by seed and step alone.

Because a batch's augmentation depends only on these, a resumed run sees the same
pixels as an uninterrupted run. If augmentation is off, it does not change the compiled
step.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key, UInt8


def augment(
    pixels: UInt8[Array, "b h w 3"],
    key: Key[Array, ""],
    *,
    random_crop: int = 0,
    flip: bool = False,
) -> UInt8[Array, "b h w 3"]:
    """Shift and mirror every image of a batch independently.

    Args:
      pixels: The batch.
      key: Decides every crop and flip.
      random_crop: Black pixels added on each side before a square of the old size is
        cut out at random, as is usual for small images (He et al., 2016, Sec. 4.2).
      flip: Whether to mirror left and right with probability one half.
    """
    if random_crop:
        pixels = _crop(pixels, jax.random.fold_in(key, 0), random_crop)
    if flip:
        shape = pixels.shape[:1]
        mirrored = jax.random.bernoulli(jax.random.fold_in(key, 1), 0.5, shape)
        pixels = jnp.where(mirrored[:, None, None, None], pixels[:, :, ::-1], pixels)
    return pixels


def _crop(
    pixels: UInt8[Array, "b h w 3"], key: Key[Array, ""], border: int
) -> UInt8[Array, "b h w 3"]:
    """Crop every image at a random position after padding it with a black border."""
    count, height, width = pixels.shape[:3]
    pad = (border, border)
    padded = jnp.pad(pixels, ((0, 0), pad, pad, (0, 0)))
    corners = jax.random.randint(key, (count, 2), 0, 2 * border + 1)

    def cut(image: Array, corner: Array) -> Array:
        start = (corner[0], corner[1], jnp.int32(0))
        return jax.lax.dynamic_slice(image, start, (height, width, 3))

    return jax.vmap(cut)(padded, corners)
