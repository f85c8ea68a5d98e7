"""The training loop: epochs, evaluation, checkpoints, exact resume.

Batch number `s` and the dropout of step `s` depend on the seed and `s` alone, so a
killed run resumes from its last finished epoch with the same results: bitwise on
CPU. Steps are driven from Python because XLA's CPU backend runs a convolution inside
`lax.scan` many times slower than outside. Batches are sharded over all devices of all
processes, which then train one network together; the first process writes its table.
"""

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.data import DecodedImages, read_ahead, train_batches
from conceptevo_jax.devices import (
    call_in_first_process,
    data_mesh,
    first_decides,
    is_asked_to_end,
    local_copy,
    process_rows,
    replicate,
    shard,
)
from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.errors import DataError, require_callables
from conceptevo_jax.models import Model
from conceptevo_jax.streams import stream
from conceptevo_jax.training.checkpoints import Checkpoints
from conceptevo_jax.training.disk import disk_bytes, require_disk
from conceptevo_jax.training.evaluation import evaluate_rows
from conceptevo_jax.training.identity import claim_folder, describe_training
from conceptevo_jax.training.optimizers import direction, learning_rate
from conceptevo_jax.training.settings import Training, require_trainable
from conceptevo_jax.training.step import (
    State,
    Tally,
    first_nonfinite,
    make_eval_step,
    make_train_step,
)
from conceptevo_jax.training.table import TABLE, Row, read_table, write_table
from conceptevo_jax.types import Snapshot

T = TypeVar("T", State, Tally)

OnEpoch = Callable[[Snapshot, Row], bool | None]
"""Called after every snapshot; returning True ends the training there.

The snapshot's weights are those being trained: on an accelerator the next step reuses
their memory, so load them during the call.
"""

OnStep = Callable[[int, int], None]
"""Called with the steps done and the total steps."""


TimeLeft = Callable[[], float]
"""Returns the seconds that a call may still take."""


class NonFiniteLossError(FloatingPointError):
    """Training met a loss that is NaN or infinite and is set to stop there.

    Example:
      >>> steep = ce.Optimizer(learning_rate=1e30)
      >>> settings = ce.Training(epochs=1, batch_size=50, optimizer=steep, seed=0)
      >>> ce.train("steep", model, pixels, test_pixels, settings, "runs/steep")
      Traceback (most recent call last):
      conceptevo_jax.training.loop.NonFiniteLossError: steep: the loss was not finite...
    """


class AskedToEndError(RuntimeError):
    """A scheduler ended joined processes, between two epochs."""


class TimeUpError(RuntimeError):
    """The time limit of a call is reached; the same call resumes where it stopped.

    Example:
      >>> images_and_settings = pixels, test_pixels, training, "runs/late"
      >>> ce.train("late", model, *images_and_settings, time_left=lambda: -1.0)
      Traceback (most recent call last):
      conceptevo_jax.training.loop.TimeUpError: late: the time is up before epoch 0...
    """


def train(
    run: str,
    model: Model,
    data: DecodedImages,
    test: DecodedImages,
    settings: Training,
    folder: str | os.PathLike[str],
    *,
    on_epoch: Sequence[OnEpoch] = (),
    on_step: OnStep | None = None,
    time_left: TimeLeft | None = None,
) -> list[Row]:
    """Train a model, or resume where an interrupted call in `folder` stopped.

    A folder belongs to one training: a call with another model, other settings or other
    images is refused. A call with more epochs than before resumes from the last epoch
    if the schedule gives the finished epochs the same learning rates. A call that was
    ended by `on_epoch` trains its last epoch again, with the same result.

    Args:
      run: Name of the run, for messages and snapshots.
      model: The model to train.
      data: The `i` training images.
      test: Test images.
      settings: See `Training`.
      folder: The folder of checkpoints and `epochs.csv`.
      on_epoch: Functions called in turn after every snapshot. Copy weights that you
        keep (`jax.device_get(snapshot.load())`): on a GPU or TPU the next step writes
        over them.
      on_step: Called after every step, for progress bars.
      time_left: Called after every epoch to decide whether another one can start.

    Returns:
      The run's table, one row per snapshot.

    Raises:
      UsageError: for settings that do not fit the data or devices, arguments of the
        wrong type, or a folder of another training.
      DataError: if the disk cannot hold the checkpoints, or a file there is damaged.
      NonFiniteLossError: at the first non-finite loss under `on_nonfinite="stop"`.
      TimeUpError: between two epochs, when the next would probably take too long.

    Example:
      >>> folder = "runs/mine"
      >>> table = ce.train("mine", model, pixels, test_pixels, training, folder)
      >>> [(row.epoch, row.step) for row in table]
      [('init', 0), (0, 4)]
    """
    require_trainable(model, data, test, settings)
    on_epoch, folder = require_callables(on_epoch, "on_epoch"), Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    early, averaged = len(settings.early_steps), settings.regularisation.ema > 0
    require_disk(folder, disk_bytes(model, settings.epochs, early, averaged=averaged))
    _claim(folder, run, model, data, test, settings)
    loop = _Loop(run, model, data, test, settings, folder, on_epoch, on_step)
    loop.time_left = time_left
    try:
        return loop.run_all()
    finally:
        loop.checkpoints.close()


