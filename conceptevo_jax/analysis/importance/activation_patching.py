"""Channels of one network put into another, and what becomes of its answers.

Both networks run once per batch of images. From a site's two activations on, all sets
of channels are one compiled call of the rest of the network, so late sites cost little.
"""

from collections.abc import Callable, Mapping, Sequence
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


class Hits(NamedTuple):
    """Which images are right at first, and among the first five.

    `before` and `after` are of the networks as they are, `reverted` and `transplanted`
    of the edited ones.
    """

    before: Bool[np.ndarray, "i 2"]
    after: Bool[np.ndarray, "i 2"]
    reverted: Bool[np.ndarray, "r s q i 2"]
    transplanted: Bool[np.ndarray, "r s q i 2"]


Masks = Mapping[str, Bool[np.ndarray, "r q _"]]
"""Per site, the channels to exchange, by repeat and quantile."""

Revert = Callable[
    [
        Variables,
        Variables,
        UInt8[np.ndarray, "i h w 3"],
        Int[np.ndarray, " i"],
        Masks,
    ],
    Hits,
]
"""`revert(before, after, pixels, labels, masks)`."""


def revert_evolutions(model: Model, sites: Sequence[Site], batch_size: int) -> Revert:
    """Prepare to exchange channels, at one site at a time and both ways.

    Compiled once per site, for any snapshots of the architecture.

    Args:
      model: The architecture of both ends of the evolution.
      sites: Where channels are exchanged.
      batch_size: Images per call.
    """
    names = [site.name for site in sites]
    whole = jax.jit(read_activations(model, names))
    suffixes = {name: exchange(model, name) for name in names}
    judge = jax.jit(
        lambda logits, labels: jnp.stack(top1_top5_correct(logits, labels), axis=-1)
    )

    def judged(
        before: Variables, after: Variables, pixels: Array, labels: Array, masks: Masks
    ) -> Hits:
        at_before, old = whole(before, pixels)
        at_after, new = whole(after, pixels)
        repeats = range(len(masks[names[0]]))

        def edited(
            network: Variables, own: dict[str, Array], foreign: dict[str, Array]
        ) -> np.ndarray:
            logits = [
                [
                    suffixes[n](network, own[n], foreign[n], masks[n][r], pixels)
                    for n in names
                ]
                for r in repeats
            ]
            return np.stack([[judge(one, labels) for one in row] for row in logits])

        return Hits(
            before=np.asarray(judge(at_before, labels)),
            after=np.asarray(judge(at_after, labels)),
            reverted=edited(after, new, old),
            transplanted=edited(before, old, new),
        )

    def revert(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        labels: np.ndarray,
        masks: Masks,
    ) -> Hits:
        found = []
        size = min(batch_size, len(pixels))
        for rows, valid in sequential_batches(len(pixels), size):
            some = jnp.asarray(pixels[rows]), jnp.asarray(labels[rows])
            parts = judged(before, after, *some, masks)
            found.append([part[..., valid, :] for part in parts])
        return Hits(*(np.concatenate(p, axis=-2) for p in zip(*found, strict=True)))

    return revert


def exchange(model: Model, name: str) -> Callable[..., Float[Array, "q b m"]]:
    """Compile what follows a site, for several sets of channels.

    They are taken one after the other: on CPU that is faster than all at once (4.6
    against 5.1 forward passes for five sets at InceptionV3's first site), and needs a
    fifth of the memory.

    Args:
      model: The architecture.
      name: The site.

    Returns:
      `run(variables, own, foreign, masks, pixels)`: for each mask `[q c]`, the logits
      of the network of `variables` whose activation `own` `[b h w c]` at the site has
      the masked channels taken from `foreign`. The pixels give the batch its shape and
      are not read.
    """

    @jax.jit
    def run(
        variables: Variables,
        own: Float[Array, "b h w c"],
        foreign: Float[Array, "b h w c"],
        masks: Bool[Array, "q c"],
        pixels: Array,
    ) -> Float[Array, "q b m"]:
        def one(mask: Bool[Array, " c"]) -> Float[Array, "b m"]:
            tap = resume(name, swap(mask, foreign, own))
            return model.logits(variables, pixels, tap=tap)

        return jax.lax.map(one, masks)

    return run
