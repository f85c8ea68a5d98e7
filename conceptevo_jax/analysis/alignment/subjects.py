"""A snapshot whose alignment is measured, and which of its neurons take part.

A neuron is *live* if it has stimuli and a vector in the space, its responses to the
test images are finite and not constant, and it is no copy of another neuron of its
network. Each live neuron becomes one row of every table of the comparison.

For the comparison see `conceptevo_jax.analysis.alignment.compare`. Costs a few
passes over the responses, about 40 ms for 600 neurons, 1,000 test images and
2,000 of the pool.
"""

from collections.abc import Mapping

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.alignment.response_rows import (
    remove_image_means,
    standardise,
    strongest_images,
    varying_neurons,
)
from conceptevo_jax.analysis.alignment.similarity import (
    directions,
    stimulus_rows,
)
from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import (
    Embedding,
    Responses,
    Stimuli,
    copied_neurons,
    neuron_count,
    record,
)

MAX_CONCEPTS = 64
"""Known concepts are numbered below this."""

MIN_NEURONS = 20
"""Fewer live neurons than this on either side give no result."""


@record
class Subject:
    """A snapshot whose alignment is measured.

    Attributes:
      snapshot: Its name, `run@epoch`.
      responses: Responses to the held-out test images.
      pool: Responses to the pool that built the space, or to a sample of it.
      stimuli: Its k stimuli in that pool, `stimuli.strongest(k)` of what `find_stimuli`
        gives.
      embedding: Its neurons in the space.
      concepts: Which known concept each neuron selects, -1 for none; None if no
        concepts are known. See `analysis.alignment.selectivity`.
      refits: Its neurons in spaces that differ from the one in use only by the seed of
        their fit, in the same order for all inputs; if empty, intervals leave out the
        variance between fits.

    Example:
      >>> find_held_out = ce.find_stimuli(model, test_pool)
      >>> _, responses = find_held_out(variables, test_pixels)
      >>> subject = ce.Subject(
      ...     snapshot="mine@init", responses=responses, pool=sample,
      ...     stimuli=stimuli.strongest(10), embedding=placed,
      ... )
    """

    snapshot: str
    responses: Responses
    pool: Responses
    stimuli: Stimuli
    embedding: Embedding
    concepts: Int[np.ndarray, " n"] | None = None
    refits: tuple[Embedding, ...] = ()

    def __post_init__(self) -> None:
        if not self.run:
            raise UsageError(
                f"snapshot {self.snapshot!r} names no run: write run@epoch, since "
                "neurons of one run and of two are not compared in the same way."
            )
        self._require_one_model()
        if (
            self.concepts is not None
            and not ((self.concepts >= -1) & (self.concepts < MAX_CONCEPTS)).all()
        ):
            raise DataError(
                f"{self.snapshot}: concepts must be from 0 to {MAX_CONCEPTS - 1}, or "
                f"-1 for none, not {sorted(set(self.concepts.tolist()))}."
            )

    def _require_one_model(self) -> None:
        n = neuron_count(self.responses.sites)
        sizes = {
            "responses": self.responses.peaks.shape[1],
            "pool responses": self.pool.peaks.shape[1],
            "stimuli": len(self.stimuli.image_ids),
            "embedding": len(self.embedding.vectors),
            "concepts": n if self.concepts is None else len(self.concepts),
        }
        sizes |= {f"refit {r}": len(e.vectors) for r, e in enumerate(self.refits)}
        mismatches = {name: size for name, size in sizes.items() if size != n}
        if mismatches:
            raise DataError(
                f"{self.snapshot} has {n} neurons at its sites, but its records hold "
                f"{mismatches}: they belong to another model. Make them again."
            )

    @property
    def run(self) -> str:
        """The run's name."""
        return SnapshotId.parse(self.snapshot).run


@record
class NeuronRows:
    """Tables for comparing the live neurons of one snapshot, one row each.

    Attributes:
      index: Which neurons of the snapshot they are.
      site: Name of each neuron's site.
      agreement: By measure: rows over the held-out test images.
      similarity: By name: rows of the space, of constant and random vectors, and of
        the responses to the pool.
      stimuli: Sparse rows over the images of the pool.
      refits: Rows of the space fitted from other seeds.
    """

    index: Int[np.ndarray, " n"]
    site: np.ndarray
    agreement: Mapping[str, Float[np.ndarray, "n ..."]]
    similarity: Mapping[str, Float[np.ndarray, "n ..."]]
    stimuli: scipy.sparse.csr_array
    refits: tuple[Float[np.ndarray, "n d"], ...]


