"""Settings of the experiment on failing trainings."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class FailuresSettings(Settings, key="failures"):
    """The roles of the runs.

    `bases` are runs that serve as bases, one after the other; none is compared.
    `groups` are runs of one architecture that are drawn together, the well-trained run
    first. `again` names runs that repeat the run before them with another seed.
    `collapsing`, `overfitted` and `recovering` name the runs of a group that are meant
    to fail in this way.
    """

    bases: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    collapsing: list[str] = field(default_factory=list)
    overfitted: list[str] = field(default_factory=list)
    recovering: list[str] = field(default_factory=list)
    concept_groups: int = 12
