"""Measures of vectors, responses and gradients: alignment, importance, reversion."""

from conceptevo_jax.analysis.alignment.compare import compare
from conceptevo_jax.analysis.alignment.neighbourhoods import (
    Neighbourhood,
    tight_neighbourhoods,
)
from conceptevo_jax.analysis.alignment.subjects import Subject
from conceptevo_jax.analysis.alignment.verdicts import (
    Agreement,
    Alignment,
    Nearest,
    Score,
)
from conceptevo_jax.analysis.importance.class_images import ClassImages
from conceptevo_jax.analysis.importance.reversion import (
    ReversionOptions,
    measure_reversion,
)
from conceptevo_jax.analysis.importance.scores import (
    ScoringSettings,
    measure_importance,
)

__all__ = [
    "Agreement",
    "Alignment",
    "ClassImages",
    "Nearest",
    "Neighbourhood",
    "ReversionOptions",
    "Score",
    "ScoringSettings",
    "Subject",
    "compare",
    "measure_importance",
    "measure_reversion",
    "tight_neighbourhoods",
]