def live_neurons(subject: Subject) -> tuple[Bool[np.ndarray, " n"], str | None]:
    """Find the neurons of a snapshot that can be compared.

    Returns:
      Which are live, and the reason if they are too few, or None if they suffice.
    """
    peaks = subject.responses.peaks
    causes = {
        "dead": subject.stimuli.dead,
        "unplaced": ~np.all(
            [embedding.placed for embedding in (subject.embedding, *subject.refits)],
            axis=0,
        ),
        "not finite": ~np.isfinite(peaks).all(axis=0),
        "constant": ~varying_neurons(peaks),
        "copies": copied_neurons(subject.responses.sites),
    }
    excluded = np.logical_or.reduce(list(causes.values()))
    live = int((~excluded).sum())
    if live >= MIN_NEURONS:
        return ~excluded, None
    first_cause = np.argmax(list(causes.values()), axis=0)[excluded]
    counts = np.bincount(first_cause, minlength=len(causes))
    listed = ", ".join(f"{n} {c}" for c, n in zip(causes, counts, strict=True) if n)
    return ~excluded, (
        f"{subject.snapshot} has {live} live neurons of {excluded.size} on the "
        f"held-out test images, at least {MIN_NEURONS} are needed ({listed})."
    )


def neuron_rows(
    subject: Subject, is_live: Bool[np.ndarray, " n"], *, rng: np.random.Generator
) -> NeuronRows:
    """Lay out the live neurons of a snapshot as rows.

    Args:
      subject: The snapshot.
      is_live: Which of its neurons, from `live_neurons`.
      rng: Draws the vectors of the random control.

    Returns:
      One row per live neuron in every table of the comparison.
    """
    vectors, sites = subject.embedding.vectors[is_live], subject.responses.sites
    channels = [site.channels for site in sites]
    return NeuronRows(
        index=np.flatnonzero(is_live),
        site=np.repeat([site.name for site in sites], channels)[is_live],
        agreement=_agreement_rows(subject, is_live),
        similarity={
            "space": directions(vectors),
            "constant": directions(np.ones_like(vectors)),
            "random": directions(rng.normal(size=vectors.shape)),
            "pool": standardise(subject.pool.peaks[:, is_live]),
        },
        stimuli=stimulus_rows(subject.stimuli)[is_live],
        refits=tuple(directions(refit.vectors[is_live]) for refit in subject.refits),
    )


def _agreement_rows(
    subject: Subject, live: Bool[np.ndarray, " n"]
) -> dict[str, Float[np.ndarray, "live ..."]]:
    """By measure of agreement: a row over the held-out images per live neuron."""
    peaks, sites = subject.responses.peaks[:, live], subject.responses.sites
    rectified = [site.rectified for site in sites for _ in range(site.channels)]
    rows = standardise(peaks)
    agreement = {
        "correlation": rows,
        "centred": remove_image_means(rows),
        "overlap": strongest_images(peaks, np.array(rectified)[live]),
    }
    if subject.concepts is not None:
        agreement["planted"] = _same_concept(subject.concepts[live])
    return agreement


def _same_concept(concepts: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n c"]:
    """Rows whose products are 1 for one concept, 0 for two, NaN without one."""
    rows: Float[np.ndarray, "n c"] = np.eye(MAX_CONCEPTS)[concepts]
    rows[concepts < 0] = np.nan
    return rows


def sample_neurons(
    neurons: NeuronRows, count: int, *, rng: np.random.Generator
) -> NeuronRows:
    """Draw a random sample of neurons, in order; all if there are no more.

    Args:
      neurons: Rows of the live neurons of a snapshot.
      count: Number of neurons to draw.
      rng: Draws them.
    """
    if neurons.index.size <= count:
        return neurons
    sample = np.sort(rng.choice(neurons.index.size, count, replace=False))
    return NeuronRows(
        index=neurons.index[sample],
        site=neurons.site[sample],
        agreement={name: rows[sample] for name, rows in neurons.agreement.items()},
        similarity={name: rows[sample] for name, rows in neurons.similarity.items()},
        stimuli=neurons.stimuli[sample],
        refits=tuple(rows[sample] for rows in neurons.refits),
    )
