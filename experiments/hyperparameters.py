"""Sec. 4.1: are the paper's settings near the best, and is there a better projection?

    conceptevo experiment=hyperparameters
    conceptevo experiment=hyperparameters seeds=3        (judges the claims)
    conceptevo experiment=hyperparameters scale=smoke

Varies one setting at a time around the paper's values, over the ranges of the paper,
and then around the method in use. Quality is the held-out alignment of other
architectures with the base on the validation images, and is reported together with the
time. Nothing here is a result about alignment: settings chosen on these images and
seeds are tested by `experiment=alignment`, on others.
"""

from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.hyperparameters.claims import near_best_claims
from conceptevo_jax.reports.hyperparameters.figures import save_figures
from conceptevo_jax.reports.hyperparameters.measure import run_trial
from conceptevo_jax.reports.hyperparameters.responses import read_responses
from conceptevo_jax.reports.hyperparameters.settings import HyperparametersSettings
from conceptevo_jax.reports.hyperparameters.tables import trial_rows
from conceptevo_jax.reports.hyperparameters.trials import trial_jobs, trials_of


def jobs(config: Config) -> list[Job]:
    """Everything to train."""
    return trial_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    count = len(trials_of(config)) * len(HyperparametersSettings.of(config).bases)
    step = Step(stage="try", about=f"{count} spaces", seconds=count * 10.0, bytes=None)
    return [SPACE_STEPS[0], step]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The whole configuration.
      session: Images, store and folder of this call.
    """
    trials = trials_of(config)
    trained = session.train(jobs(config))
    responses = {}
    for name, trained_run in trained.items():
        with session.stage("respond", subject=name):
            responses[name] = read_responses(session, trained_run)
    scored_trials = []
    for trial in trials:
        setting = f"{trial.factor} {trial.value}".strip() or trial.centre
        with session.stage("try", subject=setting):
            results_by_base = {
                base: run_trial(session, trial, base, responses)
                for base in HyperparametersSettings.of(config).bases
            }
        scored_trials.append((trial, results_by_base))
    rows = trial_rows(config, scored_trials)
    table = write_csv(session.folder / "tables" / "trials.csv", rows)
    figures = save_figures(config, scored_trials, session.folder / "figures")
    return Outcome(
        base=None,
        claims=near_best_claims(config, scored_trials),
        further={"quality": "mean AUC over agreements, bases and other runs"},
        look_next=[*figures, table],
    )
