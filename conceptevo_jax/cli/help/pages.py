"""The program's helps and its version, for which no library is imported."""

import platform
from collections.abc import Sequence
from importlib import metadata

from conceptevo_jax.cli.command import Command, asks_for_help, command_parser
from conceptevo_jax.cli.commands import COMMANDS, choose_command, subcommands
from conceptevo_jax.cli.help.experiment_page import (
    experiment_page,
    experiment_summaries,
)
from conceptevo_jax.cli.help.layout import columns, example_lines, paragraph
from conceptevo_jax.cli.locate import TOP_GROUPS, configurations

HELP_FLAGS = ("-h", "--help")
_DEPENDENCIES = {"jax": "jax", "flax": "flax", "hydra-core": "Hydra"}


def is_command_call(words: Sequence[str]) -> bool:
    """Whether words call a command; all others are settings of an experiment."""
    return bool(words) and "=" not in words[0] and not words[0].startswith("-")


def requested_page(words: Sequence[str]) -> str | None:
    """The text that words ask for; None if they do not ask for a help or the version.

    Args:
      words: All words of the command line.

    Raises:
      UsageError: for an unknown command or experiment, with the valid ones.
    """
    if is_command_call(words):
        return _requested_command_page(words)
    if "--version" in words:
        return version_line()
    if not words or set(HELP_FLAGS).intersection(words):
        return experiment_page(words) or general_page()
    return None


def _requested_command_page(words: Sequence[str]) -> str | None:
    if words[0] == "help":
        return requested_page([*words[1:], "--help"])
    if not set(HELP_FLAGS).intersection(words):
        return None
    # After `study` a flag stands in the place of the second word.
    if subcommands(words[0]) and (len(words) < 2 or words[1] in HELP_FLAGS):
        return group_page(words[0])
    command, further = choose_command(words)
    return command_page(command) if asks_for_help(command, further) else None


def version_line() -> str:
    """Versions of the package, of jax, flax and Hydra, and of Python."""
    versions = [f"{name} {_version(key)}" for key, name in _DEPENDENCIES.items()]
    versions.append(f"Python {platform.python_version()}")
    return f"conceptevo_jax {_version('conceptevo-jax')} ({', '.join(versions)})"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def command_page(command: Command) -> str:
    """The help of a command: its purpose, its words and examples."""
    return command_parser(command).format_help().rstrip()


def group_page(name: str) -> str:
    """The help of commands that share their first word."""
    group = subcommands(name)
    rows = [(f"{name} {text}", command.purpose) for text, command in group.items()]
    texts = " | ".join(group)
    return (
        f"usage: conceptevo {name} {{{texts}}} ...\n\ncommands:\n{columns(rows)}\n\n"
        f"`conceptevo {name} {next(iter(group))} --help` prints the help of one."
    )


def general_page() -> str:
    """The help of the program: how to run an experiment, and all commands."""
    commands = [(_short_call(command), command.purpose) for command in COMMANDS]
    flags = {
        "--cfg job": "print the whole configuration",
        "-m, --multirun": "run once per combination of values: seed=0,1,2",
        "--config-dir=FOLDER": "add configurations of your own",
        "--hydra-help": "all flags of Hydra, which composes configurations",
        "--version": "print versions",
        "-h, --help": "print this help, or that of a command or an experiment",
    }
    examples = {
        "conceptevo experiment=demo": "run an experiment",
        "conceptevo experiment=demo scale=smoke seed=3": "with other settings",
        "conceptevo experiment=demo dry_run=true": "its stages, time and disk space",
        "conceptevo experiment=demo --help": "what it does, and its settings",
        "conceptevo explore --help": "what a command does",
    }
    about = "Watch concepts form, move and die inside neural networks while they train."
    groups = [
        (f"{group}=NAME", ", ".join(configurations(group)))
        for group in TOP_GROUPS
        if group != "experiment"
    ]
    return (
        "usage: conceptevo experiment=NAME [scale=NAME] [key=value ...]\n"
        "       conceptevo COMMAND ...\n\n"
        f"{paragraph(about)}\n\n"
        f"experiments:\n{columns(experiment_summaries())}\n\n"
        f"configuration groups of experiments:\n{columns(groups)}\n\n"
        f"commands:\n{columns(commands)}\n\n"
        f"flags:\n{columns(flags.items())}\n\n"
        f"examples:\n{example_lines(examples)}"
    )


def _short_call(command: Command) -> str:
    """The command with what it cannot do without."""
    places = [place.form for place in command.places]
    keywords = [word.form for word in command.keywords if word.is_required]
    return " ".join([command.name, *places, *keywords])
