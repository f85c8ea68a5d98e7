"""One pass over an image set, reduced on the device as it goes.

Memory is one batch of activations plus, per snapshot that shares the pass, its weights
and the folds' own state, whatever the number of images. The compiled pass is built once
per model and reused for every snapshot.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.activations.groups import Footprint, Load, in_groups, tree_bytes
from conceptevo_jax.activations.taps import Peaks, Reader
from conceptevo_jax.data import Decoded, require_same_pool, sequential_batches
from conceptevo_jax.models import Variables

BATCH = 250

R = TypeVar("R")


class Fold(NamedTuple):
    """A streaming reduction over the batches of a sweep.

    `empty()` makes the state; `add(state, peaks, rows, valid)` is traced into the
    sweep: `rows` are image ids, `valid` is False for the padding of the last batch.
    """

    empty: Callable[[], Any]
    add: Callable[[Any, Peaks, Int[Array, " b"], Bool[Array, " b"]], Any]


def map_batches(
    call: Callable[[Array], Array],
    pixels: UInt8[np.ndarray, "i h w 3"],
    *,
    batch_size: int = BATCH,
) -> Float[np.ndarray, "i c"]:
    """What a compiled call gives of some images, batch by batch; one image at least.

    For images that are few enough to keep a row of each; all else is for `sweep`.
    """
    size = min(batch_size, len(pixels))
    parts = [
        np.asarray(call(jnp.asarray(pixels[rows])))[valid]
        for rows, valid in sequential_batches(len(pixels), size)
    ]
    return np.concatenate(parts)


class Sweep(Generic[R]):
    """A compiled pass that feeds every image's peaks to some folds.

    Called with a snapshot's variables and the decoded images, it gives what `finish`
    makes of the folds' final states; `many` and `each` do so for several snapshots and
    read the images once.

    Args:
      reader: See `read_peaks`.
      folds: Reductions that share the pass.
      finish: From the final states, one per fold, to the result.
      images_id: Id of the images it may be run over; None for any.
      batch_size: Images per call of the model.
    """

    def __init__(
        self,
        reader: Reader,
        folds: tuple[Fold, ...],
        finish: Callable[[tuple[Any, ...]], R],
        *,
        images_id: str | None = None,
        batch_size: int = BATCH,
    ) -> None:
        self.folds, self.finish = folds, finish
        self.images_id, self.batch_size = images_id, batch_size
        # Compiled apart from the folds, the network is the same program in every
        # sweep, and found again in the compilation cache.
        self._read = jax.jit(reader)
        self._add = jax.jit(self._add_all)

    def __call__(self, variables: Variables, images: Decoded) -> R:
        """The result of one snapshot; see `many`."""
        return self.many([variables], images)[0]

    def many(self, snapshots: Sequence[Variables], images: Decoded) -> list[R]:
        """The results of several snapshots, which memory has to hold at once.

        Every image is decoded and brought to the device once. Results do not depend on
        which snapshots are swept together.

        Args:
          snapshots: Variables of one architecture, of one run or several.
          images: What to sweep.

        Raises:
          DataError: for other images than the sweep is for.
        """
        if self.images_id is not None:
            require_same_pool(
                self.images_id, images.images_id, "the images to be swept"
            )
        states = [self._empty() for _ in snapshots]
        for rows, valid in sequential_batches(len(images), self._size(images)):
            pixels = jnp.asarray(np.asarray(images.pixels[rows]))
            before = states
            states = [
                self._add(state, self._read(variables, pixels), rows, valid)
                for variables, state in zip(snapshots, before, strict=True)
            ]
            # No more than one batch waits while another is computed.
            jax.block_until_ready(before)
        return [self.finish(state) for state in states]

    def each(self, loads: Sequence[Load], images: Decoded) -> Iterator[R]:
        """The results of any number of snapshots, as many at a time as memory holds.

        Args:
          loads: The snapshots of one architecture, such as `[s.load for s in shots]`.
          images: What to sweep; read once per group.

        Raises:
          DataError: for other images than the sweep is for.
          UsageError: if the memory does not suffice for one snapshot.
        """
        return in_groups(
            loads,
            lambda group: self.many(group, images),
            lambda: self.footprint(loads[0](), images),
        )

    def footprint(self, variables: Variables, images: Decoded) -> Footprint:
        """Bytes the sweep takes, by the compiled programs' own account.

        Args:
          variables: Of any snapshot; shapes and types suffice.
          images: What is to be swept.
        """
        size = self._size(images)
        shape = (size, *images.pixels.shape[1:])
        pixels = jax.ShapeDtypeStruct(shape, images.pixels.dtype)
        rows = jax.ShapeDtypeStruct((size,), np.int32)
        valid = jax.ShapeDtypeStruct((size,), np.bool_)
        state = jax.eval_shape(self._empty)
        read = self._read.lower(variables, pixels)
        peaks = jax.eval_shape(self._read, variables, pixels)
        add = self._add.lower(state, peaks, rows, valid)
        # Of pixels and peaks those of the next batch wait beside those in use.
        waiting = tree_bytes((pixels, peaks))
        return Footprint(
            each=tree_bytes(variables) + tree_bytes(state),
            once=waiting + max(_working_bytes(one) for one in (read, add)),
        )

    def _size(self, images: Decoded) -> int:
        return min(self.batch_size, len(images))

    def _empty(self) -> tuple[Any, ...]:
        return tuple(fold.empty() for fold in self.folds)

    def _add_all(
        self,
        states: tuple[Any, ...],
        peaks: Peaks,
        rows: Int[Array, " b"],
        valid: Bool[Array, " b"],
    ) -> tuple[Any, ...]:
        return tuple(
            fold.add(state, peaks, rows, valid)
            for fold, state in zip(self.folds, states, strict=True)
        )


def _working_bytes(lowered: jax.stages.Lowered) -> int:
    """What a program takes besides its arguments; 0 where the compiler is silent."""
    told = lowered.compile().memory_analysis()
    return 0 if told is None else told.temp_size_in_bytes + told.output_size_in_bytes
