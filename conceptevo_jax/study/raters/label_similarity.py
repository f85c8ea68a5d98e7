"""Similarity of the labels that people give a group (paper, Sec. 4.3).

The paper takes the cosine between sentence vectors of labels, averages it over all
pairs of labels of one concept, and those averages over the concepts of a category. The
baseline is the average over all pairs of labels. (The paper reports .28 for the
baseline, .455 for hand-picked groups and .40, .40 and .38 for the others, with the
Universal Sentence Encoder.)

The numbers depend on the encoder, which the result names: numbers of two encoders
cannot be compared, nor can any with the paper's. See `label_encoders`.

Intervals come from a bootstrap over the tasks of each category, centred as in
`analysis.statistics.crossed_bootstrap`. The cost is that of the encoder.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.analysis.statistics.crossed_bootstrap import DRAWS, bounded_estimate
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.errors import DataError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.study.raters.label_encoders import (
    Encoder,
    TfIdf,
    encoder_name,
    qualified_name,
)
from conceptevo_jax.types import record


@record
class LabelSimilarity:
    """How similar the labels of one category's groups are.

    Attributes:
      category: The category.
      similarity: Mean cosine between the labels of a task, mean over tasks; `n` counts
        tasks with at least two labels.
      excess: Similarity minus the baseline.
      labels: Number of labels of these tasks.
    """

    category: str
    similarity: Estimate
    excess: Estimate
    labels: int


@record
class LabelSimilarities:
    """Similarity of labels in all categories.

    Attributes:
      encoder: Name of the encoder.
      baseline: Mean cosine of all pairs of labels; `n` counts tasks.
      categories: In the order in which the tasks have them.
    """

    encoder: str
    baseline: Estimate
    categories: tuple[LabelSimilarity, ...]


def label_similarity(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    encoder: Encoder | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> LabelSimilarities:
    """Compare the labels within tasks with all labels; attention checks left out.

    Answers without a label are left out; letter case and outer blanks are ignored.

    Args:
      tasks: All tasks of the study.
      answers: Of attentive participants.
      encoder: Of labels; None for `TfIdf`.
      draws: Bootstrap resamples; 0 gives no intervals.
      seed: Of the resamples.

    Raises:
      DataError: if the encoder does not give one finite vector per label.
    """
    encode = encoder or TfIdf()
    questions = [task for task in tasks if not task.check]
    labels = _labels_by_task(questions, answers)
    pairs = _sum_pairs([labels[task.id] for task in questions], encode)
    categories = np.array([task.category for task in questions])
    weights = _Weights(
        full=np.ones((1, len(questions))),
        resampled=_resamples(categories, draws, stream(seed, "tasks with labels")),
    )
    baseline = _Statistic(
        full=_baseline(pairs, weights.full),
        resampled=_baseline(pairs, weights.resampled),
    )
    return LabelSimilarities(
        encoder=encoder_name(encode),
        baseline=_estimate(baseline, len(questions)),
        categories=tuple(
            _category_similarity(name, categories == name, pairs, weights, baseline)
            for name in dict.fromkeys(categories.tolist())
        ),
    )


@record
class _PairSums:
    """Sums over the pairs of different labels of two tasks.

    Attributes:
      cosines: Sums of cosines; each pair counts in both orders.
      counts: Numbers of pairs, counted likewise.
      labels: Numbers of labels per task.
    """

    cosines: Float64[np.ndarray, "t t"]
    counts: Float64[np.ndarray, "t t"]
    labels: Int[np.ndarray, " t"]


@record
class _Weights:
    """How often each task counts.

    Attributes:
      full: In the full sample: once.
      resampled: In each bootstrap resample.
    """

    full: Float64[np.ndarray, "1 t"]
    resampled: Float64[np.ndarray, "r t"]


@record
class _Statistic:
    """A statistic of the full sample and of each bootstrap resample."""

    full: Float64[np.ndarray, " 1"]
    resampled: Float64[np.ndarray, " r"]


def _labels_by_task(
    tasks: Sequence[Task], answers: Sequence[Answer]
) -> Mapping[str, list[str]]:
    labels: dict[str, list[str]] = {task.id: [] for task in tasks}
    for answer in answers:
        label = answer.label.strip().casefold()
        if label and answer.task in labels:
            labels[answer.task].append(label)
    return labels


def _label_vectors(labels: list[str], encode: Encoder) -> Float64[np.ndarray, "l d"]:
    """One finite vector per label; an error if the encoder gives anything else."""
    vectors = np.asarray(encode(labels), np.float64)
    if (
        vectors.ndim != 2
        or len(vectors) != len(labels)
        or not np.isfinite(vectors).all()
    ):
        raise DataError(
            f"{qualified_name(encode)} gave an array {vectors.shape} for "
            f"{len(labels)} labels: one vector of finite numbers per label is needed."
        )
    return vectors


def _sum_pairs(labels: Sequence[Sequence[str]], encode: Encoder) -> _PairSums:
    """Encode all labels at once, and sum over pairs by products of sums of vectors."""
    all_labels = [label for task_labels in labels for label in task_labels]
    sizes = np.array([len(task_labels) for task_labels in labels], int)
    if not all_labels:
        zeros = np.zeros((len(labels), len(labels)))
        return _PairSums(cosines=zeros, counts=zeros, labels=sizes)
    vectors = _label_vectors(all_labels, encode)
    directions = unit_rows(vectors, np.zeros(len(vectors)))
    task_of_label = np.repeat(np.arange(len(labels)), sizes)
    sums = np.zeros((len(labels), directions.shape[1]))
    np.add.at(sums, task_of_label, directions)
    # A label is no pair with itself: such products leave the diagonal.
    squares = (directions**2).sum(axis=1)
    self_products = np.bincount(task_of_label, squares, minlength=len(labels))
    return _PairSums(
        cosines=sums @ sums.T - np.diag(self_products),
        counts=np.outer(sizes, sizes) - np.diag(sizes).astype(np.float64),
        labels=sizes,
    )


def _resamples(
    categories: np.ndarray, draws: int, rng: np.random.Generator
) -> Float64[np.ndarray, "r t"]:
    """How often each task is drawn, stratified by category."""
    counts = np.zeros((draws, len(categories)))
    for name in dict.fromkeys(categories.tolist()):
        columns = np.flatnonzero(categories == name)
        counts[:, columns] = rng.multinomial(
            columns.size, np.full(columns.size, 1 / columns.size), size=draws
        )
    return counts


def _baseline(
    pairs: _PairSums, weights: Float64[np.ndarray, "r t"]
) -> Float64[np.ndarray, " r"]:
    """Mean cosine of all pairs of labels of the weighted tasks."""
    sums, counts = (
        ((weights @ table) * weights).sum(axis=1)
        for table in (pairs.cosines, pairs.counts)
    )
    return _ratio(sums, counts)


def _category_similarity(
    name: str,
    in_category: Bool[np.ndarray, " t"],
    pairs: _PairSums,
    weights: _Weights,
    baseline: _Statistic,
) -> LabelSimilarity:
    comparable_tasks = np.flatnonzero(in_category & (pairs.labels > 1))
    means = (
        np.diag(pairs.cosines)[comparable_tasks]
        / np.diag(pairs.counts)[comparable_tasks]
    )
    full_value, resampled_values = (
        _ratio(w[:, comparable_tasks] @ means, w[:, comparable_tasks].sum(axis=1))
        for w in (weights.full, weights.resampled)
    )
    similarity = _Statistic(full=full_value, resampled=resampled_values)
    excess = _Statistic(
        full=full_value - baseline.full, resampled=resampled_values - baseline.resampled
    )
    return LabelSimilarity(
        category=name,
        similarity=_estimate(similarity, comparable_tasks.size),
        excess=_estimate(excess, comparable_tasks.size),
        labels=int(pairs.labels[in_category].sum()),
    )


def _estimate(statistic: _Statistic, n: int) -> Estimate:
    return bounded_estimate(
        float(statistic.full[0]),
        statistic.resampled if n > 1 else statistic.resampled[:0],
        n,
        why="no task has two labels",
        lower_bound=-2.0,
    )


def _ratio(
    sums: Float64[np.ndarray, " r"], counts: Float64[np.ndarray, " r"]
) -> Float64[np.ndarray, " r"]:
    """Means; NaN where there is nothing to count."""
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
