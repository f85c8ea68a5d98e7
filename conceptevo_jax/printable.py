"""Names of files and classes as text that can be shown anywhere.

A folder's name may hold a line break, a code that moves a terminal's cursor or reverses
the reading direction, or bytes that are not UTF-8. These are written as escapes, so
that a table, a page, a figure and a log all show the same text.
"""

import unicodedata

_NO_TEXT = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of controls, invisible formats, halves and breaks."""

_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling in Persian and Indian scripts."""

_FOREIGN_BYTE = range(0xDC80, 0xDD00)
"""Python's characters for bytes of file names that are not UTF-8."""


def printable_name(name: str) -> str:
    r"""A name on one line, with control characters and foreign bytes escaped: `\n`,
    `\xe9`.

    Args:
      name: Of a file, a class or a run, as it was found.

    Returns:
      The same text where it can be shown as it is.
    """
    if name.isprintable():
        return name
    return "".join(c if _is_text(c) else escape_character(c) for c in name)


def escape_character(character: str) -> str:
    r"""A character as its code: `\n`, `\xe9`, `\u6f22`."""
    code = ord(character)
    if code in _FOREIGN_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _is_text(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _NO_TEXT
