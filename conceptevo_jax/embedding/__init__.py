"""Vectors of the base model's neurons, learnt from responses to the same images."""

from conceptevo_jax.embedding.fit import FitReport, fit_neurons
from conceptevo_jax.embedding.loss import pair_losses
from conceptevo_jax.embedding.pairs import CoActivations, co_activations, sample_pairs

__all__ = [
    "CoActivations",
    "FitReport",
    "co_activations",
    "fit_neurons",
    "pair_losses",
    "sample_pairs",
]
