"""The table of concepts over time."""

from collections.abc import Sequence
from typing import Any

from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_flow


def concept_rows(
    projected_runs: Sequence[ProjectedRun], named: NamedConcepts
) -> list[dict[str, Any]]:
    """Per run, snapshot and concept, how many neurons hold it, come and go.

    In a run's first snapshot `entered`, `left` and `died` are unknown, hence empty. In
    any other, `neurons` has changed by `entered - left - died` since the one before.

    Args:
      projected_runs: Runs in the space of the concepts' base.
      named: The concepts.
    """
    rows = []
    for projected_run in projected_runs:
        flow = run_flow(projected_run, named.concepts)
        for snapshot, epoch in enumerate(projected_run.epochs):
            for concept, name in enumerate(named.names):
                changes = {
                    change: int(getattr(flow, change)[snapshot, concept])
                    if snapshot
                    else None
                    for change in ("entered", "left", "died")
                }
                rows.append(
                    {
                        "run": projected_run.run.name,
                        "epoch": epoch,
                        "concept": name,
                        "neurons": int(flow.neurons[snapshot, concept]),
                        **changes,
                    }
                )
    return rows
