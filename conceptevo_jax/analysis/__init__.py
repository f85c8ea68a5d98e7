"""What the vectors and the responses say: how well snapshots are aligned."""

from conceptevo_jax.analysis.alignment import compare
from conceptevo_jax.analysis.neighbourhoods import (
    Neighbourhood,
    tight_neighbourhoods,
)
from conceptevo_jax.analysis.subjects import Subject
from conceptevo_jax.analysis.verdicts import Agreement, Alignment, Nearest, Score

__all__ = [
    "Agreement",
    "Alignment",
    "Nearest",
    "Neighbourhood",
    "Score",
    "Subject",
    "compare",
    "tight_neighbourhoods",
]
