"""Tables of the answers to a study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.reports.alignment.study_measure import Evaluation
from conceptevo_jax.study.kit.answers import RefusedFile


def write_study_tables(
    folder: Path, evaluation: Evaluation, refused_files: Sequence[RefusedFile]
) -> dict[str, list[dict[str, Any]]]:
    """Write all tables; one without rows is left out, and an earlier one removed.

    Args:
      folder: The folder to write to.
      evaluation: The evaluation of the answers.
      refused_files: Files of answers that were left out.

    Returns:
      The rows by name of the table.
    """
    tables = {
        "categories": category_rows(evaluation),
        "roc": roc_rows(evaluation),
        "labels": label_rows(evaluation),
        "attention": attention_rows(evaluation),
        "refused": refused_rows(refused_files),
    }
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        write_csv(path, rows) if rows else path.unlink(missing_ok=True)
    return tables


def category_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A row per category: how its tasks were answered."""
    return [
        {
            "category": category.category,
            "tasks": category.tasks,
            "participants": category.participants,
            "answers": category.answers,
            **_estimate_columns("auc", category.auc),
            **_estimate_columns("accuracy", category.accuracy),
            **_estimate_columns("alpha", category.alpha),
            **_estimate_columns("incoherent", category.incoherent),
            **vars(category.determinations),
            "median_seconds": category.seconds,
        }
        for category in evaluation.judged
    ]


def label_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A row per category of labels; none if nothing can be compared."""
    similarities = evaluation.labels
    if similarities.baseline.value is None:
        return []
    return [
        {
            "category": category.category,
            "labels": category.labels,
            "tasks": category.similarity.n,
            **_estimate_columns("similarity", category.similarity),
            **_estimate_columns("excess", category.excess),
            **_estimate_columns("baseline", similarities.baseline),
            "encoder": similarities.encoder,
        }
        for category in similarities.categories
    ]


def attention_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A row per participant."""
    inattentive_names = set(evaluation.screened.inattentive)
    return [
        {
            "participant": printable_answer(attention.participant),
            "checks": attention.checks,
            "passed": attention.passed,
            "counted": attention.participant not in inattentive_names,
        }
        for attention in evaluation.screened.attention
    ]


def refused_rows(refused: Sequence[RefusedFile]) -> list[dict[str, Any]]:
    """A row per file that was left out."""
    return [
        {
            "file": printable_answer(str(refusal.file)),
            "reason": printable_answer(refusal.reason),
        }
        for refusal in refused
    ]


def printable_answer(text: str) -> str:
    """Text of participants on one line; what is not printable becomes an escape."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1]
        for character in text
    )


def roc_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """A row per point of every ROC curve."""
    return [
        {
            "category": category.category,
            "threshold": float(threshold),
            "false_positive": float(false_positive),
            "true_positive": float(true_positive),
        }
        for category in evaluation.judged
        if category.roc is not None
        for threshold, false_positive, true_positive in zip(
            category.roc.thresholds,
            category.roc.false_positive,
            category.roc.true_positive,
            strict=True,
        )
    ]


def _estimate_columns(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {
        name: estimate.value,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
    }
