"""Train a model with one snapshot per epoch; resume exactly; read snapshots back."""

from conceptevo_jax.training.checkpoints import Checkpoints, snapshots
from conceptevo_jax.training.disk import disk_bytes
from conceptevo_jax.training.evaluation import evaluate
from conceptevo_jax.training.identity import RUN, read_run, trained_model
from conceptevo_jax.training.loop import (
    AskedToEndError,
    NonFiniteLossError,
    TimeLeft,
    TimeUpError,
    train,
)
from conceptevo_jax.training.optimizers import OPTIMIZERS, SCHEDULES, Optimizer
from conceptevo_jax.training.regularisation import Regularisation
from conceptevo_jax.training.settings import Training
from conceptevo_jax.training.table import Row, read_table

__all__ = [
    "OPTIMIZERS",
    "RUN",
    "SCHEDULES",
    "AskedToEndError",
    "Checkpoints",
    "NonFiniteLossError",
    "Optimizer",
    "Regularisation",
    "Row",
    "TimeLeft",
    "TimeUpError",
    "Training",
    "disk_bytes",
    "evaluate",
    "read_run",
    "read_table",
    "snapshots",
    "train",
    "trained_model",
]
