"""What vectors, responses and gradients say: alignment, importance, reversion."""

from conceptevo_jax.analysis.alignment import compare
from conceptevo_jax.analysis.importance import Scoring, measure_importance
from conceptevo_jax.analysis.neighbourhoods import (
    Neighbourhood,
    tight_neighbourhoods,
)
from conceptevo_jax.analysis.reversion import (
    ClassImages,
    Reverting,
    measure_reversion,
)
from conceptevo_jax.analysis.subjects import Subject
from conceptevo_jax.analysis.verdicts import Agreement, Alignment, Nearest, Score

__all__ = [
    "Agreement",
    "Alignment",
    "ClassImages",
    "Nearest",
    "Neighbourhood",
    "Reverting",
    "Score",
    "Scoring",
    "Subject",
    "compare",
    "measure_importance",
    "measure_reversion",
    "tight_neighbourhoods",
]
