"""Claims about failing trainings: diversity, movement, and what the monitor said.

Each is judged by what happened to the run: when its accuracy was best, when it was
lost, whether it came back. A run that did not do what its recipe is for is told so,
and judges nothing.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from conceptevo_jax.analysis.importance.milestones import Milestones
from conceptevo_jax.monitor import DAMAGED, HEALTHY, LOST
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.reports.training_failures.differences import (
    ABOVE,
    change_of,
    less_of,
)
from conceptevo_jax.reports.training_failures.measure import InSpace
from conceptevo_jax.reports.training_failures.tables import MOVEMENTS, movement_between
from conceptevo_jax.training import Row
from conceptevo_jax.types import Epoch, record

DIVERSITY = ("entropy_map", "entropy", "effective_rank")

NEAR_CHANCE = 1.5
"""Accuracy is at chance up to this many times one over the number of classes."""

FALLEN = 0.8
"""A measure has fallen below this share of its value at the best accuracy."""

DROPPED = 0.5
"""Accuracy has dropped below this share of its best so far."""

LEARNT = 0.5
"""A run has learnt once its top-1 test accuracy reaches this."""


@record
class Course:
    """What became of a run, as places in its list of snapshots; None for never.

    Attributes:
      first: The first whole epoch.
      best: Highest test accuracy before anything was lost.
      dropped: The first after `best` with less than half of that accuracy.
      chance: The first after `best` at chance.
      lowest: The lowest accuracy after `best`.
      last: The last snapshot.
    """

    first: int
    best: int
    dropped: int | None
    chance: int | None
    lowest: int
    last: int


def course_of(rows: Sequence[Row], classes: int) -> Course:
    """What became of a run, by its top-1 test accuracy.

    Args:
      rows: Its table.
      classes: How many there are.
    """
    test = np.array([row.test_top1 for row in rows])
    whole = [at for at, row in enumerate(rows) if isinstance(row.epoch, int)]
    # The best before the first great loss, not one after a recovery.
    top = np.maximum.accumulate(test)
    fallen = np.flatnonzero((test < DROPPED * top) & (top >= LEARNT))
    end = int(fallen[0]) if len(fallen) else len(test)
    best = int(test[:end].argmax())
    after = np.arange(len(test)) > best
    chance = np.flatnonzero(after & (test <= NEAR_CHANCE / classes))
    lost = len(fallen) > 0
    rest = int(best + test[best:].argmin())
    return Course(
        first=whole[0],
        best=best,
        dropped=end if lost else None,
        chance=int(chance[0]) if lost and len(chance) else None,
        lowest=rest,
        last=len(test) - 1,
    )


def landmarks(epochs: Sequence[Epoch], course: Course) -> list[Epoch]:
    """The snapshots that claims compare, of all those of a run."""
    places = (course.first, course.best, course.lowest, course.last, course.chance)
    return [epochs[at] for at in places if at is not None]


def grows(space: InSpace, run: str, course: Course, paper: str | None) -> list[Claim]:
    """Concepts of a well-trained run become more diverse."""
    return [
        _difference(
            space,
            run,
            f"{measure}_grows",
            measure,
            paper,
            "grows from the first epoch to the last",
            [(course.first, course.last, 1)],
        )
        for measure in DIVERSITY
    ]


def shrinks(space: InSpace, run: str, course: Course, paper: str | None) -> list[Claim]:
    """Concepts of a collapsing run become less diverse."""
    return [
        _difference(
            space,
            run,
            f"{measure}_falls",
            measure,
            paper,
            "falls from the best accuracy to the end",
            [(course.best, course.last, -1)],
            None if course.chance is not None else "the run did not collapse",
        )
        for measure in DIVERSITY
    ]


def recovers(
    space: InSpace, run: str, course: Course, paper: str | None
) -> list[Claim]:
    """Concepts of an unstable run are damaged, and come back."""
    came = course.dropped is not None and course.lowest < course.last
    return [
        _difference(
            space,
            run,
            f"{measure}_recovers",
            measure,
            paper,
            "falls from the best accuracy to the lowest after it, and rises again "
            "to the end",
            [(course.best, course.lowest, -1), (course.lowest, course.last, 1)],
            None if came else "the run did not lose and recover",
        )
        for measure in DIVERSITY
    ]


def _difference(
    space: InSpace,
    run: str,
    name: str,
    measure: str,
    paper: str | None,
    rule: str,
    steps: Sequence[tuple[int, int, int]],
    missing: str | None = None,
) -> Claim:
    """A measure changes in the given directions; the least certain one is measured."""
    trajectory = space.trajectories[run]
    values = trajectory.series(measure)
    one, base = space.runs[run], space.home.run.name
    places = dict.fromkeys(at for a, b, _ in steps for at in (a, b))
    told = ", ".join(f"{values[at]:.2f} at {one.epochs[at]}" for at in places)
    changes = [
        change_of(trajectory, measure, *((b, a) if sign > 0 else (a, b)))
        for a, b, sign in steps
    ]
    least = min(changes, key=lambda change: change.end)
    known = missing is None and all(math.isfinite(change.value) for change in changes)
    why = missing or (told if known else f"too few live neurons: {told}")
    return Claim(
        id=f"{name}_{run}_{base}",
        paper=paper,
        rule=f"{measure} of {one.title} {rule}; {ABOVE}",
        measured=least.value if known else None,
        interval=least.interval if known else None,
        n=1,
        holds=least.end > 0 if known else None,
        why=why,
    )


def falls_in_time(space: InSpace, run: str, course: Course) -> list[Claim]:
    """A collapse shows in the concepts no later than in the accuracy.

    A measure that has no value any more, for want of live neurons, has fallen.
    """
    one, base, claims = space.runs[run], space.home.run.name, []
    for measure in ("effective_rank", "distinct_share"):
        values = space.trajectories[run].series(measure)
        low = ~(values >= FALLEN * values[course.best])
        low[: course.best + 1] = False
        fell = int(low.argmax()) if low.any() else None
        chance = course.chance
        lead = None
        if chance is not None and fell is not None:
            lead = one.at(one.epochs[chance]) - one.at(one.epochs[fell])
        claims.append(
            Claim(
                id=f"{measure}_falls_in_time_{run}_{base}",
                paper="loss of diversity is apparent before the accuracy reaches 0 "
                "(Sec. 4.5)",
                rule=f"{measure} of {one.title} falls below {FALLEN} of its value at "
                "the best accuracy, or too few neurons live to measure it, no later "
                "than accuracy reaches chance; measured: epochs earlier",
                measured=lead,
                interval=None,
                n=1,
                holds=None if chance is None else lead is not None and lead >= 0,
                why=f"best at {_name(one, course.best)}, chance at "
                f"{_name(one, chance)}, fallen at {_name(one, fell)}",
            )
        )
    return claims


def _name(one: Projected, at: int | None) -> str:
    return "no snapshot" if at is None else str(one.epochs[at])


def moves_less(
    space: InSpace,
    well: str,
    over: str,
    marks: Mapping[str, Milestones],
    paper: Mapping[str, str],
) -> list[Claim]:
    """An overfitted run moves less between equal accuracies than a well-trained one."""
    base = space.home.run.name
    missing = [run for run in (well, over) if run not in marks]
    moved = [
        movement_between(space, run, marks[run]) for run in (well, over) if not missing
    ] or [[], []]
    claims = []
    for measure in MOVEMENTS:
        pairs = [(a[measure], b[measure]) for a, b in zip(*moved, strict=True)]
        less = [gap for a, b in pairs if (gap := less_of(a, b)) is not None]
        least = min(less, key=lambda change: change.end, default=None)
        if len(less) < len(pairs):
            least = None
        claims.append(
            Claim(
                id=f"{measure}_less_{over}_{base}",
                paper="; ".join(
                    f"{run}: {paper.get(f'{run} 1')}, {paper.get(f'{run} 2')}"
                    for run in (well, over)
                ),
                rule=f"{measure} of {space.runs[over].title} between 25, 50 and 75 % "
                f"of training accuracy is less than that of "
                f"{space.runs[well].title}, in both stages; measured: by how much, "
                f"where it is least certain; {ABOVE}",
                measured=None if least is None else least.value,
                interval=None if least is None else least.interval,
                n=len(less),
                holds=None if least is None else least.end > 0,
                why="; ".join(gap.both for gap in less)
                or f"no milestones of accuracy: {', '.join(missing) or 'not drawn'}",
            )
        )
    return claims


def overfits(
    well: Projected, over: Projected, images: tuple[int, int], paper: str | None
) -> Claim:
    """A run that shall overfit does: its accuracies lie further apart.

    Args:
      well: The well-trained run.
      over: The run that shall overfit.
      images: Training and test images that accuracies are measured on.
      paper: What the paper says of such a run.
    """
    rows = [one.run.rows[-1] for one in (well, over)]
    gaps = [row.train_top1 - row.test_top1 for row in rows]
    told = "; ".join(
        f"top-1 {row.train_top1:.2f}/{row.test_top1:.2f}, top-5 "
        f"{row.train_top5:.2f}/{row.test_top5:.2f}"
        for row in rows
    )
    shares = [(row.train_top1, row.test_top1) for row in rows]
    spread = math.sqrt(
        sum(
            share * (1 - share) / n
            for pair in shares
            for share, n in zip(pair, images, strict=True)
        )
    )
    more = gaps[1] - gaps[0]
    interval = (more - 1.96 * spread, more + 1.96 * spread)
    return Claim(
        id=f"overfits_{over.run.name}",
        paper=paper,
        rule=f"top-1 train less test accuracy of {over.title} is larger than of "
        f"{well.title}, at the end, by more than the images leave open; measured: by "
        "how much",
        measured=more,
        interval=interval,
        n=sum(images),
        holds=interval[0] > 0,
        why=f"train/test of the two: {told}",
    )


def alarm_in_time(one: Projected, course: Course) -> Claim:
    """The monitor speaks no later than the accuracy drops."""
    alarms = [(e, told) for e, told in _told(one) if told in (DAMAGED, LOST)]
    lost = [epoch for epoch, told in alarms if told == LOST]
    first = alarms[0][0] if alarms else None
    dropped, lead = course.dropped, None
    if dropped is not None and first is not None:
        lead = one.at(one.epochs[dropped]) - one.at(first)
    return Claim(
        id=f"alarm_in_time_{one.run.name}",
        paper="could help detect such issues in real time (Sec. 4.5)",
        rule=f"the monitor's first alarm in {one.title} comes no later than the epoch "
        "in which accuracy falls below half of its best; measured: epochs earlier",
        measured=lead,
        interval=None,
        n=1,
        holds=None if dropped is None else lead is not None and lead >= 0,
        why=f"accuracy drops at {_name(one, dropped)}; first alarm at "
        f"{'no epoch' if first is None else first}, 'lost' at "
        f"{lost[0] if lost else 'no epoch'}",
    )


def no_alarm(one: Projected) -> Claim:
    """The monitor is silent on a well-trained run."""
    told = _told(one)
    loud = [f"{status} at {epoch}" for epoch, status in told if status != HEALTHY]
    return Claim(
        id=f"no_alarm_{one.run.name}",
        paper=None,
        rule=f"the monitor raises no alarm in {one.title}; measured: alarms",
        measured=float(len(loud)) if told else None,
        interval=None,
        n=len(told),
        holds=not loud if told else None,
        why="; ".join(loud) or f"silent over {len(told)} epochs",
    )


def not_given_up(one: Projected, course: Course) -> Claim:
    """A run that recovers is called damaged, and not lost."""
    came = course.dropped is not None and course.lowest < course.last
    status = [told for _, told in _told(one)]
    damaged, lost = status.count(DAMAGED), status.count(LOST)
    return Claim(
        id=f"damaged_not_lost_{one.run.name}",
        paper="InceptionV3 recovers, as concepts remain (Fig. 8b)",
        rule=f"the monitor calls {one.title} damaged at least once, and never lost; "
        "measured: share of its alarms that say damaged",
        measured=damaged / (damaged + lost) if damaged + lost else None,
        interval=None,
        n=damaged + lost,
        holds=bool(damaged) and not lost if came else None,
        why=f"{damaged} times damaged, {lost} times lost"
        if came
        else "the run did not lose and recover",
    )


def _told(one: Projected) -> list[tuple[Epoch, str]]:
    """What the monitor called each epoch."""
    return [(report["epoch"], report["status"]) for report in one.run.reports]
