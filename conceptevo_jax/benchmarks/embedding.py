"""The neuron embedding compared with gensim's Word2Vec and with one pair at a time.

A pair is an unordered pair of neighbours in an image's shuffled list, with R negatives
for each neuron (Eq. 1). For gensim the list is a sentence and the window 1: it makes
two directed pairs, with R negatives each, which together count as one pair here.
gensim updates two matrices, so its loss is different. The comparison is of pairs per
second at the same number of repeats and the same rate, where both recover the planted
groups. gensim's sentences are shuffled and written beforehand and its vocabulary is
built, which is not timed; our time includes the shuffling, not the compilation.

The loop is that of the authors' code, with NumPy for the R negatives of a neuron,
which the code processes one by one.
"""

from contextlib import ExitStack
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.benchmarks.peers.embedding_peers import (
    DIM,
    NEGATIVES,
    RATE,
    Gensim,
    neighbor_pairs,
    update_pairwise,
)
from conceptevo_jax.benchmarks.planted import planted_stimuli, purity
from conceptevo_jax.benchmarks.rows import TIMES_AS_FAST, Row, why_missing
from conceptevo_jax.benchmarks.timing import fastest_seconds
from conceptevo_jax.embedding import fit_neurons, pair_losses

MIN_PURITY, PURITY_TOLERANCE = 0.99, 0.005
"""What must be found again, and by how much less than a peer finds."""

OUR_EMBEDDING, GENSIM, PYTHON_LOOP = (
    "neuron embedding",
    "gensim Word2Vec",
    "one pair at a time, NumPy",
)


def mean_loss(
    vectors: Float[np.ndarray, "n d"],
    pairs: Int[np.ndarray, "p 2"],
    rng: np.random.Generator,
) -> float:
    """Mean of Eq. 1 over pairs, with random neurons of their own.

    Args:
      vectors: Of all neurons.
      pairs: Neurons that share an image.
      rng: Draws the negatives.
    """
    negatives = rng.integers(len(vectors), size=(2, len(pairs), NEGATIVES))
    rows = (pairs[:, 0], pairs[:, 1], *negatives)
    gathered = (jnp.asarray(vectors[indices]) for indices in rows)
    return float(pair_losses(*gathered)[0].mean())


def measure_embedding(
    *, neurons: int, groups: int, repeats: int, turns: int, cores: int, loop_pairs: int
) -> list[Row]:
    """Pairs a second of ours, gensim's and the loop, in turns.

    Args:
      neurons: How many, each with ten stimuli.
      groups: Planted among them.
      repeats: E, of ours and of gensim's.
      turns: Of the timing.
      cores: Threads of gensim.
      loop_pairs: Pairs that the loop is timed on.
    """
    stimuli, truth = planted_stimuli(neurons, groups)
    fit = partial(
        fit_neurons,
        stimuli,
        dim=DIM,
        learning_rate=RATE,
        negatives=NEGATIVES,
        repeats=repeats,
    )
    learned, report = fit()
    start = np.random.default_rng(0).uniform(-0.5, 0.5, (neurons, DIM))
    timed_pairs = neighbor_pairs(stimuli, 1, np.random.default_rng(1))[:loop_pairs]
    pure = {OUR_EMBEDDING: purity(learned.vectors, truth)}
    # Ours goes once more over all pairs to measure the start.
    pair_counts = {
        OUR_EMBEDDING: report.pairs * (repeats + 1),
        PYTHON_LOOP: len(timed_pairs),
    }
    calls: dict[str, Any] = {
        OUR_EMBEDDING: lambda: fit()[0].vectors,
        PYTHON_LOOP: lambda: update_pairwise(
            start, timed_pairs, np.random.default_rng(2)
        ),
    }
    missing = why_missing("gensim")
    with ExitStack() as stack:
        if missing is None:
            gensim = stack.enter_context(Gensim(stimuli, repeats, cores, seed=1))
            gensim()
            pure[GENSIM] = purity(gensim.vectors(), truth)
            pair_counts[GENSIM], calls[GENSIM] = report.pairs * repeats, gensim
        seconds = fastest_seconds(calls, turns)
    about = f"{neurons:,} neurons, {report.pairs:,} pairs a repeat, E = {repeats}"
    rows = [
        Row(
            part="embedding",
            what=name,
            seconds=spent,
            rate=pair_counts[name] / spent,
            unit="pairs",
            why=f"{about}; purity {pure[name]:.3f}" if name in pure else "",
        )
        for name, spent in seconds.items()
    ]
    rates = {row.what: row.rate for row in rows if row.rate is not None}
    return [*rows, _against_gensim(rates, pure, cores, missing), _against_loop(rates)]


def _against_gensim(
    rates: dict[str, float], pure: dict[str, float], cores: int, missing: str | None
) -> Row:
    value, why = None, missing
    if why is None:
        why = (
            f"purity {pure[OUR_EMBEDDING]:.3f}, gensim's {pure[GENSIM]:.3f}; {cores} "
            "threads"
        )
        if pure[OUR_EMBEDDING] >= max(MIN_PURITY, pure[GENSIM] - PURITY_TOLERANCE):
            value = rates[OUR_EMBEDDING] / rates[GENSIM]
        else:
            why = f"not comparable: {why}"
    return Row(
        part="embedding",
        what="pairs a second at equal purity",
        peer=GENSIM,
        value=value,
        measure=TIMES_AS_FAST,
        bound=">= 2",
        claim="embedding_against_gensim",
        why=why,
    )


def _against_loop(rates: dict[str, float]) -> Row:
    return Row(
        part="embedding",
        what="pairs a second",
        peer=PYTHON_LOOP,
        value=rates[OUR_EMBEDDING] / rates[PYTHON_LOOP],
        measure=TIMES_AS_FAST,
        bound=">= 25",
        claim="embedding_against_one_pair_at_a_time",
        why=f"{rates[OUR_EMBEDDING]:,.0f} against {rates[PYTHON_LOOP]:,.0f} pairs a "
        "second",
    )
