"""Watch a training while it runs: one sweep over a few images per epoch, and alarms.

Measures and rules cost a few percent of an epoch and need neither labels nor a map.
`conceptevo experiment=monitor_rates` measures the error rates of the rules.
"""

from conceptevo_jax.monitor.epoch_report import DAMAGED, HEALTHY, LOST, UNKNOWN, Report
from conceptevo_jax.monitor.live import ConceptMonitor
from conceptevo_jax.monitor.rules import Rules
from conceptevo_jax.monitor.sinks import (
    json_lines,
    mlflow_metrics,
    tensorboard,
    wandb_metrics,
)
from conceptevo_jax.monitor.stored_epochs import judge_stored

__all__ = [
    "DAMAGED",
    "HEALTHY",
    "LOST",
    "UNKNOWN",
    "ConceptMonitor",
    "Report",
    "Rules",
    "json_lines",
    "judge_stored",
    "mlflow_metrics",
    "tensorboard",
    "wandb_metrics",
]
