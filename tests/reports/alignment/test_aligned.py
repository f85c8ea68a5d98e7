"""Which runs are compared, at which epochs, and what is refused beforehand."""

import pytest

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.alignment.spaces import family
from conceptevo_jax.reports.alignment.training_jobs import (
    alignment_jobs,
    compared_epochs,
    compared_runs,
)
from conceptevo_jax.reports.check_config import check_config
from conceptevo_jax.reports.hyperparameters.trials import trial_jobs
from conceptevo_jax.reports.settings import ComparedMethods


def resolved_config(*words, experiment="alignment"):
    words = (f"experiment={experiment}", "scale=smoke", *words)
    return resolve(composed_config(list(words)))


def test_all_runs_are_compared_but_the_judge():
    config = resolved_config()
    assert compared_runs(config) == ["base", "vgg19", "inception_v3", "convnext_tiny"]
    jobs = {job.name: job for job in alignment_jobs(config)}
    assert jobs["judge"].search is None
    assert all(jobs[name].search is not None for name in compared_runs(config))
    original_code_jobs = alignment_jobs(
        config, ComparedMethods.of(config).methods["original_code"]
    )
    assert [job.name for job in original_code_jobs] == compared_runs(config)
    assert {job.search.before_relu for job in original_code_jobs} == {True}
    # Methods are compared by the endpoints of a run; nothing else is observed again.
    assert {job.epochs for job in original_code_jobs} == {("init", 3)}
    assert {jobs[name].epochs for name in compared_runs(config)} == {
        ("init", 0, 1, 2, 3)
    }


@pytest.mark.parametrize(
    ("words", "epochs"),
    [
        (("runs.vgg19.epochs=12",), ("init", 0, 4, 7, 11)),
        (("runs.vgg19.epochs=2",), ("init", 0, 1)),
        (("runs.vgg19.epochs=9", "runs.vgg19.milestones=[2,5]"), ("init", 2, 5, 8)),
    ],
)
def test_epochs_are_milestones_or_spread_and_the_last(words, epochs):
    assert compared_epochs(resolved_config(*words), "vgg19") == epochs


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("alignment.bases=[bsae]", "run in alignment 'bsae'.*base"),
        ("alignment.judge=jugde", "'jugde'.*judge"),
        ("alignment.bases=[]", r"bases is \[\]"),
        ("alignment.bases=[judge]", "judge that is not a base"),
    ],
)
def test_runs_that_do_not_fit_are_named(word, message):
    with pytest.raises(UsageError, match=message):
        compared_runs(resolved_config(word))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("hyperparameters.bases=[]", "bases is empty"),
        ("hyperparameters.bases=[vgg]", "'vgg'.*vgg16"),
    ],
)
def test_bases_of_trials_must_be_runs(word, message):
    with pytest.raises(UsageError, match=message):
        trial_jobs(resolved_config(word, experiment="hyperparameters"))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("methods.paper.stimuli.ties=coin", "ties 'coin'.*hash"),
        ("methods.paper.projection.policy=some", "policy 'some'.*covered"),
        (
            "methods.paper.embedding.dim=0",
            "methods.paper.embedding.dim must be above 0",
        ),
        ("alignment.groups=0", "alignment.groups must be above 0"),
    ],
)
def test_methods_that_are_compared_are_checked_too(word, message):
    with pytest.raises(UsageError, match=message):
        check_config(resolved_config(word))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vgg16", "vgg"),
        ("vgg16_no_dropout", "vgg"),
        ("vgg19", "vgg"),
        ("inception_v3", "inception"),
        ("convnext_tiny", "convnext"),
    ],
)
def test_vggs_are_one_architecture(name, expected):
    model = build_model(name, preset="tiny", classes=10)
    run = TrainedRun(
        name="r", key="k", model=model, rows=[], snapshots=[], observations={}, keys={}
    )
    assert family(run) == expected


@pytest.mark.parametrize(
    ("experiment", "word", "message"),
    [
        (
            "hyperparameters",
            "hyperparameters.around_paper.projection.policy=[some]",
            "policy 'some'.*covered",
        ),
        (
            "hyperparameters",
            "hyperparameters.around_paper.embedding.dim=[0]",
            "embedding.dim must be above 0",
        ),
        (
            "alignment",
            "alignment.hand_picked=nowhere.json",
            "nowhere.json cannot be read",
        ),
    ],
)
def test_what_is_tried_or_picked_is_checked_before_training(experiment, word, message):
    with pytest.raises(UsageError, match=message):
        check_config(resolved_config(word, experiment=experiment))
