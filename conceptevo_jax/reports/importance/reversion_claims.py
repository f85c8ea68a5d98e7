"""Claims about reverting evolutions (Fig. 7), and whether they hold."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.importance.reversion import GROUPS
from conceptevo_jax.analysis.statistics.intervals import finite_mean, mean_interval
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.tables import CLAIM_GROUP, accuracy_changes
from conceptevo_jax.types import Reversion


def reversion_claims(
    evolution: Evolution, reversions: Sequence[Reversion], paper: Mapping[str, str]
) -> list[Claim]:
    """The claims of Fig. 7, on top-1 accuracy of training images not used for ranking.

    Args:
      evolution: The evolution.
      reversions: Its reversions, one per class.
      paper: The paper's true numbers, by `run evolution`.
    """
    changes = accuracy_changes(reversions, "reverted").mean(axis=(1, 2))[..., 0]
    name = f"{evolution.run.name}_{evolution.number}"
    paper_numbers = paper.get(f"{evolution.run.name} {evolution.number}")
    claims: list[Claim] = []
    for ordering, rule, differences in _orderings(changes[..., CLAIM_GROUP]):
        means = [float(finite_mean(by_class)) for by_class in differences]
        intervals = [mean_interval(by_class.tolist()) for by_class in differences]
        lower_ends = [
            mean if interval is None else interval[0]
            for mean, interval in zip(means, intervals, strict=True)
        ]
        # The claim is as certain as its least certain difference: that one is reported.
        weakest = int(np.argmin(lower_ends))
        is_measured = math.isfinite(lower_ends[weakest])
        claims.append(
            Claim(
                id=f"{ordering}_{name}",
                paper=paper_numbers,
                rule=f"{rule}; lower end of its 95 % interval over classes above 0 "
                "(for one class, which has no interval, the value)",
                measured=finite(means[weakest]),
                interval=intervals[weakest],
                n=int(np.isfinite(differences[weakest]).sum()),
                holds=lower_ends[weakest] > 0 if is_measured else None,
                why=f"as in {claims[0].id}"
                if claims
                else _describe_changes(evolution, changes),
            )
        )
    return claims


def _describe_changes(evolution: Evolution, changes: Float[np.ndarray, "m q g"]) -> str:
    """The evolution and its mean changes, reported by the first of its claims."""
    group_means = "; ".join(
        f"{group}: {_format_changes(finite_mean(changes[..., g]))}"
        for g, group in enumerate(GROUPS)
    )
    return (
        f"{evolution.title}, {evolution.span_label} "
        f"(training accuracy {evolution.accuracies[0]:.2f} to "
        f"{evolution.accuracies[1]:.2f}{', relative' if evolution.relative else ''}), "
        f"top-1 change by bin | random: {group_means}"
    )


def _orderings(
    changes: Float[np.ndarray, "m q"],
) -> Iterator[tuple[str, str, list[Float[np.ndarray, " m"]]]]:
    """The order of the bins, as differences by class that must all be above 0.

    Args:
      changes: Of accuracy, by class; the bins, and the random quantile last.

    Yields:
      The claim's name, its rule and the differences.
    """
    *bins, random_changes = changes.T
    yield (
        "first_bin_harms_most",
        "top-1 change on other training images is lowest for the first bin; measured: "
        "the next lowest change minus that of the first bin",
        [later - bins[0] for later in bins[1:]],
    )
    yield (
        "bins_in_order",
        "top-1 change on other training images rises from each bin to the next; "
        "measured: the smallest step",
        [after - before for before, after in itertools.pairwise(bins)],
    )
    yield (
        "random_between",
        "top-1 change by random channels lies between those of the first and the last "
        "bin; measured: the smaller distance",
        [random_changes - bins[0], bins[-1] - random_changes],
    )
    if len(bins) > 3:
        yield (
            "random_between_2_and_3",
            "top-1 change by random channels lies between those of the second and the "
            "third bin; measured: the smaller distance",
            [random_changes - bins[1], bins[2] - random_changes],
        )
    yield (
        "last_bin_harms_least",
        "no bin harms less than the last; measured: its change minus the next best",
        [bins[-1] - earlier for earlier in bins[:-1]],
    )


def _format_changes(changes: Float[np.ndarray, " q"]) -> str:
    *bins, random_text = (f"{change:+.3f}" for change in changes)
    return " ".join(bins) + f" | {random_text}"
