"""Batches: shuffled ones for training, sequential ones for sweeps and evaluation.

Grain provides the order of the images, a function of (seed, step) alone; the pixels are
gathered from the memory map. So a run resumes at any step exactly and at no cost, and
every process computes its own share of the same batch. There is no augmentation. The
speed is about 80,000 images of 32×32 pixels a second on one core.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Int, Int32

from conceptevo_jax.data.decoded import DecodedImages
from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import record

BATCHES_AHEAD = 2
"""Number of batches that are read ahead."""

T = TypeVar("T")
R = TypeVar("R")


@record
class TrainBatches:
    """Shuffled training batches, with random access.

    Attributes:
      decoded: The training images.
      order: Rows of batch `step` at index `step`, without end.
      batch_size: Images per batch, over all processes.
      share: This process's positions in each batch.
    """

    decoded: DecodedImages
    order: Any
    batch_size: int
    share: Int[np.ndarray, " b"]

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in one pass over the images; the remainder is dropped."""
        return len(self.decoded) // self.batch_size

    def rows(self, step: int) -> Int32[np.ndarray, " b"]:
        """Rows of this process's images in batch number `step`, counted from 0."""
        rows: Int32[np.ndarray, " b"] = self.order[step].astype(np.int32)[self.share]
        return rows

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """`{"image": uint8 [b h w 3], "label": int32 [b]}` of batch number `step`."""
        rows = self.rows(step)
        return {"image": self.decoded.pixels[rows], "label": self.decoded.labels[rows]}


def train_batches(
    decoded: DecodedImages,
    *,
    batch_size: int,
    seed: int,
    share: Int[np.ndarray, " b"] | None = None,
) -> TrainBatches:
    """Shuffle the images anew in each epoch, by (seed, step) alone.

    Args:
      decoded: The training images.
      batch_size: Images per batch, over all processes.
      seed: From 0 to 2³² - 1.
      share: This process's positions in each batch; None for all.

    Returns:
      The batches.

    Raises:
      UsageError: if there is no full batch.
    """
    import grain  # takes 0.7 s, and most uses of the package train nothing

    if not 1 <= batch_size <= len(decoded):
        raise UsageError(
            f"batch_size is {batch_size}, but must be from 1 to {len(decoded)}, the "
            "number of training images."
        )
    shuffled = grain.MapDataset.range(len(decoded)).seed(seed).shuffle()
    return TrainBatches(
        decoded=decoded,
        order=shuffled.batch(batch_size, drop_remainder=True).repeat(),
        batch_size=batch_size,
        share=np.arange(batch_size) if share is None else share,
    )


def sequential_batches(
    count: int, batch_size: int
) -> Iterator[tuple[Int32[np.ndarray, " b"], Bool[np.ndarray, " b"]]]:
    """All rows once, in order, in batches of one size.

    Args:
      count: Number of rows.
      batch_size: Rows per batch.

    Yields:
      Rows, and which of them are valid: the last batch is padded with its last row.
    """
    for start in range(0, count, batch_size):
        rows = np.arange(start, start + batch_size, dtype=np.int32)
        yield np.minimum(rows, np.int32(count - 1)), rows < count


def read_ahead(read: Callable[[T], R], requests: Iterable[T]) -> Iterator[R]:
    """The results of `read` for all requests, in order, with the next few read ahead.

    So a device does not wait for images to be decoded.

    Args:
      read: Called in one other thread; an `OnDemand` decodes a batch in many.
      requests: Arguments of `read`, such as the numbers of batches.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(1) as thread:
        try:
            for request in requests:
                waiting.append(thread.submit(read, request))
                if len(waiting) > BATCHES_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            thread.shutdown(cancel_futures=True)
