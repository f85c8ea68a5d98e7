"""What a bad input is: what somebody did, and what they are to be told."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

Make = Callable[[Path], object]
"""Spoils or adds something in the current folder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mistake:
    """One bad input of the command line.

    Attributes:
      words: What is typed after `conceptevo`.
      code: How the call must end: 2 for words and settings, 3 for files.
      says: Texts of its one line: the thing, and what was expected or is to be done.
      make: What lies in the current folder, besides what `planted.py` puts there.
      environment: Variables that are set; it runs in a process of its own then.
    """

    words: tuple[str, ...]
    code: int
    says: tuple[str, ...]
    make: Make | None = None
    environment: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """For lists of tests: its words, and how the files differ."""
        made = getattr(self.make, "__name__", "") if self.make else ""
        return ascii(" ".join((*self.words, made)).strip())


def usage(*words: str, says: tuple[str, ...], make: Make | None = None) -> Mistake:
    """A mistake in what is typed."""
    return Mistake(words=words, code=2, says=says, make=make)


def data(*words: str, says: tuple[str, ...], make: Make | None = None) -> Mistake:
    """A mistake in what lies on the disk."""
    return Mistake(words=words, code=3, says=says, make=make)
