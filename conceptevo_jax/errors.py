"""Errors that name the thing, what was expected, and what to do.

`UsageError` is a mistake in a name, a setting or a combination of them (exit code
2 on the command line); `DataError` is something wrong with files, images or stored
records (exit code 3). Anything else is a bug.
"""

import difflib
import errno
import numbers
import os
from collections.abc import Iterable
from typing import TypeGuard, TypeVar

C = TypeVar("C")


class UsageError(ValueError):
    """A setting, a name or a combination of them that cannot be used."""


class DivergenceError(UsageError):
    """A rate under which learning or descent diverges."""


class DataError(ValueError):
    """A file, an image or a stored record that cannot be used."""


_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space, for example with `conceptevo "
    "clean`, or choose another run_dir, and run the same command again; finished "
    "stages are kept",
    errno.EDQUOT: "Your quota is used up: free some space, for example with "
    "`conceptevo clean`, or choose another run_dir; finished stages are kept",
    errno.EROFS: "Choose a run_dir on a disk that can be written to",
    errno.EACCES: "Change its permissions, or choose another place",
    errno.EPERM: "Change its permissions, or choose another place",
    errno.ENOENT: "Choose a place that is there",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ENOTDIR: "A file lies where a folder is needed: choose another place",
    errno.EISDIR: "A folder lies where a file is needed: choose another place",
    errno.ELOOP: "Its links lead in a circle: choose another place",
    errno.EMFILE: "Raise the number of files that may be open, as by `ulimit -n 4096`",
    errno.EIO: "The disk could not read or write it: check the disk",
}


def refused_by_system(error: OSError) -> DataError | None:
    """What the operating system refused, as an error to report; None if it is a bug.

    Args:
      error: As the system raised it: with a number and, mostly, a file.

    Returns:
      An error that names the file, the system's reason and what to do.
    """
    if error.errno is None or isinstance(error, BrokenPipeError):
        return None
    if error.errno == errno.ENOENT and error.filename is None:
        # A call that asks for the current folder names no file.
        return DataError("the current folder is not there any more: go to another.")
    name = error.filename if error.filename is not None else "a file"
    place = os.fsdecode(name) if isinstance(name, bytes | str | os.PathLike) else name
    remedy = _REMEDIES.get(error.errno, "Choose another place")
    return DataError(f"{place}: {error.strerror}. {remedy}.")


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


SEEDS = 2**32
"""Seeds lie below: `jax.random.key` takes only 32 bits of them, so -1 would draw what
2³² - 1 draws and 2³² what 0 does, and NumPy's older generator takes no others."""


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is an integer; `True` is one for Python, but means no number."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def require_seed(seed: object, name: str = "seed") -> None:
    """Refuse a seed that is no whole number from 0 to 2³² - 1.

    Args:
      seed: What was given.
      name: The setting.

    Raises:
      UsageError: naming the setting.
    """
    if not is_whole(seed) or not 0 <= seed < SEEDS:
        raise UsageError(
            f"{name} must be a whole number from 0 to {SEEDS - 1}, not {seed!r}."
        )


def require_count(name: str, value: object, *, minimum: int = 1) -> None:
    """Refuse a number of things that is no whole number, or too small.

    Args:
      name: The setting.
      value: What was given.
      minimum: The smallest number that is allowed.

    Raises:
      UsageError: naming the setting.
    """
    if not is_whole(value) or value < minimum:
        raise UsageError(
            f"{name} must be a whole number, {minimum} or more, not {value!r}."
        )


def require_type(value: object, kind: type, what: str, hint: str) -> None:
    """Refuse a value of another type than the one meant.

    Args:
      value: What was given.
      kind: What it must be an instance of.
      what: The argument, in words: `"the monitor's images"`.
      hint: What to do, a whole sentence.

    Raises:
      UsageError: naming the argument and both types.
    """
    if not isinstance(value, kind):
        raise UsageError(
            f"{what} must be of type {kind.__name__}, not {type(value).__name__}. "
            f"{hint}"
        )


def require_callable(value: object, what: str) -> None:
    """Refuse what cannot be called.

    Args:
      value: What was given.
      what: The argument, in words.

    Raises:
      UsageError: naming the argument.
    """
    if not callable(value):
        raise UsageError(
            f"{what} must be a function, not of type {type(value).__name__}."
        )


def callables(values: Iterable[C], what: str) -> tuple[C, ...]:
    """The functions of a list, or a refusal of a function outside of any.

    Args:
      values: What was given.
      what: The argument, in words.

    Raises:
      UsageError: naming the argument.
    """
    if callable(values) or not isinstance(values, Iterable):
        raise UsageError(f"{what} must be a list of functions: write [{what}].")
    functions = tuple(values)
    for value in functions:
        require_callable(value, f"each of {what}")
    return functions
