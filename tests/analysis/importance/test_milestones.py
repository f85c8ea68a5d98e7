"""Milestones of accuracy, of the way to the best, or none."""

import math

import pytest

from conceptevo_jax.analysis.importance.milestones import (
    find_milestones,
    named_milestones,
)
from conceptevo_jax.errors import UsageError
from conceptevo_jax.training import Row


def table(**accuracies):
    """Rows by epoch, `init`, `step8`, `e0`; values are train, or (train, running)."""
    rows = []
    for name, value in accuracies.items():
        train, running = value if isinstance(value, tuple) else (value, value)
        epoch = int(name[1:]) if name[0] == "e" else name
        facts = dict.fromkeys(Row.__dataclass_fields__, 0.0)
        changed = {"epoch": epoch, "step": len(rows), "nonfinite_step": None}
        facts |= changed | {"train_top1": train, "running_top1": running}
        rows.append(Row(**facts))
    return rows


def test_the_nearest_snapshots_are_taken_and_their_accuracies_told():
    rows = table(init=0.1, e0=0.2, e1=0.31, e2=0.49, e3=0.58, e4=0.74, e5=0.9)
    milestones = find_milestones("a", rows)
    assert milestones.epochs == (0, 2, 4)
    assert milestones.accuracies == (0.2, 0.49, 0.74)
    assert not milestones.relative


def test_early_snapshots_serve_where_training_is_fast():
    rows = table(init=0.1, step8=0.2, step20=0.45, e0=0.8, e1=0.9)
    assert find_milestones("a", rows).epochs == ("step8", "step20", 0)


def test_what_comes_after_the_best_is_not_looked_at():
    rows = table(init=0.1, e0=0.3, e1=0.55, e2=0.7, e3=0.5, e4=0.25)
    assert find_milestones("a", rows).epochs == (0, 1, 2)


def test_a_run_that_never_comes_near_is_measured_by_its_own_way():
    rows = table(init=0.02, e0=0.05, e1=0.11, e2=0.16, e3=0.22)
    milestones = find_milestones("a", rows)
    assert milestones.relative
    assert milestones.epochs == (0, 1, 2)  # .07, .12 and .17 on the way to .22


def test_the_untrained_network_is_no_milestone():
    rows = table(init=0.25, e0=0.4, e1=0.5, e2=0.75)
    assert find_milestones("a", rows).epochs == (0, 1, 2)


def test_the_running_accuracy_serves_where_asked():
    rows = table(
        init=(0.1, math.nan),
        e0=(0.5, 0.25),
        e1=(0.7, 0.5),
        e2=(0.76, 0.7),
        e3=(0.8, 0.75),
    )
    assert find_milestones("a", rows, accuracy="running").epochs == (0, 1, 3)


def test_where_milestones_coincide_the_nearest_three_of_the_way_are_taken():
    rows = table(init=0.1, step40=0.08, e0=0.38, e1=0.67, e2=0.74, e3=0.87)
    milestones = find_milestones("a", rows)  # 25 and 50 % are both nearest to epoch 0
    assert milestones.relative
    assert milestones.epochs == ("step40", 0, 1)  # .29, .49 and .68 on the way to .87


@pytest.mark.parametrize(
    "rows",
    [
        table(init=0.1),
        table(init=0.1, e0=0.8, e1=0.9),
        table(init=0.1, e0=0.5, e1=0.9, e2=0.3, e3=0.4),
    ],
)
def test_too_few_snapshots_are_refused_with_what_to_do(rows):
    message = r"run a has fewer than three .*runs\.a\.early_steps=.*importance\.epochs"
    with pytest.raises(UsageError, match=message):
        find_milestones("a", rows)


def test_an_unknown_accuracy_is_refused():
    with pytest.raises(UsageError, match=r"accuracy of milestones 'test'.*running"):
        find_milestones("a", table(init=0.1), accuracy="test")


def test_snapshots_can_be_named():
    rows = table(init=0.1, step8=0.2, e0=0.4, e1=0.6)
    milestones = named_milestones("a", rows, ["init", "step8", 1])
    assert milestones.epochs == ("init", "step8", 1)
    assert milestones.accuracies == (0.1, 0.2, 0.6)


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([0, 7], "snapshot of run a 7.*Valid: 0, 1, init"),
        ([1, 0], r"order of training \(init, 0, 1\), not \[1, 0\]"),
        ([1], "two or more snapshots"),
    ],
)
def test_names_that_make_no_evolution_are_refused(epochs, message):
    with pytest.raises(UsageError, match=message):
        named_milestones("a", table(init=0.1, e0=0.2, e1=0.3), epochs)
