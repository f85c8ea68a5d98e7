"""Settings of the experiment on alignment."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class AlignmentSettings(Settings, key="alignment"):
    """Settings of the bases, the study and its judge.

    Each run in `bases` serves as base in turn, and all others except `judge` are
    compared with it. `groups` is the number of tasks in each category of the study,
    `hand_picked` a JSON file with sets of neurons that a person chose: {"dogs": [ids]}.
    `judge` is the run whose network the machine participants use; it is not in any
    space.
    """

    bases: list[str] = field(default_factory=list)
    groups: int = 20
    hand_picked: str | None = None
    judge: str | None = None
