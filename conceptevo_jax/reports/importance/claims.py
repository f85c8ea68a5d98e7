"""Claims about the evolutions that matter for a class, and whether they hold."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.importance.rankings import class_correlation
from conceptevo_jax.analysis.statistics.intervals import finite_mean, mean_interval
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.measure import split_half_reliability
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.reports.importance.settings import ImportanceSettings
from conceptevo_jax.reports.importance.tables import top_neurons
from conceptevo_jax.types import Importance, neurons_among

LEADING_NEURONS = 10
"""Neurons per class in the claim about what evolutions lead to."""

DIFFERENCE_TOLERANCE = {"transpose": 3e-2, "jvp": 1e-4}
"""Largest difference from forward differences, as a share of the largest sensitivity,
by method: the sweep leaves ties after the next pooling to autodiff, `jvp` none."""


def importance_claims(
    session: Session, run_importance: RunImportance, observed_run: TrainedRun
) -> list[Claim]:
    """Exact sensitivities, reliable rankings, and evolutions that lead to the class.

    Args:
      session: Images and settings.
      run_importance: The run's evolutions and their importances.
      observed_run: The run with its milestones observed.
    """
    claims = []
    method = ImportanceSettings.of(session.config).method
    labels = run_importance.sampled_labels
    for evolution, class_importances in run_importance.pairs():
        importances = [
            importance for importance in class_importances if importance.label in labels
        ]
        name = f"{run_importance.run.name}_{evolution.number}"
        sample_text = _sample_text(evolution, importances)
        claims += [
            _exactness_claim(name, sample_text, method, importances),
            _reliability_claim(name, sample_text, importances),
            _class_claim(
                name, sample_text, evolution, importances, observed_run, session
            ),
        ]
    return claims


def _sample_text(evolution: Evolution, importances: Sequence[Importance]) -> str:
    """What a claim was measured on: evolution, classes and images."""
    return (
        f"{evolution.title}, {evolution.span_label}, "
        f"{len(importances)} classes, {len(importances[0].images)} images each"
    )


def _exactness_claim(
    name: str, sample_text: str, method: str, importances: Sequence[Importance]
) -> Claim:
    largest_difference = np.max([importance.difference for importance in importances])
    tolerance = DIFFERENCE_TOLERANCE[method]
    checked = sum(len(importance.checked) for importance in importances)
    return Claim(
        id=f"sensitivities_exact_{name}",
        paper=None,
        rule="largest difference of sensitivities from forward differences in float64 "
        f"<= {tolerance:g} of the largest",
        measured=finite(float(largest_difference)),
        interval=None,
        n=checked,
        holds=bool(largest_difference <= tolerance)
        if np.isfinite(largest_difference)
        else None,
        why=f"{sample_text}; {checked} neurons checked"
        if np.isfinite(largest_difference)
        else f"not run: the network does not compute in float64; {sample_text}",
    )


def _reliability_claim(
    name: str, sample_text: str, importances: Sequence[Importance]
) -> Claim:
    reliabilities = [split_half_reliability(importance) for importance in importances]
    finite_values = [r for r in reliabilities if r is not None]
    interval = mean_interval(finite_values)
    between_classes = class_correlation(importances)
    unchanged_share = np.mean(
        [1 - importance.changed.mean() for importance in importances]
    )
    return Claim(
        id=f"halves_agree_{name}",
        paper=None,
        rule="split-half reliability of a class's ranking (Spearman) exceeds the rank "
        "correlation between classes: lower end of its 95 % interval over classes",
        measured=float(np.mean(finite_values)) if finite_values else None,
        interval=interval,
        n=len(finite_values),
        holds=interval[0] > between_classes
        if interval and math.isfinite(between_classes)
        else None,
        why=f"{sample_text}; different classes {between_classes:.2f}; "
        f"{unchanged_share:.0%} of the neurons did not change at all",
    )


def _class_claim(
    name: str,
    sample_text: str,
    evolution: Evolution,
    importances: Sequence[Importance],
    observed: TrainedRun,
    session: Session,
) -> Claim:
    # Axes: class, before and after, leading neurons and all neurons.
    shares = np.array(
        [
            [
                _class_shares(session, observed, shot.epoch, importance)
                for shot in (evolution.before, evolution.after)
            ]
            for importance in importances
        ]
    )
    rise = shares[:, 1, 0] - shares[:, 0, 0]
    interval = mean_interval(rise.tolist())
    (before, _), (after, all_neurons) = finite_mean(shares)
    return Claim(
        id=f"leads_to_the_class_{name}",
        paper="evolutions from abstract to class-related concepts (Figs. 3 and 6)",
        rule=f"the share of the class among the stimuli of its {LEADING_NEURONS} most "
        "important neurons rises, without the images used for the ranking: 95 % "
        "interval over classes above 0",
        measured=finite(float(finite_mean(rise))),
        interval=interval,
        n=int(np.isfinite(rise).sum()),
        holds=interval[0] > 0 if interval else None,
        why=f"{sample_text}; from {before:.2f} to {after:.2f}; "
        f"all neurons {all_neurons:.2f}",
    )


def _class_shares(
    session: Session, run: TrainedRun, epoch: Epoch, importance: Importance
) -> Float[np.ndarray, " 2"]:
    """Share of the class among the stimuli of its leading neurons, and of all."""
    stimuli, images = run.observations[epoch].stimuli, session.images
    shares = class_share(
        stimuli.image_ids,
        images.pool_pixels.labels == importance.label,
        np.isin(images.pool.rows, importance.images),
    )[neurons_among(importance.sites, stimuli.sites)]
    leading_neurons = top_neurons(importance, LEADING_NEURONS, session.config.seed)
    return np.array([_finite_mean(shares[leading_neurons]), _finite_mean(shares)])


def class_share(
    image_ids: Int[np.ndarray, "n k"],
    is_in_class: Bool[np.ndarray, " i"],
    is_excluded: Bool[np.ndarray, " i"],
) -> Float[np.ndarray, " n"]:
    """Share of a class among each neuron's stimuli; NaN without any.

    Args:
      image_ids: Stimuli, unused slots -1.
      is_in_class: Which images of the pool are of the class.
      is_excluded: Which images of the pool do not count.
    """
    # A slot of -1 indexes the last image; the first factor excludes it.
    used = (image_ids >= 0) & ~is_excluded[image_ids]
    count = used.sum(axis=1)
    class_count = (used & is_in_class[image_ids]).sum(axis=1)
    return np.where(count > 0, class_count / np.maximum(count, 1), np.nan)


def _finite_mean(values: Float[np.ndarray, " _"]) -> float:
    finite_values = values[np.isfinite(values)]
    return float(finite_values.mean()) if len(finite_values) else float("nan")
