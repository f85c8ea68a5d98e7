"""Architectures as Flax Linen modules with a tap; one file each, found by name."""

from conceptevo_jax.models.registry import MODELS, build_model
from conceptevo_jax.models.tapped import Model, Tap, Variables, identity_tap

__all__ = ["MODELS", "Model", "Tap", "Variables", "build_model", "identity_tap"]
