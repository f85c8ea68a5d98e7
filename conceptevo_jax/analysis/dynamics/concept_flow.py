"""How many neurons hold each concept at each snapshot, and how they come and go."""

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.types import record


@record
class ConceptFlow:
    """Neurons of a run by concept, at each snapshot and since the one before.

    From a snapshot to the next, `neurons` changes by `entered - left - died`. All three
    are 0 in the first snapshot, which has none before it.

    Attributes:
      neurons: Live neurons that belong to each concept.
      entered: Those of them that did not belong to it in the snapshot before.
      left: Neurons that belonged to it before, live, and no longer do.
      died: Neurons that belonged to it before and are dead now.
    """

    neurons: Int[np.ndarray, "e g"]
    entered: Int[np.ndarray, "e g"]
    left: Int[np.ndarray, "e g"]
    died: Int[np.ndarray, "e g"]


def concept_flow(
    members: Int[np.ndarray, "e n"], dead: Bool[np.ndarray, "e n"], count: int
) -> ConceptFlow:
    """Count the neurons of each concept over a run's snapshots.

    Args:
      members: Each neuron's concept, by snapshot in order; -1 for none.
      dead: Which neurons are dead, by snapshot.
      count: Number of concepts.
    """
    before, after = members[:-1], members[1:]
    changes = before != after
    none = np.zeros((1, count), int)
    return ConceptFlow(
        neurons=_count(members, np.ones_like(dead), count),
        entered=np.concatenate([none, _count(after, changes, count)]),
        left=np.concatenate([none, _count(before, changes & ~dead[1:], count)]),
        died=np.concatenate([none, _count(before, changes & dead[1:], count)]),
    )


def _count(
    members: Int[np.ndarray, "e n"], counted: Bool[np.ndarray, "e n"], count: int
) -> Int[np.ndarray, "e g"]:
    """Per snapshot and concept, the members that are counted."""
    rows = [
        np.bincount(row[mask & (row >= 0)], minlength=count)
        for row, mask in zip(members, counted, strict=True)
    ]
    return np.stack(rows) if rows else np.zeros((0, count), int)
