"""Where reports go: JSON lines, TensorBoard, Weights & Biases, MLflow.

A sink is any callable that takes a report. If a sink fails, the next report names it
and training continues: a full disk must not stop a training.
"""

import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor.epoch_report import DAMAGED, HEALTHY, LOST, Report

_FLUSH_SECONDS = 2

Sink = Callable[[Report], None]

_STATUS = {HEALTHY: 0.0, DAMAGED: 1.0, LOST: 2.0}


def json_lines(path: str | os.PathLike[str]) -> Sink:
    """One JSON object per line, appended and flushed: `tail -f` follows it."""
    log = Path(path)

    def write(report: Report) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(json.dumps(report.as_dict(), allow_nan=False) + "\n")

    return write


def tensorboard(folder: str | os.PathLike[str]) -> Sink:
    """Scalars `concepts/<measure>` for TensorBoard, by tensorboardX.

    Raises:
      UsageError: if tensorboardX is not installed.
    """
    package = _package("tensorboardX", "monitor")
    # A thread of its own writes; its flush does not wait for what is queued.
    writer = package.SummaryWriter(str(folder), flush_secs=_FLUSH_SECONDS)

    def write(report: Report) -> None:
        step = _step(report)
        for name, value in _numbers(report).items():
            writer.add_scalar(name, value, step)
        if report.reasons:
            writer.add_text("concepts/reasons", "; ".join(report.reasons), step)

    return write


def wandb_metrics(run: Any = None) -> Sink:
    """Metrics `concepts/<measure>` of a Weights & Biases run.

    Args:
      run: The value of `wandb.init`; by default the current run.

    Raises:
      UsageError: if wandb is not installed.
    """
    to = _package("wandb", "wandb") if run is None else run
    return lambda report: to.log({**_numbers(report), "epoch": _step(report)})


def mlflow_metrics(client: Any = None) -> Sink:
    """Metrics `concepts/<measure>` of the active MLflow run.

    Args:
      client: The module `mlflow`, or an object with its `log_metrics`; by default
        imported.

    Raises:
      UsageError: if mlflow is not installed.
    """
    to = _package("mlflow", "mlflow") if client is None else client
    return lambda report: to.log_metrics(_numbers(report), step=_step(report))


def _numbers(report: Report) -> dict[str, float]:
    measured_values = {k: v for k, v in report.measures.items() if v is not None}
    if report.status in _STATUS:
        measured_values["status"] = _STATUS[report.status]
    return {f"concepts/{name}": value for name, value in measured_values.items()}


def _step(report: Report) -> int:
    """Number of the epoch; -1 before training and for snapshots within an epoch."""
    return report.epoch if isinstance(report.epoch, int) else -1


def _package(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(
            f"{name} is not installed: pip install 'conceptevo-jax[{extra}]'."
        ) from None
