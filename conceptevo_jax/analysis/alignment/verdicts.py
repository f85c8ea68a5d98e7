"""What the comparison of two snapshots shows: records of plain numbers.

They hold no arrays, so they fit into `results.json` and a table as they are, and
`None` stands wherever there is no result. They cost nothing and compute nothing.
"""

import dataclasses

from conceptevo_jax.analysis.statistics.intervals import Interval


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """An AUC and what it rests on.

    Attributes:
      auc: Chance that an agreeing pair is the more similar one; None without pairs.
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
      overall: Over all considered pairs.
      interval: 95 % interval of it over both snapshots' neurons, and over the seeds of
        the space's fit where refits are known.
      same_site: Over pairs at sites of one name.
      cross_site: Over all other pairs.
      null_mean: Mean AUC with either snapshot's vectors permuted among its neurons.
      null_high: The larger of the two 97.5th percentiles.
      above_null: Whether the lower end of the interval exceeds that.
      constant: AUC of constant vectors.
      random: AUC of random vectors.
      stimuli: AUC of plain stimulus overlap, without any embedding.
      pool: AUC of correlation over the pool, the ceiling.
      reason: Why there is no result, in words.
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
      nearest: With the neuron nearest in the space; where several are equally near,
        the mean over them.
      interval: 95 % interval of that, as in `Agreement`.
      best: With the neuron that correlates most.
      random: With any neuron: the mean over all.
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
      images: Number of judgement images.
      correlation: Agreement = correlation of responses.
      centred: Agreement = the same without each image's mean over the neurons.
      overlap: Agreement = overlap of the strongest 5 % of images.
      nearest: Correlation with the nearest neuron.
      planted: Agreement = both select one known concept; None where none is known.
      reason: Why there is no result at all, in words.
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
