"""The study kit: tasks of a study, and files of answers, without jax or statistics."""

from conceptevo_jax.study.kit.answers import SCHEMA, RefusedFile, read_answers
from conceptevo_jax.study.kit.forms import Form, deal_forms
from conceptevo_jax.study.kit.material import (
    Study,
    load_study,
    public_id,
    public_ids,
    save_study,
)
from conceptevo_jax.study.kit.questionnaire import (
    Questionnaire,
    Settings,
    write_questionnaire,
)

__all__ = [
    "SCHEMA",
    "Form",
    "Questionnaire",
    "RefusedFile",
    "Settings",
    "Study",
    "deal_forms",
    "load_study",
    "public_id",
    "public_ids",
    "read_answers",
    "save_study",
    "write_questionnaire",
]