def _claim(
    folder: Path,
    run: str,
    model: Model,
    data: DecodedImages,
    test: DecodedImages,
    settings: Training,
) -> None:
    """Mark the folder as this training's, or refuse that of another one."""
    description = describe_training(run, model, data, test, settings)
    steps = len(data) // settings.batch_size
    call_in_first_process(
        lambda: claim_folder(folder, description, steps_per_epoch=steps)
    )


class _Loop:
    """What changes while `train` runs: the state, the tally and the table."""

    def __init__(
        self,
        run: str,
        model: Model,
        data: DecodedImages,
        test: DecodedImages,
        settings: Training,
        folder: Path,
        on_epoch: Sequence[OnEpoch],
        on_step: OnStep | None,
    ) -> None:
        self.run, self.model, self.data, self.test = run, model, data, test
        self.settings, self.folder = settings, folder
        self.on_epoch, self.on_step = on_epoch, on_step
        self.mesh = data_mesh()
        self.batches = train_batches(
            data,
            batch_size=settings.batch_size,
            seed=settings.seed,
            share=process_rows(self.mesh, settings.batch_size),
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        optimizer = direction(settings.optimizer)
        self.train_step = make_train_step(
            model.in_dtype(settings.compute), optimizer, settings.regularisation
        )
        self.eval_step = make_eval_step(model)
        self.checkpoints = Checkpoints(folder, model)
        variables = model.init(settings.seed)
        fresh = State(
            variables,
            optimizer.init(variables["params"]),
            jnp.int32(0),
            jax.random.key_data(jax.random.key(settings.seed)),
            # A copy: on accelerators a step takes the memory of both.
            jax.tree.map(jnp.copy, variables) if settings.regularisation.ema else None,
        )
        self.sample = _sample(len(data), settings.eval_images, settings.seed)
        self.rows: list[Row] = []
        self.first_epoch, self.state = self._resume(fresh)
        self.tally = self._replicate(Tally.zero())
        self.rate, self.start = 0.0, time.perf_counter()
        self.time_left: TimeLeft | None = None
        self.longest = 0.0

    def run_all(self) -> list[Row]:
        total = self.settings.epochs * self.steps_per_epoch
        stop = not self.rows and self._snapshot("init")
        for epoch in range(self.first_epoch, self.settings.epochs):
            self._require_time(epoch)
            begun = time.perf_counter()
            if stop or self._epoch(epoch, total):
                break
            self.longest = max(self.longest, time.perf_counter() - begun)
        return self.rows

    def _require_time(self, epoch: int) -> None:
        """Stop before an epoch that would probably not finish in time."""
        if is_asked_to_end():
            self.checkpoints.wait()
            raise AskedToEndError(
                f"{self.run}: ended by SIGTERM before {epoch_label(epoch)}, of "
                f"{self.settings.epochs} epochs. Run the same command again to go on "
                "from there."
            )
        time_left, longest = self.time_left, self.longest
        if time_left is None or first_decides(lambda: time_left() >= longest):
            return
        self.checkpoints.wait()
        raise TimeUpError(
            f"{self.run}: the time is up before {epoch_label(epoch)}, of "
            f"{self.settings.epochs} epochs. Run the same command again to go on from "
            "there."
        )

    def _epoch(self, epoch: int, total: int) -> bool:
        """Train one epoch; True where a callable ends the training."""
        self.tally = self._replicate(Tally.zero())
        first = epoch * self.steps_per_epoch
        steps = range(first, first + self.steps_per_epoch)
        batches = read_ahead(self.batches.batch, steps)
        for step, batch in zip(steps, batches, strict=True):
            self._step(step, batch)
            if self.on_step is not None:
                self.on_step(step + 1, total)
            early = step + 1 in self.settings.early_steps
            if early and self._snapshot(f"step{step + 1}"):
                return True
        self._require_finite(epoch)
        if self._snapshot(epoch):
            # Not to be resumed from: called again, the callable ends it here again.
            return True
        self.checkpoints.save_resume(epoch, self.state)
        return False

    def _rate(self, step: int) -> float:
        return learning_rate(
            self.settings.optimizer,
            step,
            steps_per_epoch=self.steps_per_epoch,
            epochs=self.settings.epochs,
        )

    def _step(self, step: int, batch: dict[str, np.ndarray]) -> None:
        self.rate = self._rate(step)
        local_batch = batch["image"], batch["label"]
        pixels, labels = shard(self.mesh, local_batch, self.settings.batch_size)
        self.state, self.tally = self.train_step(
            self.state, self.tally, pixels, labels, np.float32(self.rate)
        )

    def _snapshot(self, epoch: Epoch) -> bool:
        variables = self.state.snapshot_variables
        self.checkpoints.save(epoch, variables)
        row = self._row(epoch)
        self.rows.append(row)
        # Saved while it was evaluated; what is in the table is on the disk.
        self.checkpoints.wait()
        call_in_first_process(lambda: write_table(self.folder / TABLE, self.rows))
        local_variables = local_copy(variables)
        snapshot = Snapshot(run=self.run, epoch=epoch, load=lambda: local_variables)
        answers = [call(snapshot, row) for call in self.on_epoch]
        return first_decides(lambda: any(answers))

    def _row(self, epoch: Epoch) -> Row:
        train = self._tally(self.data, self.sample)
        test = self._tally(self.test, np.arange(len(self.test)))
        images = int(self.tally.images)
        return Row(
            epoch=epoch,
            step=int(self.state.step),
            learning_rate=self.rate,
            loss=float(self.tally.loss) / images if images else math.nan,
            running_top1=int(self.tally.top1) / max(images, 1),
            running_top5=int(self.tally.top5) / max(images, 1),
            train_top1=int(train.top1) / len(self.sample),
            train_top5=int(train.top5) / len(self.sample),
            test_top1=int(test.top1) / len(self.test),
            test_top5=int(test.top5) / len(self.test),
            nonfinite_step=first_nonfinite(self.tally),
            seconds=time.perf_counter() - self.start,
        )

    def _tally(self, data: DecodedImages, rows: np.ndarray) -> Tally:
        return evaluate_rows(
            self.mesh, self.eval_step, self.state.snapshot_variables, data, rows
        )

    def _require_finite(self, epoch: int) -> None:
        step = first_nonfinite(self.tally)
        if step is None or self.settings.on_nonfinite == "continue":
            return
        self.checkpoints.wait()
        raise NonFiniteLossError(
            f"{self.run}: the loss was not finite at step {step} "
            f"({epoch_label(epoch)}, learning rate {self._rate(step):g}). "
            "Lower optimizer.learning_rate, or set on_nonfinite=continue to watch the "
            "collapse."
        )

    def _resume(self, fresh: State) -> tuple[int, State]:
        restored_state = self.checkpoints.restore_latest(fresh)
        if restored_state is None:
            return 0, self._replicate(fresh)
        epoch, state = restored_state
        rows = read_table(self.folder / TABLE)
        names = [row.epoch for row in rows]
        if epoch not in names:
            raise DataError(
                f"{self.folder / TABLE} has no row for {epoch_label(epoch)}, whose "
                "state to resume from is there: delete the folder and train again."
            )
        self.rows = rows[: names.index(epoch) + 1]
        return epoch + 1, self._replicate(state)

    def _replicate(self, tree: T) -> T:
        return replicate(self.mesh, tree)


def _sample(count: int, size: int, seed: int) -> np.ndarray:
    rows = stream(seed, "evaluated images").permutation(count)[:size]
    return np.sort(rows)
