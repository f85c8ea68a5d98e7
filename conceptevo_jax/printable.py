"""Names that others gave to files and classes, as text that any place can hold.

A folder's name may hold a line break, a code that moves a terminal's cursor or turns
the direction of reading, or bytes that are no UTF-8. None of these is text; as escapes
they are, and a table, a page, a figure and a log show the same.
"""

import unicodedata

_NO_TEXT = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of controls, invisible formats, halves and breaks."""

_JOINERS = "\u200c\u200d"
"""Invisible, but spelling: Persian and Indian scripts need them."""

_FOREIGN_BYTE = range(0xDC80, 0xDD00)
"""What Python makes of bytes of file names that are no UTF-8."""


def printable(name: str) -> str:
    r"""A name on one line, whose controls and foreign bytes are escapes: `\n`, `\xe9`.

    Args:
      name: Of a file, a class or a run, as it was found.

    Returns:
      The same text where it can be shown as it is.
    """
    if name.isprintable():
        return name
    return "".join(c if _is_text(c) else escaped(c) for c in name)


def escaped(character: str) -> str:
    r"""A character as its code: `\n`, `\xe9`, `\u6f22`."""
    code = ord(character)
    if code in _FOREIGN_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _is_text(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _NO_TEXT
