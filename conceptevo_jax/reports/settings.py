"""Settings that several experiments share."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MethodConfig, Settings


@dataclass
class ComparedMethods(Settings):
    """`methods` are compared with `method` by experiments that compare methods."""

    methods: dict[str, MethodConfig] = field(default_factory=dict)
