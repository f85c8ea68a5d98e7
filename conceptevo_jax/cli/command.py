"""A command's declaration, and its words as a parser of `argparse` reads them.

Every command is declared once, in `commands.py`: its help, the check of its words and
the call of its function follow from the declaration. Only the standard library is
imported here, so that a wrong word is refused, and a help printed, within moments.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from conceptevo_jax.cli.help.layout import (
    columns,
    example_lines,
    paragraph,
    synopsis_lines,
)
from conceptevo_jax.errors import UsageError, suggestion, unknown_name


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A word that a command takes.

    Attributes:
      form: How it is written: `RESULT_FOLDER`, `out=PATH` or `--tables`.
      description: What it is or does, with its default value.
      is_required: Whether a `key=value` word has to be given.
      flags: Other forms of a `key=value` word: `--data-dir`, before the value.
    """

    form: str
    description: str
    is_required: bool = False
    flags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of a `key=value` word."""
        return self.form.partition("=")[0]


@dataclass(frozen=True, kw_only=True)
class CommandArguments:
    """The words of a call, sorted.

    Attributes:
      places: Words that are neither flags nor `key=value`, in order.
      keywords: Values by key.
      flags: The flags.
    """

    places: tuple[str, ...]
    keywords: Mapping[str, str]
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, its function and its words.

    Attributes:
      name: The words that call it: `explore`, `explore --live`, `study build`.
      purpose: What it does, in one line.
      description: The same in a few sentences, for its help.
      target: `module:function` below `conceptevo_jax.cli`. The function takes
        `CommandArguments` and returns the exit code.
      request: The message where a place or a required word is missing.
      examples: Calls, each with what it does.
      places: Words in a fixed order; `...` at the end of the last form means one or
        more.
      keywords: Words of the form `key=value`.
      flags: Words that begin with dashes.
    """

    name: str
    purpose: str
    description: str
    target: str
    request: str
    examples: Mapping[str, str]
    places: tuple[Argument, ...] = ()
    keywords: tuple[Argument, ...] = ()
    flags: tuple[Argument, ...] = ()

    @property
    def synopsis(self) -> str:
        """The call with all its words: `conceptevo ls [store=FOLDER]`."""
        keywords = [
            word.form if word.is_required else f"[{word.form}]"
            for word in self.keywords
        ]
        flags = [f"[{flag.form}]" for flag in self.flags]
        places = [place.form for place in self.places]
        return " ".join(["conceptevo", self.name, *places, *flags, *keywords])

    @property
    def takes_many_places(self) -> bool:
        """Whether the last place may be given several times."""
        return bool(self.places) and self.places[-1].form.endswith("...")


class _Parser(argparse.ArgumentParser):
    """Raises what `argparse` would print before it exits."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. `{self.prog} --help` lists what can be given.")


def command_parser(command: Command) -> argparse.ArgumentParser:
    """The parser of a command, whose `format_help` is the command's help."""
    parser = _Parser(
        prog=f"conceptevo {command.name}",
        usage=synopsis_lines(command.synopsis),
        description=paragraph(command.description),
        epilog=f"examples:\n{example_lines(command.examples)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    for title, words in (
        ("arguments", command.places),
        ("keyword arguments", command.keywords),
    ):
        if words:
            rows = [(word.form, word.description) for word in words]
            parser.add_argument_group(title, columns(rows, indent=0))
    group = parser.add_argument_group("flags")
    for flag in command.flags:
        group.add_argument(flag.form, action="store_true", help=flag.description)
    group.add_argument("-h", "--help", action="store_true", help="print this help")
    for word in command.keywords:
        if word.flags:
            parser.add_argument(
                *word.flags, dest=word.key, action="append", help=argparse.SUPPRESS
            )
    return parser


def asks_for_help(command: Command, words: Sequence[str]) -> bool:
    """Whether the words that follow a command's name hold `-h` or `--help`."""
    parsed, _ = command_parser(command).parse_known_intermixed_args(list(words))
    return bool(parsed.help)


def parse(command: Command, words: Sequence[str]) -> CommandArguments:
    """Sort the words of a call.

    Args:
      command: The command that is called.
      words: The words that follow its name.

    Raises:
      UsageError: for a word that the command does not take, with what it takes, or for
        a missing one.
    """
    parser = command_parser(command)
    parsed, unparsed_words = parser.parse_known_intermixed_args(list(words))
    for word in unparsed_words:
        if word.startswith("-") and word != "-":
            raise _unknown_flag(command, word)
    keys = [keyword.key for keyword in command.keywords]
    typed = [*parsed.words, *unparsed_words]
    pairs = [word for word in typed if _is_keyword(word, keys)]
    for keyword in command.keywords:
        if keyword.flags:
            pairs += [f"{keyword.key}={v}" for v in getattr(parsed, keyword.key) or ()]
    arguments = CommandArguments(
        places=tuple(word for word in typed if not _is_keyword(word, keys)),
        keywords=_read_keywords(pairs, keys),
        flags=frozenset(
            flag.form
            for flag in command.flags
            if getattr(parsed, flag.form.strip("-").replace("-", "_"))
        ),
    )
    _require_complete(command, arguments)
    return arguments


def _is_keyword(word: str, keys: Sequence[str]) -> bool:
    """Whether it is `key=value`; the name of a folder may hold a `=`, too."""
    key, equals, _ = word.partition("=")
    if not equals or key in keys:
        return bool(equals)
    return key.isidentifier() and not os.path.exists(word)


def _read_keywords(words: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        if key not in keys:
            raise unknown_name("option", key, keys)
        if key in values:
            raise UsageError(f"{key}= is given twice: leave out {word!r} or the other.")
        values[key] = value
    return values


def _require_complete(command: Command, arguments: CommandArguments) -> None:
    """Refuse missing words, and more places than the command has."""
    keys = [keyword.key for keyword in command.keywords]
    count = len(command.places)
    if len(arguments.places) > count and not command.takes_many_places:
        places = " and ".join(place.form for place in command.places)
        raise _no_pair(arguments.places[count], keys, filled=places)
    required = [word.key for word in command.keywords if word.is_required]
    if len(arguments.places) < count or not arguments.keywords.keys() >= set(required):
        raise UsageError(command.request)


def _unknown_flag(command: Command, word: str) -> UsageError:
    flags = [flag.form for flag in command.flags]
    keys = [keyword.key for keyword in command.keywords]
    name = word.strip("-").partition("=")[0].replace("-", "_")
    if suggestion(name, keys) and not suggestion(word, flags):
        return _no_pair(word, keys, name=name)
    return unknown_name("flag", word, [*flags, "--help"])


def _no_pair(
    word: str, keys: Sequence[str], *, name: str = "", filled: str = ""
) -> UsageError:
    """The error for a word that should be `key=value`.

    Args:
      word: The word.
      keys: The command's keys.
      name: The part of the word that may be a misspelt key; by default all of it.
      filled: The places that the words before it took.
    """
    reason = f", and {filled} {'are' if ' and ' in filled else 'is'} given already"
    return UsageError(
        f"{word!r} is not of the form key=value{reason if filled else ''}."
        f"{suggestion(name or word, keys)} Valid keys: "
        f"{', '.join(sorted(keys)) or 'none'}."
    )
