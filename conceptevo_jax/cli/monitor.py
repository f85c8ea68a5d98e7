"""`conceptevo monitor`: follow a running training, one line per snapshot."""

from collections.abc import Mapping

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.store_commands import store_option
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.training_folder import find_training, follow
from conceptevo_jax.pipeline.worker import use_cache
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import Store

_BOOLEANS = {"true": True, "false": False}


def monitor(arguments: CommandArguments) -> int:
    """Print the monitor's report on every snapshot of a training, until it ends.

    The training is only read. `space=` names a result folder whose space is used.
    """
    keywords = arguments.keywords
    wait, interval = wait_option(keywords), interval_option(keywords)
    folder = find_training(arguments.places[0], store_option(keywords))
    use_cache(Store(folder.parent))
    result = typed_place(keywords["space"]).absolute() if "space" in keywords else None
    CONSOLE.print(f"{folder}: one line per snapshot; end with Ctrl-C", soft_wrap=True)
    reports = follow(folder, result, interval=interval, wait=wait)
    for report, row in reports:
        accuracy = f"top-1 {row.train_top1:.2f}/{row.test_top1:.2f}"
        CONSOLE.print(f"{accuracy} | {report.line()}", soft_wrap=True, highlight=False)
    return 0


def wait_option(option_values: Mapping[str, str]) -> bool:
    """The option `wait`: whether to wait for further snapshots.

    Raises:
      UsageError: if it is neither `true` nor `false`.
    """
    wait = option_values.get("wait", "true").lower()
    if wait not in _BOOLEANS:
        raise unknown_name("wait", wait, _BOOLEANS)
    return _BOOLEANS[wait]


def interval_option(option_values: Mapping[str, str]) -> float:
    """The option `interval`.

    Raises:
      UsageError: if it is not a number above 0.
    """
    text = option_values.get("interval", "5")
    try:
        interval = float(text)
    except ValueError:
        interval = -1.0
    if not interval > 0:
        raise UsageError(f"interval must be a number of seconds above 0, not {text!r}.")
    return interval
