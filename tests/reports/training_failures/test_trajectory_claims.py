"""What became of a run, and what is claimed of it, on planted runs."""

import numpy as np
import pytest
from partial_records import partial_record

from conceptevo_jax.analysis.dynamics.trajectory import Trajectory
from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.models import build_model
from conceptevo_jax.monitor import DAMAGED, HEALTHY, LOST
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.training_failures.alarm_claims import (
    alarm_in_time_claim,
    damaged_not_lost_claim,
    no_alarm_claim,
)
from conceptevo_jax.reports.training_failures.claims import overfitting_claim
from conceptevo_jax.reports.training_failures.course import course_of, landmarks
from conceptevo_jax.reports.training_failures.diversity_claims import (
    collapse_claims,
    early_loss_claims,
    growth_claims,
    recovery_claims,
)
from conceptevo_jax.reports.training_failures.measure import RunMeasurements
from conceptevo_jax.training import Row
from conceptevo_jax.types import Embedding


def rows(test, train=None, first="init"):
    names = [first, *range(len(test) - 1)]
    return [
        Row(
            epoch=epoch,
            step=0,
            learning_rate=0.1,
            loss=1.0,
            running_top1=0.5,
            running_top5=0.5,
            train_top1=(train or test)[index],
            train_top5=0.9,
            test_top1=accuracy,
            test_top5=0.9,
            nonfinite_step=None,
            seconds=0.0,
        )
        for index, (epoch, accuracy) in enumerate(zip(names, test, strict=True))
    ]


@pytest.mark.parametrize(
    ("test", "best", "dropped", "chance", "lowest"),
    [
        ([0.1, 0.4, 0.7, 0.8, 0.75], 3, None, None, 4),
        ([0.1, 0.6, 0.7, 0.3, 0.1, 0.0], 2, 3, 4, 5),
        # It loses, and comes back to more: the best is the one before.
        ([0.1, 0.6, 0.2, 0.5, 0.8], 1, 2, None, 2),
        # It never learnt, so it has nothing to lose.
        ([0.1, 0.3, 0.1, 0.1], 1, None, None, 2),
    ],
)
def test_the_course_of_a_run(test, best, dropped, chance, lowest):
    course = course_of(rows(test), classes=10)
    assert (course.best, course.dropped, course.chance) == (best, dropped, chance)
    assert course.lowest == lowest
    assert (course.first, course.last) == (1, len(test) - 1)


def test_landmarks_are_snapshots():
    table = rows([0.1, 0.6, 0.7, 0.3, 0.1])
    epochs = landmarks([row.epoch for row in table], course_of(table, 10))
    assert set(epochs) == {0, 1, 3}


MODEL = build_model("vgg16", preset="tiny", classes=10)


def projected_run(test, statuses=(), train=None):
    table = rows(test, train)
    reports = [
        {"epoch": epoch, "status": status, "reasons": [], "measures": {}}
        for epoch, status in enumerate(statuses)
    ]
    run = TrainedRun(
        name="run",
        key="key",
        model=MODEL,
        rows=table,
        snapshots=[],
        observations={},
        keys={},
        reports=reports,
    )
    embedding = Embedding(vectors=np.zeros((1, 2)), coverage=np.ones(1))
    return ProjectedRun(
        run=run,
        title="Run",
        placed={row.epoch: embedding for row in table},
        alignments={},
        steps_per_epoch=1,
        base_images=np.ones(1, bool),
    )


def space_of(run, reach=0.25, **measures):
    values = np.stack([np.array(v, float) for v in measures.values()], axis=1)
    trajectory = partial_record(
        Trajectory,
        measures=tuple(measures),
        value=values,
        low=values - reach,
        high=values + reach,
    )
    base = partial_record(ProjectedRun, run=partial_record(TrainedRun, name="base"))
    return partial_record(
        RunMeasurements,
        space=partial_record(RunsInSpace, runs={"run": run}, base=base),
        trajectories={"run": trajectory},
    )


def diversity(values):
    return dict.fromkeys(("entropy_map", "entropy", "effective_rank"), values)


def test_diversity_grows_from_the_first_epoch_to_the_last():
    run = projected_run([0.1, 0.5, 0.7])
    space = space_of(run, **diversity([9, 1, 2]))
    claims = growth_claims(space, "run", course_of(run.run.rows, 10), "paper")
    assert [claim.measured for claim in claims] == [1, 1, 1]
    assert all(claim.holds for claim in claims)
    assert claims[0].id == "entropy_map_grows_run_base"


def test_diversity_falls_in_a_run_that_collapsed_and_is_not_judged_in_another():
    fallen, fine = (
        projected_run([0.1, 0.6, 0.1, 0.1]),
        projected_run([0.1, 0.6, 0.7, 0.7]),
    )
    for run, measured in ((fallen, 2.0), (fine, None)):
        space = space_of(run, **diversity([1, 3, 2, 1]))
        claim = collapse_claims(space, "run", course_of(run.run.rows, 10), None)[0]
        assert claim.measured == measured
        assert claim.holds is (None if measured is None else True)
    assert claim.why == "the run did not collapse"


