"""Tasks of all kinds."""

from conceptevo_jax.study.design.tasks import Task

CATEGORIES = ("hand_picked", "base", "same_model", "across")
TITLE = "<img src=x onerror=alert(1)>"
STEP = 9
"""Between the colours of two tasks, which tell which they are."""
SHADE = 40
"""Between those of two cards."""


def ordinary(sizes):
    """Tasks of as many categories as there are sizes."""
    return [
        Task(
            id=f"{category}-{number}",
            category=category,
            cards=tuple(f"{category}@9/conv{number}/{card}" for card in range(6)),
            intruder=number % 6 + 1,
        )
        for category, size in zip(CATEGORIES, sizes, strict=False)
        for number in range(size)
    ]


def again(task):
    """An attention check that asks a task again, its cards turned round."""
    return Task(
        id=f"{task.id}-again",
        category=task.category,
        cards=task.cards[::-1],
        intruder=7 - task.intruder,
        repeats=task.id,
    )


def check(number):
    """An attention check that is obvious."""
    cards = tuple(f"check@1/conv{number}/{card}" for card in range(6))
    return Task(
        id=f"check-{number}", category="check", cards=cards, intruder=2, obvious=True
    )
