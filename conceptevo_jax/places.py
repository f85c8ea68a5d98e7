"""Folders and files as they are typed, in settings and on the command line."""

import os
from pathlib import Path

from conceptevo_jax.errors import UsageError


def typed_place(text: str | os.PathLike[str], what: str = "a file or folder") -> Path:
    """The path of a typed text; `~` is the home folder even if the shell did not expand
    it.

    Args:
      text: The text as typed.
      what: What it stands for: `"run_dir"`.

    Raises:
      UsageError: for an empty text, and for the home of an unknown user.
    """
    typed = os.fspath(text)
    if not typed.strip():
        raise UsageError(
            f"{what} is empty: name one. If a shell filled it in, its variable is not "
            "set."
        )
    # Of the text: for `pathlib`, ./~x is ~x.
    place = os.path.expanduser(typed)
    if place.startswith("~"):
        raise UsageError(
            f"{typed}: {typed.partition('/')[0]} is the home of no user here. Write "
            "the whole path, or put ./ before a name that begins with ~."
        )
    return Path(place)
