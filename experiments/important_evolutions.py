"""Figures 3 and 6: the evolutions that matter most for a class, as patches.

    conceptevo experiment=important_evolutions                (five minutes, two cores)
    conceptevo experiment=important_evolutions scale=smoke    (about two minutes)

For each run, shows the neurons whose evolution between milestones of training accuracy
raises the logit of a class for the most images, with their patches before and after.
Set the class to show by `+importance.shown.RUN=CLASS`; the default is the class whose
ranking has the highest split-half reliability. Expect neurons that start to respond to
the class.
"""

from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.importance.evolutions import training_jobs
from conceptevo_jax.reports.importance.plan import plan_importance
from conceptevo_jax.reports.importance.report import report_importance
from conceptevo_jax.reports.importance.settings import ImportanceSettings


def jobs(config: Config) -> list[Job]:
    """Everything to train; its accuracy decides which snapshots are observed."""
    for name in ImportanceSettings.of(config).shown:
        if name not in config.runs:
            raise unknown_name("run in importance.shown", name, config.runs)
    return training_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return plan_importance(config, list(config.runs))


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The experiment's settings.
      session: Images, store and result folder.
    """
    trained = session.train(jobs(config))
    report = report_importance(session, list(trained.values()))
    return Outcome(
        base=None,
        claims=report.claims,
        further=report.further,
        look_next=[*report.figures, *report.tables],
    )
