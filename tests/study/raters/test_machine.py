"""Judges of planted patches find planted intruders, and nothing where there is none."""

import numpy as np
import pytest
from studied import tasks_of

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.study.raters.category_scores import judge
from conceptevo_jax.study.raters.machine import (
    CHANCE_SHARE,
    intruder_hits,
    machine_panel,
)

F, PATCHES = 16, 9


def features(tasks, rng, *, signal, common=5.0):
    """Grouped cards share a direction; every patch shares another."""
    found = rng.normal(size=(len(tasks), 6, PATCHES, F)) + common
    for row, task in enumerate(tasks):
        grouped = [card != task.intruder - 1 for card in range(6)]
        found[row, grouped] += signal * rng.normal(size=F)
    return found


def test_judges_find_planted_intruders(rng):
    tasks = tasks_of("base", 40)
    panel = machine_panel(
        tasks, {f"j{n}": features(tasks, rng, signal=1.5) for n in range(4)}
    )
    assert intruder_hits(tasks, panel.likeness).mean() > 0.95
    (judged,) = judge(tasks, panel.answers)
    assert judged.participants == 4
    assert judged.auc.value > 0.95
    # An intruder is a card like any of another task, so some are selected by chance.
    found = judged.determinations
    assert found.true_positives > 0.95 * 4 * 40 * 5
    assert found.false_positives < 2 * (1 - CHANCE_SHARE) * 4 * 40
    assert judged.accuracy.low > 0.7


def test_without_a_group_it_is_chance(rng):
    tasks = tasks_of("base", 200)
    panel = machine_panel(
        tasks, {name: features(tasks, rng, signal=0.0) for name in "jk"}
    )
    assert intruder_hits(tasks, panel.likeness).mean() == pytest.approx(1 / 6, abs=0.09)
    (judged,) = judge(tasks, panel.answers)
    assert judged.auc.low < 0.5 < judged.auc.high
    # A card of no group is as alike as one among others: a fifth is selected.
    selected = [len(one.selected) / 6 for one in panel.answers]
    assert np.mean(selected) == pytest.approx(1 - CHANCE_SHARE, abs=0.03)


def test_order_and_scale_of_what_is_shown_do_not_count(rng):
    tasks = tasks_of("base", 12)
    seen = features(tasks, rng, signal=1.0)
    shuffled = seen[:, :, rng.permutation(PATCHES)] * rng.uniform(1, 9, size=F)
    plain, other = (machine_panel(tasks, {"j": one}) for one in (seen, shuffled))
    np.testing.assert_allclose(plain.likeness, other.likeness, atol=1e-12)
    assert [one.selected for one in plain.answers] == [
        one.selected for one in other.answers
    ]


def test_equally_unlike_cards_share_the_hit():
    tasks = tasks_of("base", 2)
    likeness = np.array([[0, 1, 1, 1, 1, 1.0], [2, 1, 1, 2, 2, 2]])
    assert intruder_hits(tasks, likeness).tolist() == [1.0, 0.5]


def test_what_cannot_be_judged_is_refused(rng):
    tasks = tasks_of("base", 3)
    seen = features(tasks, rng, signal=1.0)
    with pytest.raises(DataError, match="judge j has features"):
        machine_panel(tasks, {"j": seen[:2]})
    seen[0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        machine_panel(tasks, {"j": seen})
    with pytest.raises(UsageError, match="0 judges"):
        machine_panel(tasks, {})
    with pytest.raises(DataError, match="one task"):
        machine_panel(tasks[:1], {"j": features(tasks[:1], rng, signal=1.0)})