@pytest.mark.parametrize(
    ("reach", "holds"), [(0.5, True), (0.8, False), (np.nan, True)]
)
def test_diversity_grows_by_more_than_its_neurons_leave_open(reach, holds):
    run = projected_run([0.1, 0.5, 0.7])
    space = space_of(run, reach, **diversity([9, 1, 2]))
    claim = growth_claims(space, "run", course_of(run.run.rows, 10), None)[0]
    assert (claim.measured, claim.holds) == (1, holds)
    if np.isfinite(reach):
        expected = (1 - np.sqrt(2) * reach, 1 + np.sqrt(2) * reach)
        assert claim.interval == pytest.approx(expected)
    else:
        assert claim.interval is None


def test_diversity_recovers_only_if_it_falls_first():
    run = projected_run([0.1, 0.6, 0.2, 0.7])
    course = course_of(run.run.rows, 10)
    for values, holds in (([1, 3, 1, 2], True), ([1, 3, 4, 5], False)):
        claim = recovery_claims(
            space_of(run, **diversity(values)), "run", course, None
        )[0]
        assert claim.holds is holds


def test_too_few_live_neurons_judge_nothing():
    run = projected_run([0.1, 0.6, 0.1])
    space = space_of(run, **diversity([1, 3, np.nan]))
    claim = collapse_claims(space, "run", course_of(run.run.rows, 10), None)[0]
    assert claim.holds is None
    assert claim.why.startswith("too few live neurons")


@pytest.mark.parametrize(
    ("values", "lead", "holds"),
    [
        ([1, 10, 7, 1], 1.0, True),
        ([1, 10, 9, 7], 0.0, True),
        ([1, 10, np.nan, 7], 1.0, True),
        ([1, 10, 9, 9], None, False),
    ],
)
def test_a_measure_falls_before_accuracy_is_at_chance(values, lead, holds):
    run = projected_run([0.1, 0.6, 0.2, 0.1])
    space = space_of(run, effective_rank=values, distinct_share=values)
    for claim in early_loss_claims(space, "run", course_of(run.run.rows, 10)):
        assert (claim.measured, claim.holds) == (lead, holds)


@pytest.mark.parametrize(
    ("status", "lead", "holds"),
    [
        ([HEALTHY, DAMAGED, LOST, LOST], 1.0, True),
        ([HEALTHY, HEALTHY, LOST, LOST], 0.0, True),
        ([HEALTHY, HEALTHY, HEALTHY, LOST], -1.0, False),
        ([HEALTHY] * 4, None, False),
    ],
)
def test_alarms_come_in_time_or_do_not(status, lead, holds):
    run = projected_run([0.1, 0.6, 0.5, 0.2, 0.1], status)
    claim = alarm_in_time_claim(run, course_of(run.run.rows, 10))
    assert (claim.measured, claim.holds) == (lead, holds)


def test_silence_is_counted():
    quiet, loud = (
        projected_run([0.1, 0.6], [HEALTHY]),
        projected_run([0.1, 0.6], [DAMAGED]),
    )
    assert no_alarm_claim(quiet).holds
    assert (no_alarm_claim(loud).measured, no_alarm_claim(loud).holds) == (1, False)
    assert no_alarm_claim(projected_run([0.1, 0.6])).holds is None


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ([HEALTHY, DAMAGED, HEALTHY], True),
        ([HEALTHY, LOST, HEALTHY], False),
        ([HEALTHY, HEALTHY, HEALTHY], False),
    ],
)
def test_a_run_that_recovers_must_be_called_damaged_and_not_lost(status, holds):
    run = projected_run([0.1, 0.6, 0.2, 0.7], status)
    assert damaged_not_lost_claim(run, course_of(run.run.rows, 10)).holds is holds


def test_claims_call_snapshots_as_the_paper_does():
    """The best accuracy is at epoch 0; half of it is gone at epoch 2, all at 3."""
    statuses = [HEALTHY, DAMAGED, LOST, LOST]
    run = projected_run([0.1, 0.6, 0.5, 0.2, 0.1], statuses)
    course = course_of(run.run.rows, 10)
    space = space_of(
        run, effective_rank=[1, 9, 8, 3, 2], distinct_share=[1, 9, 8, 3, 2]
    )
    assert alarm_in_time_claim(run, course).why == (
        "accuracy drops at epoch 2; first alarm at epoch 1, 'lost' at epoch 2"
    )
    assert no_alarm_claim(run).why == "; ".join(
        f"{status} at {epoch_label(epoch)}"
        for epoch, status in enumerate(statuses)
        if status != HEALTHY
    )
    for claim in early_loss_claims(space, "run", course):
        assert claim.why == "best at epoch 0, chance at epoch 3, fallen at epoch 2"
    grown = space_of(run, **diversity([1, 2, 3, 4, 5]))
    (claim, *_) = growth_claims(grown, "run", course, None)
    assert claim.why == "2.00 at epoch 0, 5.00 at epoch 3"


def test_overfitting_is_a_larger_gap():
    well = projected_run([0.1, 0.7], train=[0.1, 0.8])
    over = projected_run([0.1, 0.6], train=[0.1, 1.0])
    claim = overfitting_claim(well, over, (500, 2000), None)
    assert claim.measured == pytest.approx(0.3)
    assert claim.interval[0] < 0.3 < claim.interval[1]
    assert claim.holds
    assert not overfitting_claim(well, over, (20, 20), None).holds
