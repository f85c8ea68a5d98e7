"""The figure of concepts over time."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from conceptevo_jax.figures import ConceptBands, draw_concepts_over_time
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_flow


def concepts_over_time(
    projected_runs: Sequence[ProjectedRun], named: NamedConcepts
) -> Figure:
    """How many neurons of every run hold each concept, as bands over its epochs.

    Args:
      projected_runs: Runs of two snapshots or more, one panel each.
      named: The concepts.
    """
    panels = []
    for projected_run in projected_runs:
        flow = run_flow(projected_run, named.concepts)
        neurons = len(projected_run.stimuli(projected_run.epochs[-1]).dead)
        progress = [
            projected_run.epochs_of_training(epoch) for epoch in projected_run.epochs
        ]
        panels.append(
            ConceptBands(
                name=projected_run.title,
                progress=progress,
                shares=flow.neurons / neurons,
            )
        )
    return draw_concepts_over_time(panels, named.names)
