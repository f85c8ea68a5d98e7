"""Figures of the answers to a study."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.figures import (
    MeasuredNumber,
    RocLine,
    draw_label_similarity,
    draw_roc,
    save_figure,
)
from conceptevo_jax.reports.alignment.study_measure import (
    CATEGORY_TITLES,
    Evaluation,
    who_answered,
)


def draw_study(
    folder: Path, evaluation: Evaluation, *, machine: bool
) -> dict[str, bytes]:
    """Save all figures; one that would be empty is left out, an earlier one removed.

    Args:
      folder: The folder to write to.
      evaluation: The evaluation of the answers.
      machine: Whether machine participants answered.

    Returns:
      PNG files by title.
    """
    figures = {
        ("roc", "ROC curves by category"): roc_figure(evaluation, machine=machine),
        ("label_similarity", "Similarity of labels by category"): label_figure(
            evaluation, machine=machine
        ),
    }
    pngs = {}
    for (name, caption), figure in figures.items():
        path = folder / name
        if figure is not None:
            pngs[caption] = save_figure(figure, path)[0].read_bytes()
            continue
        for suffix in (".png", ".pdf"):
            path.with_suffix(suffix).unlink(missing_ok=True)
    return pngs


def roc_figure(evaluation: Evaluation, *, machine: bool) -> Figure:
    """Figure 5 of these answers.

    Args:
      evaluation: The evaluation of the answers.
      machine: Whether machine participants answered.
    """
    empty_points = np.empty(0)
    lines = []
    for category in evaluation.judged:
        roc = category.roc
        lines.append(
            RocLine(
                auc=_measured_number(category.category, category.auc),
                false_positive=empty_points if roc is None else roc.false_positive,
                true_positive=empty_points if roc is None else roc.true_positive,
            )
        )
    return draw_roc(lines, who=who_answered(evaluation, machine=machine))


def label_figure(evaluation: Evaluation, *, machine: bool) -> Figure | None:
    """Similarity of labels; None if nothing can be compared.

    Args:
      evaluation: The evaluation of the answers.
      machine: Whether machine participants answered.
    """
    similarities = evaluation.labels
    if similarities.baseline.value is None:
        return None
    return draw_label_similarity(
        [
            _measured_number(category.category, category.similarity)
            for category in similarities.categories
        ],
        _measured_number("baseline", similarities.baseline),
        encoder=similarities.encoder,
        who=who_answered(evaluation, machine=machine),
    )


def _measured_number(category: str, estimate: Estimate) -> MeasuredNumber:
    return MeasuredNumber(
        name=CATEGORY_TITLES.get(category, category),
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        why=estimate.why,
    )
