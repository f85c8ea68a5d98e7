"""Concepts over time for every experiment with a space: a table and a figure."""

from pathlib import Path

from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.concepts.figures import concepts_over_time
from conceptevo_jax.reports.concepts.measure import (
    CONCEPT_COUNT,
    NamedConcepts,
    find_concepts,
)
from conceptevo_jax.reports.concepts.tables import concept_rows
from conceptevo_jax.types import record


@record
class ConceptsReport:
    """The concepts of a base, and what was written about them.

    Attributes:
      named: The concepts.
      written: The figure, if a run has several snapshots, and the table.
    """

    named: NamedConcepts
    written: tuple[Path, ...]


def report_concepts(
    session: Session, space: RunsInSpace, count: int = CONCEPT_COUNT
) -> ConceptsReport:
    """Name the base's concepts, and write how many neurons of each run hold them.

    Writes `tables/concepts.csv`, and `figures/concepts_over_time` if a compared run
    has two snapshots or more and the base has concepts.

    Args:
      session: Images, seed and the result folder.
      space: The runs in the space.
      count: Number of concepts.
    """
    with session.stage("concepts"):
        named = find_concepts(
            session.images, space.base, count=count, seed=session.config.seed
        )
        table = session.folder / "tables/concepts.csv"
        write_csv(table, concept_rows([space.base, *space.compared], named))
        evolving = [run for run in space.compared if len(run.epochs) > 1]
        if not evolving or not named.names:
            return ConceptsReport(named=named, written=(table,))
        figure = session.folder / "figures/concepts_over_time"
        picture, _ = save_figure(concepts_over_time(evolving, named), figure)
    return ConceptsReport(named=named, written=(picture, table))
