"""The study kit: what a study asks, and files of answers; no jax, no statistics."""

from conceptevo_jax.study.answers import SCHEMA, Refused, read_answers
from conceptevo_jax.study.material import Study, load_study, save_study

__all__ = [
    "SCHEMA",
    "Refused",
    "Study",
    "load_study",
    "read_answers",
    "save_study",
]
