"""The study kit: files of a questionnaire; no jax, no statistics."""

from conceptevo_jax.study.answers import SCHEMA, Refused, read_answers

__all__ = ["SCHEMA", "Refused", "read_answers"]
