"""Results of comparing two snapshots: records of plain numbers.

They hold no arrays, so they can be written to `results.json` and tables directly;
`None` means that there is no result.
"""

import dataclasses

from conceptevo_jax.analysis.statistics.intervals import Interval


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """An AUC and the number of pairs behind it.

    Attributes:
      auc: Chance that an agreeing pair is more similar than a disagreeing pair; None
        without pairs.
      agree: Number of agreeing pairs.
      disagree: Number of disagreeing pairs.
    """

    auc: float | None
    agree: int
    disagree: int


NO_SCORE = Score(auc=None, agree=0, disagree=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well closeness in the space predicts one kind of agreement.

    Attributes:
      overall: The AUC over all considered pairs.
      interval: Its 95 % interval over both snapshots' neurons, and over the seeds of
        the space's fit if there are refits.
      same_site: The AUC over pairs at sites of the same name.
      cross_site: The AUC over all other pairs.
      null_mean: Mean AUC with either snapshot's vectors permuted among its neurons.
      null_high: The larger of the two 97.5th percentiles.
      above_null: Whether the lower end of the interval exceeds `null_high`.
      constant: AUC of constant vectors.
      random: AUC of random vectors.
      stimuli: AUC of plain stimulus overlap, without any embedding.
      pool: AUC of correlation over the pool, the ceiling.
      reason: Why there is no result.
    """

    overall: Score = NO_SCORE
    interval: Interval | None = None
    same_site: Score = NO_SCORE
    cross_site: Score = NO_SCORE
    null_mean: float | None = None
    null_high: float | None = None
    above_null: bool | None = None
    constant: float | None = None
    random: float | None = None
    stimuli: float | None = None
    pool: float | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nearest:
    """Mean correlation of the first snapshot's neurons with one of the second's.

    Attributes:
      nearest: Correlation with the neuron nearest in the space; if several are equally
        near, the mean over them.
      interval: Its 95 % interval, as in `Agreement`.
      best: Correlation with the neuron that correlates most.
      random: Correlation with a random neuron: the mean over all.
    """

    nearest: float | None = None
    interval: Interval | None = None
    best: float | None = None
    random: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alignment:
    """How well two snapshots are aligned in one space.

    Attributes:
      a: Name of the first snapshot.
      b: Name of the second, usually the base.
      live_a: Neurons of the first that are placed and vary on the images.
      live_b: The same of the second.
      judged: Neurons of the first that were compared.
      images: Number of held-out test images.
      correlation: Agreement = correlation of responses.
      centred: Agreement = the same without each image's mean over the neurons.
      overlap: Agreement = overlap of the strongest 5 % of images.
      nearest: Correlation with the nearest neuron.
      planted: Agreement = both select the same known concept; None if none is known.
      reason: Why there is no result at all.
    """

    a: str
    b: str
    live_a: int
    live_b: int
    judged: int
    images: int
    correlation: Agreement
    centred: Agreement
    overlap: Agreement
    nearest: Nearest
    planted: Agreement | None = None
    reason: str | None = None
