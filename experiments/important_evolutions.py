"""Figures 3 and 6: the evolutions that matter most for a class, as patches.

    conceptevo experiment=important_evolutions                (five minutes, two cores)
    conceptevo experiment=important_evolutions scale=smoke    (about two minutes)

For each run, the neurons whose evolution between milestones of training accuracy the
most images of a class speak for, with their patches before and after. Which class is
shown is configured, `importance.shown.RUN=CLASS`, or else the one on whose ranking two
halves of its images agree most. Expect neurons that come to respond to the class.
"""

from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.stages.important import (
    draw_important,
    find_important,
    important_claims,
    important_rows,
)
from conceptevo_jax.stages.results import write_csv
from conceptevo_jax.stages.runs import Job
from conceptevo_jax.stages.session import Outcome, Session
from conceptevo_jax.types import Epoch


def jobs(config: Config) -> list[Job]:
    """Everything to train; what is observed of it, its accuracy decides."""
    for name in config.importance.shown:
        if name not in config.runs:
            raise unknown_name("run in importance.shown", name, config.runs)
    return [_job(config, name) for name in config.runs]


def _job(config: Config, name: str, epochs: tuple[Epoch, ...] = ()) -> Job:
    return Job(
        name=name,
        run=config.runs[name],
        dataset=config.dataset,
        search=config.method.stimuli if epochs else None,
        epochs=epochs,
        sample=config.dataset.sample_images,
    )


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trained = session.train(jobs(config))
    found = {name: find_important(session, one) for name, one in trained.items()}
    seen = session.train(
        [_job(config, name, tuple(one.epochs)) for name, one in found.items()]
    )
    summary, top, claims, look = [], [], [], []
    for name, one in found.items():
        rows = important_rows(session, one)
        summary += rows[0]
        top += rows[1]
        claims += important_claims(session, one, seen[name])
        look += session.timed("figures", draw_important, session, one, seen[name])
    tables = session.folder / "tables"
    write_csv(tables / "evolutions.csv", summary)
    write_csv(tables / "top_evolutions.csv", top)
    names = session.images.classes
    return Outcome(
        base=None,
        claims=claims,
        further={
            "shown": {name: names[one.label] for name, one in found.items()},
            "evolutions": summary,
        },
        look_next=[*look, tables / "top_evolutions.csv"],
    )
