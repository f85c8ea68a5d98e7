"""Concept activation vectors, and whether a class depends on a concept (TCAV).

Kim et al., 2018, https://arxiv.org/abs/1711.11279, as used by ACE: a linear classifier
separates a concept's activations from those of random images; its normal is the
concept's direction; the score is the share of the class's images whose logit rises
along it. A concept is significant if its mean score over many random sets is unlikely
among the mean scores of random controls in its place.

The authors' code compares with one control by a paired t-test over the random sets.
But these share the control, so that with more random sets the test only becomes more
certain that one draw differs from another, independent of the class. Here every
control is one observation, and the concept one more; the authors' test is reported
next to it as `paired`.

Scores go by the gradient of the class *logit*. The authors' code counts negative
derivatives, which is right for the gradient of a loss and wrong for the logit's that
its manual asks for. Costs a fit of a linear classifier per concept and random set, some
milliseconds each, for the concept and every control, and one backward pass of the
class's images.
"""

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.stats import t, ttest_rel

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

_ROUNDING_ERROR = 1e-9
"""Scores are multiples of 1 / images: a smaller difference is a rounding error."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConceptTestSettings:
    """How a concept is tested; the defaults are ACE's own.

    Attributes:
      alpha: Weight of the classifier's L2 penalty.
      held_out: Share of the examples that its accuracy is measured on.
      level: Significance level of the test.
    """

    alpha: float = 0.01
    held_out: float = 0.33
    level: float = 0.01

    def __post_init__(self) -> None:
        if self.alpha <= 0:
            raise UsageError(f"alpha must be above 0, not {self.alpha}.")
        if not (0 < self.held_out < 1 and 0 < self.level < 1):
            raise UsageError(
                f"held_out={self.held_out}, level={self.level} are out of range: "
                "between 0 and 1."
            )


@record
class ConceptTest:
    """Whether a class depends on one concept.

    Attributes:
      scores: TCAV score against each random set.
      control_scores: The same of each control, in the concept's place.
      accuracies: Held-out accuracy of each of the concept's classifiers.
      p: Probability that one more control's mean score would lie as far from those of
        the controls as the concept's, or farther.
      paired: p of the authors' test: paired, with the first control only.
      significant: Whether p is at or below the level.
    """

    scores: Float[np.ndarray, " r"]
    control_scores: Float[np.ndarray, "q r"]
    accuracies: Float[np.ndarray, " r"]
    p: float
    paired: float
    significant: bool


def concept_vector(
    concept: Float[np.ndarray, "n c"],
    negatives: Float[np.ndarray, "m c"],
    settings: ConceptTestSettings,
    *,
    seed: int,
) -> tuple[Float[np.ndarray, " c"], float]:
    """Direction from the negative examples to the concept's, and how well it separates.

    The classes are balanced: of the larger one, examples are sampled.

    Args:
      concept: Activations of the concept's examples.
      negatives: Activations of examples without the concept, such as random images.
      settings: See `ConceptTestSettings`.
      seed: Decides the sampling, the held-out examples and the classifier.

    Returns:
      The classifier's normal at length 1, and its held-out accuracy.

    Raises:
      DataError: if there are fewer than four examples of either.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split

    count = min(len(concept), len(negatives))
    if count < 4:
        raise DataError(
            f"a concept vector needs four examples on either side, not {len(concept)} "
            f"and {len(negatives)}: give more images, or lower the number of clusters."
        )
    rng = stream(seed, "examples of a concept")
    balanced_sets = [
        examples[rng.permutation(len(examples))[:count]]
        for examples in (concept, negatives)
    ]
    rows, is_concept = np.concatenate(balanced_sets), np.repeat([1, 0], count)
    train_rows, heldout_rows, train_labels, heldout_labels = train_test_split(
        rows,
        is_concept,
        test_size=settings.held_out,
        stratify=is_concept,
        random_state=seed,
    )
    classifier = SGDClassifier(
        alpha=settings.alpha, max_iter=1000, tol=1e-3, random_state=seed
    )
    with warnings.catch_warnings():
        # Large activations that no plane separates: the accuracy shows it, too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(train_rows, train_labels)
    normal = classifier.coef_[0]
    length = float(np.linalg.norm(normal))
    accuracy = float(classifier.score(heldout_rows, heldout_labels))
    return normal / (length or 1.0), accuracy


