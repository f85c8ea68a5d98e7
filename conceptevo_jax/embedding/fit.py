"""Learn the base model's neuron vectors (paper, Sec. 3.2, Step 1.3).

For one base snapshot at a time; other snapshots are projected, not learnt. All repeats
and batches run in one jitted scan on the default device; pairs and negatives are drawn
there. Three million pairs of 30 dimensions take a second on one CPU core, after
two seconds of compilation; docs/performance.md lists what makes it fast.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from conceptevo_jax.embedding.descent import LoopSizes, learn_vectors
from conceptevo_jax.embedding.pairs import CoActivations, co_activations, live_neurons
from conceptevo_jax.errors import DivergenceError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, Stimuli


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FitReport:
    """Report on learning the vectors.

    Attributes:
      start_total: Mean loss of a pair (Eq. 1) at the random start.
      start_positive: Mean of its co-activated term there.
      total: Mean loss of a pair in each repeat, during learning.
      positive: Mean of its co-activated term in each repeat.
      pairs: Pairs per repeat.
      batch_size: Neurons of lists per update that were actually used.
      isolated: Live neurons that share no stimulus with another; they are updated only
        as negatives.
    """

    start_total: float
    start_positive: float
    total: Float[np.ndarray, " e"]
    positive: Float[np.ndarray, " e"]
    pairs: int
    batch_size: int
    isolated: int


def fit_neurons(
    stimuli: Stimuli,
    *,
    dim: int = 30,
    learning_rate: float = 0.05,
    negatives: int = 3,
    repeats: int = 20,
    batch_size: int = 256,
    negatives_learn: bool = True,
    seed: int = 0,
) -> tuple[Embedding, FitReport]:
    """Minimise Eq. 1 by stochastic gradient descent from U(−.5, .5).

    An update moves a batch of neurons, consecutive in the shuffled lists, by the
    gradients of all their pairs, so a larger batch makes the same updates with
    slightly older vectors. It is never larger than the number of live neurons, beyond
    which one update would move a vector too far. All pairs of a batch use the
    same shared negatives, about `SHARED_PER_NEGATIVE` times R of them, each with a
    weight that preserves the expected gradient of Eq. 1; a matrix product computes
    it.

    Args:
      stimuli: The base snapshot's stimuli.
      dim: Dimensions d.
      learning_rate: Step per pair.
      negatives: R, the number of random negatives that the shared ones represent for
        each neuron of a pair; they are drawn uniformly from the live neurons, with
        replacement, partners not excluded.
      repeats: E, the number of times pairs are sampled.
      batch_size: Largest number of neurons of lists per update; pairs are slightly
        fewer.
      negatives_learn: See `pair_losses`.
      seed: Seed of start, pairs and negatives.

    Returns:
      The vectors, NaN with coverage 0 for dead neurons, and the report.

    Raises:
      UsageError: if a setting is out of range, there is no pair, or the loss becomes
        non-finite, naming the repeat.
    """
    _require_positive(dim=dim, repeats=repeats, batch_size=batch_size)
    _require_positive(learning_rate=learning_rate)
    if negatives < 0:
        raise UsageError(f"negatives={negatives} is out of range: 0 or more.")
    lists = co_activations(stimuli)
    live = np.flatnonzero(live_neurons(stimuli))
    batch = min(batch_size, len(live), len(lists.neurons))
    plan = LoopSizes(len(live), dim, negatives, repeats, batch, negatives_learn)
    # Neurons are renumbered, so that a negative is one draw from 0..live-1.
    rows = np.searchsorted(live, lists.neurons).astype(np.int32)
    lists = CoActivations(*map(jnp.asarray, lists._replace(neurons=rows)))
    order = jnp.asarray(_list_order(np.asarray(lists.images), seed))
    # Half of the sampling is random bits, and `rbg` makes them in a third of the time.
    key, rate = jax.random.key(seed, impl="rbg"), jnp.float32(learning_rate)
    vectors, losses = learn_vectors(lists, order, key, rate, plan=plan)
    _require_finite(np.asarray(losses)[:, 0], learning_rate)
    isolated_count = len(live) - len(np.unique(rows))
    report = _report(np.asarray(losses), len(lists.starts), batch, isolated_count)
    return _all_neurons(np.asarray(vectors), live, len(stimuli.count)), report


def _report(
    losses: np.ndarray, pairs: int, batch: int, isolated_count: int
) -> FitReport:
    """The report on the losses, the first of which belong to the start."""
    total_losses, positive_losses = losses.T
    return FitReport(
        start_total=float(total_losses[0]),
        start_positive=float(positive_losses[0]),
        total=total_losses[1:],
        positive=positive_losses[1:],
        pairs=pairs,
        batch_size=batch,
        isolated=isolated_count,
    )


def _require_positive(**settings: int | float) -> None:
    for name, value in settings.items():
        if not value > 0:
            raise UsageError(f"{name}={value} is out of range: it must be above 0.")


def _require_finite(total: np.ndarray, learning_rate: float) -> None:
    broken = np.flatnonzero(~np.isfinite(total))
    if broken.size:
        raise DivergenceError(
            f"the neuron embedding's loss is not finite from repeat {broken[0]} of "
            f"{len(total) - 1} on, with learning_rate={learning_rate}; lower it."
        )


def _list_order(images: np.ndarray, seed: int) -> np.ndarray:
    """All entries, list by list in a random order, the same for all repeats."""
    _, lists = np.unique(images, return_inverse=True)
    draws = stream(seed, "order of pairs").permutation(lists.max() + 1)
    return np.argsort(draws[lists], kind="stable").astype(np.int32)


def _all_neurons(vectors: np.ndarray, live: np.ndarray, count: int) -> Embedding:
    placed = np.full((count, vectors.shape[1]), np.nan, np.float32)
    placed[live] = vectors
    coverage = np.zeros(count, np.float32)
    coverage[live] = 1
    return Embedding(vectors=placed, coverage=coverage)
