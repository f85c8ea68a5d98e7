"""What should hold of evolutions and of reverting them, and whether it does."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.importance.rankings import class_correlation
from conceptevo_jax.analysis.importance.reversion import GROUPS
from conceptevo_jax.analysis.statistics.intervals import (
    finite_mean,
    mean_interval,
)
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.measure import Important, mean_halves
from conceptevo_jax.reports.importance.tables import (
    JUDGED,
    changes,
    top_neurons,
)
from conceptevo_jax.types import (
    Epoch,
    Importance,
    Reversion,
    neurons_among,
)

LEADING = 10
"""Neurons per class by which it is judged what evolutions lead to."""


EXACT = {"transpose": 3e-2, "jvp": 1e-4}
"""Largest difference from forward differences, as a share of the largest sensitivity,
by method: the sweep leaves ties behind the next pooling to autodiff, `jvp` none."""


def important_claims(
    session: Session, one: Important, observed: TrainedRun
) -> list[Claim]:
    """That sensitivities are exact, that halves agree, and what evolutions lead to."""
    claims = []
    for evolution, every in one.pairs():
        importances = [found for found in every if found.label in one.drawn]
        name = f"{one.run.name}_{evolution.number}"
        where = (
            f"{evolution.title}, {evolution.before.epoch} to {evolution.after.epoch}, "
            f"{len(importances)} classes, {len(importances[0].images)} images each"
        )
        claims += [
            _exactness_claim(
                name, where, session.config.importance.method, importances
            ),
            _halves_claim(name, where, importances),
            _class_claim(name, where, evolution, importances, observed, session),
        ]
    return claims


def _exactness_claim(
    name: str, where: str, method: str, found: Sequence[Importance]
) -> Claim:
    worst = np.max([one.difference for one in found])
    checked = sum(len(one.checked) for one in found)
    return Claim(
        id=f"sensitivities_exact_{name}",
        paper=None,
        rule="largest difference of sensitivities from forward differences in float64 "
        f"<= {EXACT[method]:g} of the largest",
        measured=finite(float(worst)),
        interval=None,
        n=checked,
        holds=bool(worst <= EXACT[method]) if np.isfinite(worst) else None,
        why=f"{where}; {checked} neurons checked"
        if np.isfinite(worst)
        else f"not run: the network does not compute in float64; {where}",
    )


def _halves_claim(name: str, where: str, found: Sequence[Importance]) -> Claim:
    halves = [mean_halves(one) for one in found]
    values = [value for value in halves if value is not None]
    interval, classes = mean_interval(values), class_correlation(found)
    unchanged = np.mean([1 - one.changed.mean() for one in found])
    return Claim(
        id=f"halves_agree_{name}",
        paper=None,
        rule="two halves of a class's images rank its neurons more alike than other "
        "classes do: rank correlation, 95 % interval over classes above theirs",
        measured=float(np.mean(values)) if values else None,
        interval=interval,
        n=len(values),
        holds=interval[0] > classes if interval and math.isfinite(classes) else None,
        why=f"{where}; different classes {classes:.2f}; {unchanged:.0%} of the neurons "
        "did not change at all",
    )


def _class_claim(
    name: str,
    where: str,
    evolution: Evolution,
    found: Sequence[Importance],
    observed: TrainedRun,
    session: Session,
) -> Claim:
    shares = np.array(
        [
            [
                _class_share(session, observed, shot.epoch, one)
                for shot in (evolution.before, evolution.after)
            ]
            for one in found
        ]
    )
    rise = shares[:, 1, 0] - shares[:, 0, 0]
    interval = mean_interval(rise.tolist())
    (before, _), (after, everyone) = finite_mean(shares)
    return Claim(
        id=f"leads_to_the_class_{name}",
        paper="evolutions from abstract to class-related concepts (Figs. 3 and 6)",
        rule=f"the share of the class among the stimuli of its {LEADING} most "
        "important neurons rises, the images that ranked them left out: 95 % interval "
        "over classes above 0",
        measured=finite(float(finite_mean(rise))),
        interval=interval,
        n=int(np.isfinite(rise).sum()),
        holds=interval[0] > 0 if interval else None,
        why=f"{where}; from {before:.2f} to {after:.2f}; all neurons {everyone:.2f}",
    )


def _class_share(
    session: Session, run: TrainedRun, epoch: Epoch, importance: Importance
) -> Float[np.ndarray, " 2"]:
    """Share of the class among the stimuli of its leading neurons, and of all."""
    stimuli, images = run.observations[epoch].stimuli, session.images
    share = class_share(
        stimuli.image_ids,
        images.pool_pixels.labels == importance.label,
        np.isin(images.pool.rows, importance.images),
    )[neurons_among(importance.sites, stimuli.sites)]
    leading = top_neurons(importance, LEADING, session.config.seed)
    return np.array([_mean(share[leading]), _mean(share)])


def class_share(
    image_ids: Int[np.ndarray, "n k"],
    of_class: Bool[np.ndarray, " i"],
    left_out: Bool[np.ndarray, " i"],
) -> Float[np.ndarray, " n"]:
    """Share of a class among each neuron's stimuli; NaN without any.

    Args:
      image_ids: Stimuli, unused slots -1.
      of_class: Which images of the pool are of the class.
      left_out: Which of them do not count.
    """
    used = (image_ids >= 0) & ~left_out[image_ids]
    count, own = used.sum(axis=1), (used & of_class[image_ids]).sum(axis=1)
    return np.where(count > 0, own / np.maximum(count, 1), np.nan)


def _mean(values: Float[np.ndarray, " _"]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def reversion_claims(
    evolution: Evolution, found: Sequence[Reversion], paper: Mapping[str, str]
) -> list[Claim]:
    """What Fig. 7 shows, on top-1 accuracy of training images that did not rank.

    Args:
      evolution: Which evolution.
      found: Its reversions, one per class.
      paper: The paper's true numbers, by `run evolution`.
    """
    by_class = changes(found, "reverted").mean(axis=(1, 2))[..., 0]
    told = "; ".join(
        f"{group}: {_numbers(finite_mean(by_class[..., g]))}"
        for g, group in enumerate(GROUPS)
    )
    name = f"{evolution.run.name}_{evolution.number}"
    where = (
        f"{evolution.title}, {evolution.before.epoch} to {evolution.after.epoch} "
        f"(training accuracy {evolution.accuracies[0]:.2f} to "
        f"{evolution.accuracies[1]:.2f}{', relative' if evolution.relative else ''}), "
        f"top-1 change by bin | random: {told}"
    )
    numbers = paper.get(f"{evolution.run.name} {evolution.number}")
    claims: list[Claim] = []
    for which, rule, differences in _facts(by_class[..., JUDGED]):
        means = [float(finite_mean(each)) for each in differences]
        intervals = [mean_interval(each.tolist()) for each in differences]
        ends = [
            mean if interval is None else interval[0]
            for mean, interval in zip(means, intervals, strict=True)
        ]
        # What decides is the difference that clears 0 least; it is the one reported.
        least = int(np.argmin(ends))
        known = math.isfinite(ends[least])
        claims.append(
            Claim(
                id=f"{which}_{name}",
                paper=numbers,
                rule=f"{rule}; lower end of its 95 % interval over classes above 0 (of "
                "one class, which has no interval, the value)",
                measured=finite(means[least]),
                interval=intervals[least],
                n=int(np.isfinite(differences[least]).sum()),
                holds=ends[least] > 0 if known else None,
                why=f"as in {claims[0].id}" if claims else where,
            )
        )
    return claims


def _facts(
    changes: Float[np.ndarray, "m q"],
) -> Iterator[tuple[str, str, list[Float[np.ndarray, " m"]]]]:
    """Claims as differences that all have to be above 0, by class.

    Args:
      changes: Of accuracy, by class; the bins, and the random draw last.
    """
    *bins, drawn = changes.T
    yield (
        "first_bin_harms_most",
        "top-1 change on other training images is lowest for the first bin; measured: "
        "that of the next lowest less it",
        [one - bins[0] for one in bins[1:]],
    )
    yield (
        "bins_in_order",
        "it rises from each bin to the next; measured: the smallest step",
        [after - before for before, after in itertools.pairwise(bins)],
    )
    yield (
        "random_between",
        "that by random channels lies between those of the first and the last bin; "
        "measured: the smaller distance",
        [drawn - bins[0], bins[-1] - drawn],
    )
    if len(bins) > 3:
        yield (
            "random_between_2_and_3",
            "and between those of the second and the third; measured: the same",
            [drawn - bins[1], bins[2] - drawn],
        )
    yield (
        "last_bin_harms_least",
        "no bin harms less than the last; measured: its change less the next best",
        [bins[-1] - one for one in bins[:-1]],
    )


def _numbers(values: Float[np.ndarray, " q"]) -> str:
    *bins, drawn = (f"{value:+.3f}" for value in values)
    return " ".join(bins) + f" | {drawn}"
