"""Errors that name the thing, what was expected, and what to do.

`UsageError` is a mistake in a name, a setting or a combination of them (exit code
2 on the command line); `DataError` is something wrong with files, images or stored
records (exit code 3). Anything else is a bug.
"""

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """A setting, a name or a combination of them that cannot be used."""


class DivergenceError(UsageError):
    """A rate under which learning or descent diverges."""


class DataError(ValueError):
    """A file, an image or a stored record that cannot be used."""


def unknown_name(kind: str, name: object, valid: Iterable[str]) -> UsageError:
    """Build the error for a name that is not in a registry.

    Args:
      kind: What was looked up, in words: `"model"`, `"site"`.
      name: The name that was given.
      valid: All names that would have been accepted.

    Returns:
      An error that lists the valid names and proposes the closest one.
    """
    names = sorted(valid)
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    listed = ", ".join(names) if names else "none"
    return UsageError(f"unknown {kind} {name!r}.{hint} Valid: {listed}.")
