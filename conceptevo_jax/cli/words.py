"""Reads typed words literally: settings, folders, and text for Hydra.

Hydra reads values by its own grammar, in which `photos (copy)` and `it's` are
errors, `2026_11_29` is the number 20261129 and `12e4567` infinity. If the schema
holds text, such as a folder, a value here is the typed text.
"""

import re
import typing
from collections.abc import Sequence
from types import NoneType

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from conceptevo_jax.cli.schema import setting_type
from conceptevo_jax.config import Config
from conceptevo_jax.errors import UsageError

_NAME = re.compile(r"[+~]{0,2}(?P<name>[\w./@-]+)")


def typed_names(command_words: Sequence[str]) -> frozenset[str]:
    """The settings that words set: `runs.base.epochs` of `runs.base.epochs=3`."""
    names = (_NAME.match(word) for word in command_words if word[0] != "-")
    return frozenset(name["name"] for name in names if name is not None)


def interpret_words(command_words: Sequence[str], schema: type[Config]) -> list[str]:
    """Words for Hydra, with text quoted that Hydra would not read as text.

    Typed quotes, backslashes and interpolations (`${…}`) are left to Hydra,
    and so are lists of values with `-m`.

    Args:
      command_words: All words of the command line.
      schema: The schema with the types of the settings.
    """
    is_sweep = "-m" in command_words or "--multirun" in command_words
    return [_interpret_word(word, schema, is_sweep=is_sweep) for word in command_words]


def quote(text: str) -> str:
    """Text, quoted so that Hydra's grammar reads it as text."""
    return QuotedString(text, Quote.single).with_quotes()


def _interpret_word(word: str, schema: type[Config], *, is_sweep: bool) -> str:
    key, separator, value = word.partition("=")
    name = _NAME.fullmatch(key)
    if not separator or name is None or key.startswith("-"):
        return word
    quoted_word = f"{key}={quote(value)}"
    override = _parse_override(word)
    if override is None:
        return word if _parse_override(quoted_word) is None else quoted_word
    if not _is_text(schema, name["name"]) or not value or re.search(r"\\|\$\{", value):
        return word
    if (
        value == "null"
        or value[0] in "'\""
        or (is_sweep and override.is_sweep_override())
    ):
        return word
    return word if override.value() == value else quoted_word


def require_words(command_words: Sequence[str]) -> None:
    """Refuse words for which Hydra would only report a position in its grammar.

    Args:
      command_words: All words that are not flags and do not belong to one.

    Raises:
      UsageError: naming the word.
    """
    for word in command_words:
        key = word.partition("=")[0]
        if _parse_override(word) is None or not key:
            raise UsageError(
                f"{word!r} is not a setting: write key=value, such as seed=3, without "
                "spaces around the =; if the value holds spaces, put the whole word in "
                "quotes."
            )


def _parse_override(word: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None


def _is_text(schema: type[Config], name: str) -> bool:
    """Whether the setting of this name is text in the schema."""
    kind = setting_type(schema, name.split("."))
    return kind is str or set(typing.get_args(kind)) == {str, NoneType}
