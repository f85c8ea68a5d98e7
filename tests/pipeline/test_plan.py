"""Estimates tell longer work from shorter, and what is not known has a dash."""

import pytest

from conceptevo_jax.config import (
    Config,
    ExplorerConfig,
    ModelConfig,
    SearchConfig,
)
from conceptevo_jax.pipeline.plan import (
    SPACE_STEPS,
    Step,
    duration,
    longest_first,
    plan_explorer,
    plan_job,
    total_seconds,
)


def test_the_longest_job_comes_first(make_job):
    jobs = [
        make_job("short", epochs=50),
        make_job("deep", epochs=50, model=ModelConfig(name="vgg19", preset="tiny")),
        make_job("long", epochs=500),
    ]
    assert [job.name for job in longest_first(jobs)] == ["long", "deep", "short"]


@pytest.mark.slow
def test_many_small_layers_take_longer_than_their_operations_say(make_job):
    seconds = {
        name: plan_job(make_job(epochs=500, model=ModelConfig(name=name, preset=p)))
        for name, p in (("vgg16", "small"), ("inception_v3", "small"))
    }
    assert seconds["inception_v3"].seconds > seconds["vgg16"].seconds


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "-"),
        (7.4, "7 s"),
        (119.0, "119 s"),
        (600.0, "10 min"),
        (7200.0, "2 h"),
        (864_000.0, "10 days"),
    ],
)
def test_lengths_of_time_are_for_people(seconds, told):
    assert duration(seconds) == told


def test_what_nobody_knows_does_not_count():
    steps = [Step(stage="s", about="a", seconds=s, bytes=0) for s in (30.0, 10.0, 20.0)]
    assert total_seconds([*steps, *SPACE_STEPS], workers=2) == 30
    assert (
        total_seconds([*steps, *SPACE_STEPS], workers=3) == 30
    )  # as long as the longest
    assert total_seconds(SPACE_STEPS, workers=2) == 0


def test_the_explorer_grows_with_what_is_observed_and_can_be_left_out(make_job):
    looked = make_job("a", search=SearchConfig(), epochs=4, early_steps=[1])
    last = make_job("b", search=SearchConfig(), epochs=4, seen=(3,))
    unseen = make_job("c", epochs=4)
    (one,) = plan_explorer(Config(), [last, unseen])
    (all_six,) = plan_explorer(Config(), [looked, unseen])
    assert all_six.bytes == 6 * one.bytes > 0
    assert plan_explorer(Config(explorer=ExplorerConfig(page=False)), [looked]) == []
