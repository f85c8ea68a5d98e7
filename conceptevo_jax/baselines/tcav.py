"""Concept activation vectors, and whether a class depends on a concept (TCAV).

Kim et al., 2018, https://arxiv.org/abs/1711.11279, as ACE uses it: a linear classifier
tells a concept's activations from those of random images; its normal is the concept's
direction; the score is the share of the class's images whose logit rises along it. A
concept counts if its mean score over many random sets lies where those of random
controls in its place do not.

The authors' code compares with one control by a paired t-test over the random sets.
But these share the control, so their number makes the test ever surer that one draw
differs from another, whatever both have to do with the class. Here every control is one
observation, and the concept one more; the authors' test is kept beside as `paired`.

Scores go by the gradient of the class *logit*. The authors' code counts negative
derivatives, which is right for the gradient of a loss and wrong for the logit's that
its manual asks for. Costs a fit of a linear classifier per concept and random set, some
milliseconds each, for the concept and every control, and one backward pass of the
class's images.
"""

import dataclasses
import warnings
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8
from scipy.stats import t, ttest_rel

from conceptevo_jax.activations import map_batches, perturb, read_activations
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

BATCH = 64
"""Images per call of the model."""

_ROUNDING = 1e-9
"""Scores are multiples of one over the number of images: less is no difference."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checking:
    """How a concept is tested; the defaults are ACE's own.

    Attributes:
      alpha: Weight of the classifier's L2 penalty.
      held_out: Share of the examples that its accuracy is measured on.
      level: Of the test: a concept counts at or below it.
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
class Tested:
    """What the random sets say of one concept.

    Attributes:
      scores: TCAV score against each random set.
      random: Score of each control in the concept's place against each.
      accuracies: Held-out accuracy of each of the concept's classifiers.
      p: That one more control's mean score lies as far from the others' or farther.
      paired: p of the authors' test: paired, with the first control only.
      significant: Whether p is at or below the level.
    """

    scores: Float[np.ndarray, " r"]
    random: Float[np.ndarray, "q r"]
    accuracies: Float[np.ndarray, " r"]
    p: float
    paired: float
    significant: bool


def pooled_activations(
    model: Model, variables: Variables, site: str
) -> Callable[[UInt8[np.ndarray, "i h w 3"]], Float[np.ndarray, "i c"]]:
    """A reader of a site's activations, averaged over space.

    Raises:
      UsageError: for an unknown site, or one of a single channel. The reader raises
        `DataError` for no images, or activations that are not finite.
    """
    _require_channels(model, site)
    read = read_activations(model, [site])
    what = f"activations at {site} of {model.name}"

    @jax.jit
    def batch(variables: Variables, pixels: Array) -> Float[Array, "b c"]:
        return read(variables, pixels)[1][site].mean(axis=(1, 2))

    return lambda pixels: _in_batches(lambda some: batch(variables, some), pixels, what)


def class_gradients(
    model: Model,
    variables: Variables,
    site: str,
    pixels: UInt8[np.ndarray, "i h w 3"],
    label: int,
) -> Float[np.ndarray, "i c"]:
    """How the class's logit changes when a channel rises everywhere.

    Returns:
      ∂ logit / ∂ activation at the site, summed over space: its product with a
      direction is the derivative along that direction added to every cell.

    Raises:
      UsageError: for an unknown site, one of a single channel, or an unknown class.
      DataError: for no images, or gradients that are not finite.
    """
    _require_channels(model, site)
    if not 0 <= label < model.classes:
        raise UsageError(
            f"class {label} is none of the {model.classes} classes of {model.name}: "
            f"give 0 to {model.classes - 1}."
        )
    read = read_activations(model, [site])

    @jax.jit
    def batch(variables: Variables, some: Array) -> Float[Array, "b c"]:
        _, shapes = jax.eval_shape(read, variables, some)
        zero = jnp.zeros(shapes[site].shape, shapes[site].dtype)

        def logit(eps: Array) -> Array:
            logits = model.logits(variables, some, tap=perturb({site: eps}))
            return logits[:, label].sum()

        return jax.grad(logit)(zero).sum(axis=(1, 2))

    what = f"gradients of class {label} at {site} of {model.name}"
    return _in_batches(lambda some: batch(variables, some), pixels, what)


