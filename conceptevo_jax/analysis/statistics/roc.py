"""ROC curves of scores with ties, for drawing.

The area under a curve is `analysis.statistics.auc.rank_auc` of the same scores.
"""

import numpy as np
from jaxtyping import Float64

from conceptevo_jax.types import record


@record
class Roc:
    """An ROC curve from (0, 0) to (1, 1).

    Attributes:
      thresholds: Falling scores; a score at or above counts as positive. Infinite
        first.
      false_positive: Share of the negatives that count as positive.
      true_positive: Share of the positives that count as positive.
    """

    thresholds: Float64[np.ndarray, " k"]
    false_positive: Float64[np.ndarray, " k"]
    true_positive: Float64[np.ndarray, " k"]


def roc_curve(
    positives: Float64[np.ndarray, " n"], negatives: Float64[np.ndarray, " q"]
) -> Roc:
    """The curve of two sets of scores, one point per different score.

    Args:
      positives: Scores of what should count as positive, at least one.
      negatives: Scores of what should not, at least one.
    """
    distinct_scores = np.unique(np.concatenate([positives, negatives]))[::-1]
    thresholds = np.concatenate([[np.inf], distinct_scores])
    true_positive, false_positive = (
        (scores >= thresholds[:, None]).mean(axis=1)
        for scores in (positives, negatives)
    )
    return Roc(
        thresholds=thresholds,
        false_positive=false_positive,
        true_positive=true_positive,
    )
