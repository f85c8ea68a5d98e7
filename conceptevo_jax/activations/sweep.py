"""One pass over an image set, reduced on the device while it runs.

Memory is one batch of activations plus, per snapshot that shares the pass, its weights
and the folds' state, independent of the number of images. The pass is compiled once
per model and reused for every snapshot.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import jax
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Int

from conceptevo_jax.activations.folds import Fold, folding
from conceptevo_jax.activations.memory_groups import (
    Footprint,
    Load,
    run_in_groups,
    tree_bytes,
)
from conceptevo_jax.activations.reading import BATCH
from conceptevo_jax.activations.taps import Reader
from conceptevo_jax.data import (
    DecodedImages,
    read_ahead,
    require_decoded,
    require_same_pool,
    sequential_batches,
)
from conceptevo_jax.devices import (
    REPLICATED,
    SHARDED,
    all_or_none,
    data_mesh,
    mesh_sharding,
    per_device,
    process_rows,
    replicate,
    shard,
)
from conceptevo_jax.models import Variables

R = TypeVar("R")


class Sweep(Generic[R]):
    """A compiled pass that feeds every image's peaks to some folds.

    Called with a snapshot's variables and the decoded images, it returns the result of
    `finish` on the folds' final states; `sweep_together` and `sweep_all` do so for
    several snapshots and read the images once.

    Args:
      reader: See `read_peaks`.
      folds: Reductions that share the pass.
      finish: From the final states, one per fold, to the result.
      images_id: Id of the images that it accepts; None for any.
      batch_size: Images per call of the model, on each device.
      require_variables: Called with every snapshot's variables before compiling, to
        refuse those of another model; None accepts any.
    """

    def __init__(
        self,
        reader: Reader,
        folds: tuple[Fold, ...],
        finish: Callable[[tuple[Any, ...]], R],
        *,
        images_id: str | None = None,
        batch_size: int = BATCH,
        require_variables: Callable[[Variables], None] | None = None,
    ) -> None:
        self.reader, self.finish = reader, finish
        self.images_id, self.batch_size = images_id, batch_size
        self.require = require_variables
        self.mesh = mesh = data_mesh()
        # Compiled apart from the folds, the network is the same program in every
        # sweep, and found again in the compilation cache.
        self._read = jax.jit(per_device(mesh, reader, (REPLICATED, SHARDED), SHARDED))
        self._folding = folding(mesh, folds)

    def __call__(self, variables: Variables, images: DecodedImages) -> R:
        """The result of one snapshot; see `sweep_together`."""
        return self.sweep_together([variables], images)[0]

    def sweep_together(
        self, snapshots: Sequence[Variables], images: DecodedImages
    ) -> list[R]:
        """The results of several snapshots, which must fit in memory together.

        Every image is decoded and moved to the device once. Results do not depend on
        which snapshots are swept together.

        Args:
          snapshots: Variables of one architecture, from one run or several.
          images: The images to sweep.

        Raises:
          UsageError: for variables that `require` refuses.
          DataError: for other images than the sweep is for.
        """
        return self._sweep(snapshots, images, np.arange(len(images)))

    def _sweep(
        self,
        snapshots: Sequence[Variables],
        images: DecodedImages,
        image_rows: Int[np.ndarray, " j"],
    ) -> list[R]:
        """Like `sweep_together`, but only over some images."""
        self._check(snapshots, images)
        replicated_variables = [
            replicate(self.mesh, variables) for variables in snapshots
        ]
        states = all_or_none(
            lambda: self._pass(replicated_variables, images, image_rows)
        )
        return [self.finish(self._folding.join(state)) for state in states]

    def _check(self, snapshots: Sequence[Variables], images: DecodedImages) -> None:
        """Refuse wrong images and variables, before anything is compiled."""
        require_decoded(images, "the images to be swept")
        if self.images_id is not None:
            require_same_pool(
                self.images_id, images.images_id, "the images to be swept"
            )
        if self.require is not None:
            for variables in snapshots:
                self.require(variables)

    def _pass(
        self,
        snapshots: Sequence[Variables],
        images: DecodedImages,
        image_rows: Int[np.ndarray, " j"],
    ) -> list[Any]:
        """The folds' states on the devices, each of its own images."""
        size = self._size(images) * self.mesh.size
        local_rows = process_rows(self.mesh, size)
        states = [self._folding.empty() for _ in snapshots]

        def read(batch: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
            places, valid = batch
            rows = image_rows[places[local_rows]].astype(np.int32)
            return np.asarray(images.pixels[rows]), rows, valid[local_rows]

        for batch in read_ahead(read, sequential_batches(len(image_rows), size)):
            pixels, *rows_and_valid = shard(self.mesh, batch, size)
            before = states
            states = [
                self._folding.add(state, self._read(variables, pixels), *rows_and_valid)
                for variables, state in zip(snapshots, before, strict=True)
            ]
            # No more than one batch waits while another is computed.
            jax.block_until_ready(before)
        return jax.block_until_ready(states)

    def sweep_all(self, loads: Sequence[Load], images: DecodedImages) -> Iterator[R]:
        """The results of any number of snapshots, in groups that fit in memory.

        Args:
          loads: The snapshots of one architecture, such as `[s.load for s in shots]`.
          images: The images to sweep; read once per group.

        Raises:
          DataError: for other images than the sweep is for.
          UsageError: if the memory does not suffice for one snapshot.
        """
        return run_in_groups(
            loads,
            lambda group: self.sweep_together(group, images),
            lambda: self.footprint(loads[0](), images),
        )

    def footprint(self, variables: Variables, images: DecodedImages) -> Footprint:
        """Bytes that the sweep takes, as reported by the compiled programs.

        Args:
          variables: Variables of any snapshot; shapes and types suffice.
          images: The images to sweep.
        """
        self._check([variables], images)
        size = self._size(images)
        variables = self._shapes(variables, REPLICATED)
        state = jax.eval_shape(self._folding.empty)
        shape = (size * self.mesh.size, *images.pixels.shape[1:])
        batch = (
            jax.ShapeDtypeStruct(shape, images.pixels.dtype),
            jax.ShapeDtypeStruct(shape[:1], np.int32),
            jax.ShapeDtypeStruct(shape[:1], np.bool_),
        )
        pixels, *rows_and_valid = self._shapes(batch, SHARDED)
        peaks = jax.eval_shape(self._read, variables, pixels)
        read = self._read.lower(variables, pixels)
        state, peaks = self._shapes((state, peaks), SHARDED)
        add = self._folding.add.lower(state, peaks, *rows_and_valid)
        # Of pixels and peaks those of the next batch wait beside those in use.
        waiting = tree_bytes((pixels, peaks)) // self.mesh.size
        return Footprint(
            each=tree_bytes((variables, jax.eval_shape(self._folding.alone))),
            once=waiting + max(_working_bytes(program) for program in (read, add)),
        )

    def _shapes(self, tree: Any, spec: PartitionSpec) -> Any:
        """Shapes and types as when sweeping, so that nothing is compiled twice."""
        sharding = mesh_sharding(self.mesh, spec)
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(
                leaf.shape, leaf.dtype, sharding=sharding
            ),
            jax.eval_shape(lambda same: same, tree),
        )

    def _size(self, images: DecodedImages) -> int:
        """Images per device and call."""
        return min(self.batch_size, -(-len(images) // self.mesh.size))


class ScreenedSweep(Sweep[R]):
    """A pass over only those images that a cheaper first pass has chosen.

    Images are chosen for each snapshot separately, so that the result does not depend
    on other snapshots; the chosen images are therefore read once more.

    Args:
      first: Returns the rows to sweep, ascending.
      settings: See `Sweep`.
    """

    def __init__(
        self, first: Sweep[Int[np.ndarray, " j"]], *arguments: Any, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.first = first

    def sweep_together(
        self, snapshots: Sequence[Variables], images: DecodedImages
    ) -> list[R]:
        """See `Sweep.sweep_together`.

        Args:
          snapshots: As for `Sweep`.
          images: As for `Sweep`.
        """
        candidates = self.first.sweep_together(snapshots, images)
        return [
            self._sweep([variables], images, image_rows)[0]
            for variables, image_rows in zip(snapshots, candidates, strict=True)
        ]

    def footprint(self, variables: Variables, images: DecodedImages) -> Footprint:
        """The footprint of the larger pass, see `Sweep.footprint`.

        Args:
          variables: As for `Sweep`.
          images: As for `Sweep`.
        """
        passes = self.first.footprint, super().footprint
        return Footprint(
            *map(max, *(pass_footprint(variables, images) for pass_footprint in passes))
        )


def _working_bytes(lowered: jax.stages.Lowered) -> int:
    """Memory of a program besides its arguments; 0 if the compiler reports none."""
    memory_stats = lowered.compile().memory_analysis()
    return (
        0
        if memory_stats is None
        else memory_stats.temp_size_in_bytes + memory_stats.output_size_in_bytes
    )
