"""Settings that several rooms share."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MethodConfig, Settings


@dataclass
class ComparedMethods(Settings):
    """`methods` are compared with `method` where an experiment compares any."""

    methods: dict[str, MethodConfig] = field(default_factory=dict)
