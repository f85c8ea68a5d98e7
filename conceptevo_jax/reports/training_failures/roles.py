"""The roles of a configuration's runs, and whether all of them exist."""

from conceptevo_jax.config import Config
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.reports.training_failures.settings import FailuresSettings


def check_roles(config: Config) -> None:
    """Refuse roles that no run can have.

    Raises:
      UsageError: for a missing base, an unknown run, or a run that is both a base
        and compared.
    """
    settings = FailuresSettings.of(config)
    if config.base not in settings.bases:
        raise UsageError(f"failures.bases must contain base={config.base}.")
    compared_names = compared_runs(config)
    roles = (*settings.bases, *compared_names, *settings.again, *settings.collapsing)
    for name in (*roles, *settings.overfitted, *settings.recovering):
        if name not in config.runs:
            raise unknown_name("run in failures", name, config.runs)
    shared_names = set(settings.bases) & set(compared_names)
    if shared_names:
        raise UsageError(
            f"a run cannot be both base and compared: {sorted(shared_names)}."
        )


def compared_runs(config: Config) -> list[str]:
    """The runs of all groups."""
    groups = FailuresSettings.of(config).groups
    return [name for group in groups.values() for name in group]


def healthy_runs(config: Config) -> list[str]:
    """The well-trained run of every group, which is its first, and its repeats."""
    settings = FailuresSettings.of(config)
    leading_runs = [group[0] for group in settings.groups.values()]
    return [
        *leading_runs,
        *(name for name in settings.again if name not in leading_runs),
    ]


def well_trained_run(config: Config, name: str) -> str:
    """The well-trained run of the group of another run.

    Args:
      config: The configuration, with the groups.
      name: The other run.
    """
    return next(g[0] for g in FailuresSettings.of(config).groups.values() if name in g)
