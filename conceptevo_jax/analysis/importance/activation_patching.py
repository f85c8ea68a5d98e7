"""Activation patching: accuracy of a network with channels taken from another.

Both networks run once per batch of images. From a site's two activations on, all sets
of channels need one compiled call of the rest of the network, so late sites cost
little.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.activations import read_activations, resume, swap
from conceptevo_jax.data import sequential_batches
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.training.step import top1_top5_correct
from conceptevo_jax.types import Site


class Correctness(NamedTuple):
    """Top-1 and top-5 correctness of each image.

    `before` and `after` belong to the unchanged networks, `reverted` and `transplanted`
    to the patched networks, by repeat, site and quantile.
    """

    before: Bool[np.ndarray, "i 2"]
    after: Bool[np.ndarray, "i 2"]
    reverted: Bool[np.ndarray, "r s q i 2"]
    transplanted: Bool[np.ndarray, "r s q i 2"]


Masks = Mapping[str, Bool[np.ndarray, "r q _"]]
"""Per site, the channels to patch, by repeat and quantile."""

Revert = Callable[
    [
        Variables,
        Variables,
        UInt8[np.ndarray, "i h w 3"],
        Int[np.ndarray, " i"],
        Masks,
    ],
    Correctness,
]
"""`revert(before, after, pixels, labels, masks)`."""


def revert_evolutions(model: Model, sites: Sequence[Site], batch_size: int) -> Revert:
    """Prepare to patch channels, at one site at a time and in both directions.

    Compiled once per site, for any snapshots of the architecture.

    Args:
      model: The architecture of both snapshots of the evolution.
      sites: The sites where channels are patched.
      batch_size: Images per call.
    """
    patch_batch = _compile_batch_patching(model, [site.name for site in sites])

    def revert(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        labels: np.ndarray,
        masks: Masks,
    ) -> Correctness:
        batches = []
        for images, valid in _image_batches(pixels, labels, batch_size):
            parts = patch_batch(before, after, *images, masks)
            batches.append([part[..., valid, :] for part in parts])
        joined_batches = (
            np.concatenate(p, axis=-2) for p in zip(*batches, strict=True)
        )
        return Correctness(*joined_batches)

    return revert


def _image_batches(
    pixels: np.ndarray, labels: np.ndarray, batch_size: int
) -> Iterator[tuple[tuple[Array, Array], Bool[np.ndarray, " b"]]]:
    """Batches of pixels and labels of one size, and which images are not padding."""
    size = min(batch_size, len(pixels))
    for rows, valid in sequential_batches(len(pixels), size):
        yield (jnp.asarray(pixels[rows]), jnp.asarray(labels[rows])), valid


@jax.jit
def _judge(
    logits: Float[Array, "... b m"], labels: Int[Array, " b"]
) -> Bool[Array, "... b 2"]:
    return jnp.stack(top1_top5_correct(logits, labels), axis=-1)


def _compile_batch_patching(
    model: Model, names: Sequence[str]
) -> Callable[..., Correctness]:
    """Compile patching all sets of channels, for one batch of images."""
    read_sites = jax.jit(read_activations(model, names))
    suffixes = {name: patched_suffix(model, name) for name in names}

    def patch_batch(
        before: Variables, after: Variables, pixels: Array, labels: Array, masks: Masks
    ) -> Correctness:
        logits_before, activations_before = read_sites(before, pixels)
        logits_after, activations_after = read_sites(after, pixels)

        def patch(
            variables: Variables, recipient: dict[str, Array], donor: dict[str, Array]
        ) -> np.ndarray:
            logits = _patched_logits(
                suffixes, variables, recipient, donor, masks, pixels
            )
            return np.stack([[_judge(cell, labels) for cell in row] for row in logits])

        return Correctness(
            before=np.asarray(_judge(logits_before, labels)),
            after=np.asarray(_judge(logits_after, labels)),
            reverted=patch(after, activations_after, activations_before),
            transplanted=patch(before, activations_before, activations_after),
        )

    return patch_batch


def _patched_logits(
    suffixes: Mapping[str, Callable[..., Float[Array, "q b m"]]],
    variables: Variables,
    recipient: Mapping[str, Array],
    donor: Mapping[str, Array],
    masks: Masks,
    pixels: Array,
) -> list[list[Float[Array, "q b m"]]]:
    """Logits with the masked channels from `donor`, by repeat and site."""
    (repeats, *_) = {len(site_masks) for site_masks in masks.values()}
    return [
        [
            suffix(variables, recipient[n], donor[n], masks[n][repeat], pixels)
            for n, suffix in suffixes.items()
        ]
        for repeat in range(repeats)
    ]


def patched_suffix(model: Model, name: str) -> Callable[..., Float[Array, "q b m"]]:
    """Compile the network after a site, for several sets of channels.

    The sets are run one after the other: on CPU that is faster than all together (4.6
    against 5.1 forward passes for five sets at InceptionV3's first site), and needs a
    fifth of the memory.

    Args:
      model: The architecture.
      name: The site.

    Returns:
      `suffix(variables, recipient, donor, masks, pixels)`: for each mask `[q c]`, the
      logits of the network of `variables` whose activation `recipient` `[b h w c]` at
      the site has the masked channels taken from `donor`. The pixels give the batch its
      shape and are not read.
    """

    @jax.jit
    def suffix(
        variables: Variables,
        recipient: Float[Array, "b h w c"],
        donor: Float[Array, "b h w c"],
        masks: Bool[Array, "q c"],
        pixels: Array,
    ) -> Float[Array, "q b m"]:
        def masked_logits(mask: Bool[Array, " c"]) -> Float[Array, "b m"]:
            tap = resume(name, swap(mask, donor, recipient))
            return model.logits(variables, pixels, tap=tap)

        return jax.lax.map(masked_logits, masks)

    return suffix
