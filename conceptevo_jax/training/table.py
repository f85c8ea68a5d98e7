"""The table of a run: one row per snapshot, written completely after each.

Its checksum is in `checksums.json` in the same folder, and is compared on reading.
Accuracies are in evaluation mode; `running_top1` and `running_top5` are the training
accuracies counted while the epoch ran, as the original implementation reports them.
"""

import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.store import checksum, read_file, write_bytes
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT
from conceptevo_jax.training.checksums import read_checksums, update_checksums

TABLE = "epochs.csv"
"""The table's name in a run's folder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One snapshot.

    Attributes:
      epoch: The snapshot's epoch, see `conceptevo_jax.types.Epoch`.
      step: Optimiser steps taken.
      learning_rate: Learning rate of the last step.
      loss: Mean training loss since the epoch began; NaN in `init`.
      running_top1: Training accuracy since the epoch began, in training mode.
      running_top5: Likewise.
      train_top1: Accuracy on a fixed sample of the training images.
      train_top5: Likewise.
      test_top1: Accuracy on the test images.
      test_top5: Likewise.
      nonfinite_step: First step of the epoch whose loss was not finite, or None.
      seconds: Wall time since training began or was resumed.
    """

    epoch: Epoch
    step: int
    learning_rate: float
    loss: float
    running_top1: float
    running_top5: float
    train_top1: float
    train_top5: float
    test_top1: float
    test_top5: float
    nonfinite_step: int | None
    seconds: float


COLUMNS = tuple(field.name for field in dataclasses.fields(Row))


def write_table(path: Path, rows: list[Row]) -> None:
    """Write all rows as CSV, completely or not at all, and list its checksum.

    Args:
      path: The file, in the run's folder.
      rows: The rows, one per snapshot, in order.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(["" if v is None else v for v in dataclasses.astuple(row)])
    content = text.getvalue().encode()
    update_checksums(path.parent, table=checksum(content))
    write_bytes(path, content)


def has_table(folder: Path) -> bool:
    """Whether a run's folder has a table, or should have one."""
    return (folder / TABLE).is_file() or len(read_checksums(folder).tables) > 1


def read_table(path: Path) -> list[Row]:
    """Read a run's table.

    Raises:
      DataError: if it is missing, damaged or has other columns.
    """
    try:
        content = read_file(path, path.parent, LARGEST_TEXT)
        if checksum(content) not in read_checksums(path.parent).tables:
            raise ValueError("its checksum does not fit: it was damaged or edited")
        lines = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        if lines and tuple(lines[0]) != COLUMNS:
            raise ValueError(f"columns {list(lines[0])}, not {list(COLUMNS)}")
        return [_row(line) for line in lines]
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(
            f"{path}, a run's table, cannot be read ({error}). Delete the run's "
            "folder and train again."
        ) from error


def _row(line: dict[str, str]) -> Row:
    values: dict[str, Any] = {
        name: float(line[name]) for name in COLUMNS if name not in _SPECIAL_COLUMNS
    }
    label, bad = line["epoch"], line["nonfinite_step"]
    values["epoch"] = int(label) if label.isdecimal() else label
    values["nonfinite_step"] = int(bad) if bad else None
    return Row(step=int(line["step"]), **values)


_SPECIAL_COLUMNS = ("epoch", "step", "nonfinite_step")
