"""Text of helps in lines and columns of the terminal's width."""

import shutil
import textwrap
from collections.abc import Iterable, Mapping


def text_width() -> int:
    """Letters in a line of a help: those of the terminal, from 38 to 98."""
    return min(100, max(40, shutil.get_terminal_size().columns)) - 2


def paragraph(text: str, indent: str = "") -> str:
    """Text in lines of the width of a help.

    Args:
      text: Words; where lines end in them does not matter.
      indent: Spaces before each line.
    """
    words = " ".join(text.split())
    return _fill(words, indent, indent)


def columns(
    rows: Iterable[tuple[str, str]], *, indent: int = 2, longest_term: int = 30
) -> str:
    """A term and its explanation in each row.

    The explanation of a long term begins on a line of its own.

    Args:
      rows: Terms with their explanations.
      indent: Spaces before each term.
      longest_term: Letters of a term beyond which it is long.
    """
    rows = list(rows)
    short_terms = [term for term, _ in rows if len(term) <= longest_term]
    widest = max(map(len, short_terms), default=0)
    margin = " " * (indent + widest + 2)
    lines = []
    for term, text in rows:
        filled = _fill(text, margin, margin)
        head = " " * indent + term
        if len(term) > widest:
            lines += [head, filled]
        else:
            lines.append(head.ljust(len(margin)) + filled[len(margin) :])
    return "\n".join(lines)


def _fill(text: str, first: str = "", following: str = "", *, shorter: int = 0) -> str:
    """Text in lines that begin with these spaces."""
    return textwrap.fill(
        text,
        text_width() - shorter,
        initial_indent=first,
        subsequent_indent=following,
        break_on_hyphens=False,
        break_long_words=False,
    )


def example_lines(examples: Mapping[str, str]) -> str:
    """Calls, each followed by a comment of the shell that says what it does."""
    widest = max(map(len, examples))
    lines = [f"  {call.ljust(widest)}  # {text}" for call, text in examples.items()]
    return "\n".join(lines)


def synopsis_lines(text: str) -> str:
    """The words of a call in lines, for `usage: ` before them."""
    indent = " " * len("usage: conceptevo ")
    return _fill(text, following=indent, shorter=len("usage: "))
