"""Architectures as Flax Linen modules with a tap; one file each, found by name."""

from conceptevo_jax.models.registry import MODELS, build_model
from conceptevo_jax.models.tapped import (
    DTYPES,
    MaxPool,
    Model,
    Tap,
    Variables,
    identity_tap,
)
from conceptevo_jax.models.torchvision import from_torchvision

__all__ = [
    "DTYPES",
    "MODELS",
    "MaxPool",
    "Model",
    "Tap",
    "Variables",
    "build_model",
    "from_torchvision",
    "identity_tap",
]
