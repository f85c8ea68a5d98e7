"""Tables of the lifetimes of concepts, by neuron and by concept."""

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from conceptevo_jax.analysis.dynamics.lifetimes import Lifetimes
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_members
from conceptevo_jax.types import neuron_ids


def lifetime_rows(
    space: RunsInSpace, lives: Mapping[str, Lifetimes]
) -> list[dict[str, Any]]:
    """Per neuron, the snapshots of the events of its concept.

    Args:
      space: The runs in the space of a base.
      lives: Lifetimes of their concepts, by run.
    """
    rows = []
    for name, run_lives in lives.items():
        epochs = space.runs[name].epochs
        ids = neuron_ids("", space.runs[name].run.model.sites)
        for neuron, neuron_id in enumerate(ids):
            places = {
                event: int(getattr(run_lives, event)[neuron])
                for event in ("concept", "born", "settled", "left", "died")
            }
            event_epochs = {
                event: None if index < 0 else epochs[index]
                for event, index in places.items()
            }
            neuron_name = neuron_id.partition("/")[2]
            rows.append({"run": name, "neuron": neuron_name, **event_epochs})
    return rows


def birth_rows(
    space: RunsInSpace,
    named: NamedConcepts,
    lives: Mapping[str, Lifetimes],
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Per run, the concepts in the order of their births, with snapshots.

    Args:
      space: The runs in the space of a base.
      named: The concepts of the base.
      lives: Lifetimes of the runs' concepts, by run.
      classes: Names of the classes.
    """
    rows = []
    for name, run_lives in lives.items():
        projected_run = space.runs[name]
        member = _lifelong_concepts(projected_run, named, run_lives)
        run_rows = []
        for concept, concept_name in enumerate(named.names):
            row_start = {
                "base": space.base_snapshot,
                "run": name,
                "concept": concept_name,
                "class": classes[named.concepts.label[concept]],
                "share_of_class": float(named.concepts.share[concept]),
            }
            # -1 stands for never: these neurons are not counted as births.
            births = run_lives.born[(member == concept) & (run_lives.born >= 0)]
            columns = _birth_columns(births, projected_run.epochs)
            run_rows.append((_median_birth(births), row_start | columns))
        run_rows.sort(key=operator.itemgetter(0))
        rows += [row | {"order": order} for order, (_, row) in enumerate(run_rows, 1)]
    return rows


def _lifelong_concepts(
    projected_run: ProjectedRun, named: NamedConcepts, lives: Lifetimes
) -> Int[np.ndarray, " n"]:
    """The concept of each neuron in the snapshot that shows it best; -1 for none."""
    members = run_members(projected_run, named.concepts)
    best = np.maximum(lives.concept, 0)
    return np.where(lives.concept >= 0, members[best, np.arange(len(best))], -1)


def _birth_columns(
    births: Int[np.ndarray, " _"], epochs: Sequence[Epoch]
) -> dict[str, Any]:
    """Number of births of a concept, with their median and quartiles.

    Args:
      births: Indices of the births among the run's snapshots.
      epochs: The run's snapshots, which name the quartiles.
    """
    # This method returns actual births, so that every quantile is a snapshot.
    places = (
        np.quantile(births, (0.25, 0.5, 0.75), method="inverted_cdf").astype(int)
        if len(births)
        else ()
    )
    low, median, high = [epochs[place] for place in places] or [None] * 3
    return {
        "neurons": len(births),
        "born_median": median,
        "born_low": low,
        "born_high": high,
    }


def _median_birth(births: Int[np.ndarray, " _"]) -> tuple[float, float]:
    """Sort key: the median, then the mean; concepts without births are last."""
    if not len(births):
        return math.inf, math.inf
    return float(np.quantile(births, 0.5, method="inverted_cdf")), float(births.mean())