def concept_vector(
    concept: Float[np.ndarray, "n c"],
    other: Float[np.ndarray, "m c"],
    settings: Checking,
    *,
    seed: int,
) -> tuple[Float[np.ndarray, " c"], float]:
    """Direction from the other examples to the concept's, and how well it separates.

    As many of both are taken as there are of the fewer.

    Returns:
      The classifier's normal at length 1, and its held-out accuracy.

    Raises:
      DataError: if there are fewer than four examples of either.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split

    count = min(len(concept), len(other))
    if count < 4:
        raise DataError(
            f"a concept vector needs four examples on either side, not {len(concept)} "
            f"and {len(other)}: give more images, or lower the number of clusters."
        )
    rng = stream(seed, "examples of a concept")
    parts = [one[rng.permutation(len(one))[:count]] for one in (concept, other)]
    rows, sides = np.concatenate(parts), np.repeat([1, 0], count)
    learn, check, own, theirs = train_test_split(
        rows, sides, test_size=settings.held_out, stratify=sides, random_state=seed
    )
    fit = SGDClassifier(
        alpha=settings.alpha, max_iter=1000, tol=1e-3, random_state=seed
    )
    with warnings.catch_warnings():
        # Large activations that no plane separates; the accuracy tells as much.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit.fit(learn, own)
    normal = fit.coef_[0]
    length = float(np.linalg.norm(normal))
    return normal / (length or 1.0), float(fit.score(check, theirs))


def tcav_score(
    gradients: Float[np.ndarray, "i c"], direction: Float[np.ndarray, " c"]
) -> float:
    """Share of the images whose logit rises along the direction."""
    return float((gradients @ direction > 0).mean())


def check_concept(
    concept: Float[np.ndarray, "n c"],
    controls: Sequence[Float[np.ndarray, "_ c"]],
    random_sets: Sequence[Float[np.ndarray, "_ c"]],
    gradients: Float[np.ndarray, "i c"],
    settings: Checking | None = None,
    *,
    seed: int = 0,
) -> Tested:
    """Score a concept against every random set, and each control in its place.

    All meet the same random sets.

    Args:
      concept: Activations of the concept's examples.
      controls: Activations of as many examples, drawn at random from what concepts are
        found in; three draws or more.
      random_sets: Activations of sets of random images, two or more.
      gradients: From `class_gradients`.
      settings: See `Checking`.
      seed: Of classifiers and draws.

    Raises:
      UsageError: for fewer than two random sets or three controls.
      DataError: for too few examples.
    """
    settings = settings or Checking()
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
            concept_vector(examples, other, settings, seed=own)
            for own, other in zip(seeds.tolist(), random_sets, strict=True)
        ]
        scores = [tcav_score(gradients, direction) for direction, _ in vectors]
        return np.array(scores), np.array([accuracy for _, accuracy in vectors])

    scores, accuracies = against_all(concept)
    chance = np.array([against_all(control)[0] for control in controls])
    step = 1 / len(gradients)
    p = _one_more(float(scores.mean()), chance.mean(axis=1), step)
    return Tested(
        scores=scores,
        random=chance,
        accuracies=accuracies,
        p=p,
        paired=_paired(scores, chance[0]),
        significant=p <= settings.level,
    )


def _one_more(value: float, others: Float[np.ndarray, " q"], step: float) -> float:
    """p that `value` is one more draw of what the others are of, if that is normal.

    Scores come in steps, so that equal ones may differ by half of one: where all
    controls have the score 0 or 1, a little less is no proof.
    """
    apart = abs(value - float(others.mean()))
    spread = max(float(others.std(ddof=1)), step / 2) * np.sqrt(1 + 1 / len(others))
    return float(2 * t.sf(apart / spread, len(others) - 1))


def _paired(first: Float[np.ndarray, " r"], second: Float[np.ndarray, " r"]) -> float:
    """p of the paired t-test; equal differences are decided without dividing by 0."""
    apart = first - second
    if np.ptp(apart) < _ROUNDING:
        return 1.0 if abs(apart[0]) < _ROUNDING else 0.0
    return float(ttest_rel(first, second).pvalue)


def _require_channels(model: Model, name: str) -> None:
    site = model.site(name)
    if site.channels < 2:
        raise UsageError(
            f"site {name} of {model.name} has one channel: a concept needs a direction "
            "among two or more; choose another site."
        )


def _in_batches(
    call: Callable[[Array], Array], pixels: UInt8[np.ndarray, "i h w 3"], what: str
) -> Float[np.ndarray, "i c"]:
    if not len(pixels):
        raise DataError(f"no images for {what}: one or more are needed.")
    found = map_batches(call, pixels, batch_size=BATCH)
    if not np.isfinite(found).all():
        raise DataError(
            f"{what} are not finite: the snapshot has diverged; choose an earlier one."
        )
    return found
