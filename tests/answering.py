"""Studies, and files of answers to them as the questionnaire exports them."""

import json
from collections import defaultdict

import numpy as np
from scipy.stats import binom, norm

from conceptevo_jax.study import SCHEMA, Study
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.study.raters.simulated import Skill, simulate

CHECK = "check-0"
"""Id of the one attention check: an obvious intruder."""

SKILL = Skill(skill=1.2, spread=0.0, criterion=0.5, leniency=0.0)
"""All cards of a group are equally alike, and all participants equally strict."""


def planted_auc(raters):
    """Chance that a grouped card has more of so many votes, at that skill."""
    votes = np.arange(raters + 1)
    grouped = binom.pmf(votes, raters, norm.cdf(SKILL.skill - SKILL.criterion))
    intruder = binom.pmf(votes, raters, norm.cdf(-SKILL.criterion))
    below = np.cumsum(intruder) - intruder
    return float(grouped @ (below + intruder / 2))


def study_of(**counts):
    """A study of so many tasks per category, and one attention check."""
    tasks = [
        Task(
            id=f"{category}-{number}",
            category=category,
            cards=tuple(f"{category}-{number}/{card}" for card in range(6)),
            intruder=number % 6 + 1,
            obvious=category == "check",
        )
        for category, count in {**counts, "check": 1}.items()
        for number in range(count)
    ]
    patches = np.zeros((len(tasks), 6, 1, 2, 2, 3), np.uint8)
    return Study(title="Which go together?", tasks=tuple(tasks), patches=patches)


def asked_of(study, category=None):
    """Its tasks of a category or of all, without the check."""
    return [
        task
        for task in study.tasks
        if not task.check and category in (None, task.category)
    ]


def check_answer(participant, *, passed=True):
    """An answer to the attention check, whose intruder is on card 1."""
    selected = (2, 3, 4, 5, 6) if passed else (1, 4)
    return Answer(
        participant=participant, task=CHECK, selected=selected, label="", seconds=5.0
    )


def simulated(study, skill, *, participants, each, name="p", seed=0, label=None):
    """Attentive participants of that skill; `label` tells what each calls a task."""
    called = label or (lambda number, task: "")
    given = simulate(
        asked_of(study), skill, participants=participants, tasks_each=each, seed=seed
    )
    renamed = [
        Answer(
            participant=one.participant.replace("simulated-", name),
            task=one.task,
            selected=one.selected,
            label=called(number, one.task) if one.selected else "",
            seconds=one.seconds,
        )
        for number, one in enumerate(given)
    ]
    names = dict.fromkeys(one.participant for one in renamed)
    return [*renamed, *(check_answer(name) for name in names)]


def sheets_of(study, answers, *, called=None):
    """What the questionnaire exports, participant by participant."""
    names = called or {}
    sheets = defaultdict(list)
    for one in answers:
        told = {
            "task": names.get(one.task, one.task),
            "selected": list(one.selected),
            "none": not one.selected,
            "label": one.label,
            "seconds": one.seconds,
        }
        sheets[one.participant].append(told)
    return [
        {
            "schema": SCHEMA,
            "study": study.id,
            "participant": participant,
            "started": "2026-05-01T10:00:00Z",
            "answers": own,
        }
        for participant, own in sheets.items()
    ]


def write_sheets(folder, sheets):
    """A file per participant."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"answers-{number}.json" for number in range(len(sheets))]
    for file, sheet in zip(files, sheets, strict=True):
        file.write_text(json.dumps(sheet))
    return files
