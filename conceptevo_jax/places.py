"""Folders and files as they are typed, in settings and on the command line."""

import os
from pathlib import Path

from conceptevo_jax.errors import UsageError


def typed_place(
    typed_path: str | os.PathLike[str], noun: str = "a file or folder"
) -> Path:
    """The path of a typed text; `~` is the home folder even if the shell did not expand
    it.

    Args:
      typed_path: The text as typed.
      noun: What it stands for: `"run_dir"`.

    Raises:
      UsageError: for an empty text, and for the home of an unknown user.
    """
    path_text = os.fspath(typed_path)
    if not path_text.strip():
        raise UsageError(
            f"{noun} is empty: name one. If a shell filled it in, its variable is not "
            "set."
        )
    # Of the text: for `pathlib`, ./~x is ~x.
    expanded_path = os.path.expanduser(path_text)
    if expanded_path.startswith("~"):
        raise UsageError(
            f"{path_text}: {path_text.partition('/')[0]} is the home of no user here. "
            "Write "
            "the whole path, or put ./ before a name that begins with ~."
        )
    return Path(expanded_path)
