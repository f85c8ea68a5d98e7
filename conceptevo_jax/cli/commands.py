"""All commands, and the choice of the one that words call."""

from collections.abc import Sequence

from conceptevo_jax.cli.command import Command
from conceptevo_jax.cli.declarations import results, stores, studies
from conceptevo_jax.cli.locate import experiments
from conceptevo_jax.errors import UsageError, unknown_name

COMMANDS = (*results.COMMANDS, *studies.COMMANDS, *stores.COMMANDS)
"""All commands, in the order of the help."""


def choose_command(words: Sequence[str]) -> tuple[Command, list[str]]:
    """The command that words call, and the words that follow its name.

    Args:
      words: All words of the command line, a command's name first.

    Raises:
      UsageError: for a name that no command has.
    """
    for command in sorted(COMMANDS, key=lambda c: -len(c.name)):
        first, *further = command.name.split()
        if words[0] != first:
            continue
        if not further:
            return command, list(words[1:])
        if further[0].startswith("-") and further[0] in words:
            return command, [word for word in words[1:] if word != further[0]]
        if list(words[1:2]) == further:
            return command, list(words[2:])
    raise _unknown_command(words)


def subcommands(name: str) -> dict[str, Command]:
    """The commands of a group by their second word, as `build` of `study`."""
    names = {command.name: command for command in COMMANDS}
    return {
        text.removeprefix(f"{name} "): command
        for text, command in names.items()
        if name not in names and text.startswith(f"{name} ")
    }


def _unknown_command(words: Sequence[str]) -> UsageError:
    group = subcommands(words[0])
    if len(words) > 1 and group:
        return unknown_name(f"{words[0]} command", words[1], group)
    if group:
        calls = [
            " ".join(["conceptevo", command.name, *(p.form for p in command.places)])
            for command in group.values()
        ]
        return UsageError(f"say what: {', or '.join(calls)}.")
    names = {command.name.split()[0] for command in COMMANDS}
    meant = {name: f"experiment={name}" for name in experiments()}
    proposals = {**meant, "help": "help", "experiment": "experiment=NAME"}
    return unknown_name("command", words[0], names, proposals=proposals)