def tcav_score(
    gradients: Float[np.ndarray, "i c"], direction: Float[np.ndarray, " c"]
) -> float:
    """Share of the images whose logit rises along the direction.

    Args:
      gradients: From `pooling.class_gradients`, a row per image.
      direction: From `concept_vector`.
    """
    return float((gradients @ direction > 0).mean())


def check_concept(
    concept: Float[np.ndarray, "n c"],
    controls: Sequence[Float[np.ndarray, "_ c"]],
    random_sets: Sequence[Float[np.ndarray, "_ c"]],
    gradients: Float[np.ndarray, "i c"],
    settings: ConceptTestSettings | None = None,
    *,
    seed: int = 0,
) -> ConceptTest:
    """Score a concept against every random set, and each control in its place.

    Concept and controls are scored against the same random sets.

    Args:
      concept: Activations of the concept's examples.
      controls: Activations of samples of equal size, drawn at random from the segments
        that concepts are found in; three samples or more.
      random_sets: Activations of sets of random images, two or more.
      gradients: From `pooling.class_gradients`.
      settings: See `ConceptTestSettings`.
      seed: Seed of classifiers and samples.

    Raises:
      UsageError: for fewer than two random sets or three controls.
      DataError: for too few examples.
    """
    settings = settings or ConceptTestSettings()
    if len(random_sets) < 2:
        raise UsageError(
            f"a test needs two random sets or more, not {len(random_sets)}."
        )
    if len(controls) < 3:
        raise UsageError(f"a test needs three controls or more, not {len(controls)}.")

    # Not `seed + 1`, `seed + 2`, which the next seeds' tests would have, too.
    seeds = stream(seed, "concept vectors").integers(2**31, size=len(random_sets))

    def against_all(
        examples: Float[np.ndarray, "_ c"],
    ) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, " r"]]:
        vectors = [
            concept_vector(examples, random_set, settings, seed=set_seed)
            for set_seed, random_set in zip(seeds.tolist(), random_sets, strict=True)
        ]
        scores = [tcav_score(gradients, direction) for direction, _ in vectors]
        return np.array(scores), np.array([accuracy for _, accuracy in vectors])

    scores, accuracies = against_all(concept)
    control_scores = np.array([against_all(control)[0] for control in controls])
    step = 1 / len(gradients)
    p = _prediction_p(float(scores.mean()), control_scores.mean(axis=1), step)
    return ConceptTest(
        scores=scores,
        control_scores=control_scores,
        accuracies=accuracies,
        p=p,
        paired=_paired_p(scores, control_scores[0]),
        significant=p <= settings.level,
    )


def _prediction_p(
    score: float, controls: Float[np.ndarray, " q"], step: float
) -> float:
    """p that a new draw from the controls' normal distribution lies as far out.

    Scores come in steps of `step`, so that equal ones may differ by half a step: where
    all controls score 0 or 1, a slightly lower score is no evidence.
    """
    distance = abs(score - float(controls.mean()))
    # A new draw varies by the spread and by the error of the controls' own mean.
    deviation = max(float(controls.std(ddof=1)), step / 2)
    deviation *= np.sqrt(1 + 1 / len(controls))
    return float(2 * t.sf(distance / deviation, len(controls) - 1))


def _paired_p(first: Float[np.ndarray, " r"], second: Float[np.ndarray, " r"]) -> float:
    """p of the paired t-test; equal differences are decided without dividing by 0."""
    differences = first - second
    if np.ptp(differences) < _ROUNDING_ERROR:
        return 1.0 if abs(differences[0]) < _ROUNDING_ERROR else 0.0
    return float(ttest_rel(first, second).pvalue)
