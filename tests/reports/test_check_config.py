"""Settings that cannot work are refused before anything runs, by name."""

import pytest

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.config import (
    DatasetFacts,
    MethodConfig,
    RunConfig,
)
from conceptevo_jax.errors import UsageError
from conceptevo_jax.reports.check_config import check_config, check_names, doubts
from conceptevo_jax.reports.training_failures.settings import FailuresSettings


def checked(*words):
    words = ["experiment=demo", "scale=smoke", *words]
    check_config(resolve(composed_config(words)))


def test_what_is_delivered_passes():
    checked()
    checked("collapse=null")


def test_a_data_set_of_a_single_class_is_told():
    config = resolve(composed_config(["experiment=demo", "scale=smoke"]))
    assert doubts(config) == []
    config.dataset.facts = DatasetFacts(train=60, test=30, classes=1)
    (doubt,) = doubts(config)
    assert "has a single class: every answer of a network is right" in doubt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("base=bose", "run 'bose'. Did you mean 'base'.*vgg16_no_dropout"),
        ("collapse.run=vgg", "run 'vgg'.*Valid: base, .*vgg16"),
        ("runs.vgg16.model.name=vgg17", "model 'vgg17'.*Valid: .*vgg16.*vgg19"),
        ("runs.vgg16.model.preset=huge", "preset of vgg16 'huge'.*full, small, tiny"),
        ("runs.vgg16.optimizer.name=adam", "optimizer 'adam'.*adamw.*sgd"),
        ("runs.vgg16.optimizer.schedule=linear", "schedule 'linear'.*constant, cosine"),
        ("method.stimuli.ties=coin", "ties 'coin'.*hash, order"),
        ("method.stimuli.dead=hide", "dead 'hide'.*exclude, keep"),
        ("method.projection.policy=some", "policy 'some'.*covered, random, responsive"),
        ("method.projection.solver=newton", "solver 'newton'.*closed_form"),
        ("method.projection.initial=ones", "initial 'ones'.*uniform, zeros"),
        ("method.layout.metric=cosinus", "'cosinus'. Did you mean 'cosine'"),
        ("importance.method=vjp", "importance method 'vjp'.*jvp, transpose"),
        ("method.sensitivity.ties=last", "ties 'last'.*first, one_sided"),
        ("importance.accuracy=train", "accuracy 'train'.*eval, running"),
        ("importance.sites=[conv9]", "'conv9'.*features.0"),
        ("preset=huge", "preset of vgg19 'huge'.*full, small, tiny"),
    ],
)
def test_unknown_names_are_told_with_the_valid_ones(word, named):
    with pytest.raises(UsageError, match=named):
        checked(word)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("runs.vgg16.epochs=0", "runs.vgg16.epochs must be above 0, not 0"),
        ("runs.base.batch_size=-1", "runs.base.batch_size must be above 0, not -1"),
        ("runs.vgg16.optimizer.learning_rate=0", "learning_rate must be > 0, not 0"),
        ("runs.vgg16.optimizer.learning_rate=nan", "learning_rate must be > 0"),
        ("method.embedding.dim=0", "method.embedding.dim must be above 0"),
        ("method.embedding.repeats=-3", "method.embedding.repeats must be above 0"),
        ("method.stimuli.k=0", "k must be a whole number, 1 or more, not 0"),
        (
            "method.projection.responsive=0",
            "responsive must be a whole number, 1 or more",
        ),
        ("method.projection.stimuli=0", "method.projection.stimuli must be above 0"),
        ("method.projection.ridge=-1", "ridge=-1.0 is out of range"),
        ("importance.images=0", "importance.images must be above 0, not 0"),
        ("importance.classes=11", "importance.classes must be from 1 to 10.*not 11"),
        ("importance.batch_size=0", "batch_size must be a whole number, 1 or more"),
        ("reversion.bins=1", "bins must be a whole number, 2 or more, not 1"),
        ("reversion.test_images=0", "test_images must be a whole number, 1 or more"),
        ("dataset.side=4", "4"),
        ("seed=-1", "seed must be a whole number from 0 to 4294967295, not -1"),
        ("dataset.seed=4294967296", "dataset.seed must be .* not 4294967296"),
        ("runs.vgg16.seed=-2", "runs.vgg16.seed must be .* not -2"),
        ("runs.vgg16.milestones=[1,9]", r"runs.vgg16.milestones \[9\].*run of 4"),
        ("runs.vgg16.regularisation.ema=1", "ema must be from 0 to below 1"),
    ],
)
def test_numbers_out_of_range_are_named(word, named):
    with pytest.raises(UsageError, match=named):
        checked(word)


def test_processes_that_work_together_are_no_workers():
    checked("distributed=true", "workers=1")
    with pytest.raises(UsageError, match="workers=2 with distributed=true"):
        checked("distributed=true", "workers=2")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"runs": {"../escaped": RunConfig()}}, "runs: '../escaped' cannot be a name"),
        ({"methods": {"a/b": MethodConfig()}}, "methods: 'a/b' cannot be a name"),
        ({"runs": {"..": RunConfig()}}, "runs: '..' cannot be a name, as files"),
        ({"method": MethodConfig(name="/x")}, "method.name: '/x' cannot be a name"),
        ({"methods": {"a": MethodConfig(name="\n")}}, "methods.a.name: '.n' cannot be"),
        (
            {"failures": FailuresSettings(groups={"a/b": []})},
            "failures.groups: 'a/b' cannot be a name",
        ),
        ({"scale_name": ""}, "scale_name: '' cannot be a name.*: it is empty"),
    ],
)
def test_names_that_files_are_called_by_are_one_component(changes, named):
    known = {"name": "demo", "scale_name": "smoke", "method": MethodConfig(name="a")}
    check_names(PackageSettings(**known))
    with pytest.raises(UsageError, match=named):
        check_names(PackageSettings(**{**known, **changes}))
