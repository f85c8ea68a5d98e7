"""The monitor's reports on a training: a JSON line per epoch, in its folder."""

from pathlib import Path
from typing import Any

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.store import read_file, unseal
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT


def is_watched(epoch: Epoch) -> bool:
    """Whether the monitor measures a snapshot: only whole epochs."""
    return isinstance(epoch, int)


def reports_name(images_id: str) -> str:
    """Name of the file of reports in a training's folder.

    Args:
      images_id: Content key of the space in which the monitor measures, or, without a
        space, the pool's id.
    """
    return f"monitor-{images_id}.jsonl"


def find_reports(folder: Path) -> Path | None:
    """The first file of reports in a training's folder; None if there is none."""
    return min(folder.glob(reports_name("*")), default=None)


def read_reports(path: Path) -> list[dict[str, Any]]:
    """All reports of a training, as plain values; none if it was not watched.

    Raises:
      DataError: naming a damaged line, or a file that cannot be used.
    """
    if not path.is_file():
        return []
    try:
        content = read_file(path, path.parent, LARGEST_TEXT)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be used ({error}). Delete it.") from error
    reports = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            reports.append(unseal(line))
        except ValueError as error:
            raise DataError(
                f"line {number} of {path} cannot be used ({error}). Delete the file: "
                "the next call of the monitor writes it again."
            ) from error
    return reports
