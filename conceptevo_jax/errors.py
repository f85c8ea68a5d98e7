"""Errors that name the thing, what was expected, and what to do.

`UsageError` is a mistake in a name, a setting or a combination of them (exit code
2 on the command line); `DataError` is a problem with files, images or stored
records (exit code 3). Any other exception is a bug.
"""

import difflib
import errno
import numbers
import os
from collections.abc import Iterable, Mapping
from typing import TypeGuard, TypeVar

C = TypeVar("C")


class UsageError(ValueError):
    """A setting, a name or a combination of them that cannot be used.

    Example:
      >>> ce.build_model("vgg17", classes=10)
      Traceback (most recent call last):
      conceptevo_jax.errors.UsageError: unknown model 'vgg17'. Did you mean 'vgg1...
    """


class DivergenceError(UsageError):
    """A learning rate at which Eq. 1 or gradient descent diverges.

    Example:
      >>> ce.base_space(model, variables, stimuli, sample, pixels, learning_rate=1e30)
      Traceback (most recent call last):
      conceptevo_jax.errors.DivergenceError: the neuron embedding's loss is not fin...
    """


class DataError(ValueError):
    """A file, an image or a stored record that cannot be used.

    Example:
      >>> ce.load_images("folder:nowhere", "train", data_dir=None)
      Traceback (most recent call last):
      conceptevo_jax.errors.DataError: ...nowhere...
    """


_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space, for example with `conceptevo "
    "clean`, or choose another run_dir, and run the same command again; finished "
    "stages are kept",
    errno.EDQUOT: "Your quota is used up: free some space, for example with "
    "`conceptevo clean`, or choose another run_dir; finished stages are kept",
    errno.EROFS: "Choose a run_dir on a disk that can be written to",
    errno.EACCES: "Change its permissions, or choose another place",
    errno.EPERM: "Change its permissions, or choose another place",
    errno.ENOENT: "Choose a place that exists",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ENOTDIR: "A file lies where a folder is needed: choose another place",
    errno.EISDIR: "A folder lies where a file is needed: choose another place",
    errno.ELOOP: "Its links lead in a circle: choose another place",
    errno.EMFILE: "Raise the limit of open files, for example by `ulimit -n 4096`",
    errno.EIO: "The disk could not read or write it: check the disk",
}


def refused_by_system(error: OSError) -> DataError | None:
    """An error to report for a refusal of the operating system; None if it is a bug.

    Args:
      error: As the system raised it, with a number and usually a file.

    Returns:
      An error that names the file, the system's reason and what to do.
    """
    if error.errno is None or isinstance(error, BrokenPipeError):
        return None
    if error.errno == errno.ENOENT and error.filename is None:
        # A call that asks for the current folder names no file.
        return DataError("the current folder no longer exists: change to another.")
    name = error.filename if error.filename is not None else "a file"
    path = os.fsdecode(name) if isinstance(name, bytes | str | os.PathLike) else name
    remedy = _REMEDIES.get(error.errno, "Choose another place")
    return DataError(f"{path}: {error.strerror}. {remedy}.")


def suggestion(
    name: object, valid: Iterable[str], proposals: Mapping[str, str] | None = None
) -> str:
    """The question that every message about an unknown name asks.

    Args:
      name: The unknown name.
      valid: All valid names.
      proposals: Further names that may have been meant, each with what to propose for
        it.

    Returns:
      ` Did you mean 'NAME'?` with the closest name, or nothing if none is close.
    """
    proposed = {**{text: text for text in valid}, **(proposals or {})}
    close = difflib.get_close_matches(str(name), sorted(proposed), n=1)
    return f" Did you mean {proposed[close[0]]!r}?" if close else ""


def unknown_name(
    kind: str,
    name: object,
    valid: Iterable[str],
    *,
    proposals: Mapping[str, str] | None = None,
) -> UsageError:
    """Build the error for a name that is not in a registry.

    Args:
      kind: The kind of thing that was looked up: `"model"`, `"site"`.
      name: The unknown name.
      valid: All valid names.
      proposals: See `suggestion`; these names are proposed, but not listed.

    Returns:
      An error that lists the valid names and proposes the closest one.
    """
    names = sorted(valid)
    hint = suggestion(name, names, proposals)
    listed = ", ".join(names) if names else "none"
    return UsageError(f"unknown {kind} {name!r}.{hint} Valid: {listed}.")


SEED_LIMIT = 2**32
"""Seeds must be smaller: `jax.random.key` uses only 32 bits, so -1 would equal
2³² - 1 and 2³² would equal 0, and NumPy's older generator takes no others."""


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is an integer; `True`, which Python counts as one, is not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def require_seed(seed: object, name: str = "seed") -> None:
    """Refuse a seed that is not a whole number from 0 to 2³² - 1.

    Args:
      seed: The value to check.
      name: The setting.

    Raises:
      UsageError: naming the setting.
    """
    if not is_whole(seed) or not 0 <= seed < SEED_LIMIT:
        raise UsageError(
            f"{name} must be a whole number from 0 to {SEED_LIMIT - 1}, not {seed!r}."
        )


def require_count(name: str, value: object, *, minimum: int = 1) -> None:
    """Refuse a count that is not a whole number, or is too small.

    Args:
      name: The setting.
      value: The value to check.
      minimum: The smallest allowed number.

    Raises:
      UsageError: naming the setting.
    """
    if not is_whole(value) or value < minimum:
        raise UsageError(
            f"{name} must be a whole number, {minimum} or more, not {value!r}."
        )


def require_type(value: object, expected_type: type, noun: str, hint: str) -> None:
    """Refuse a value of the wrong type.

    Args:
      value: The value to check.
      expected_type: The type it must be an instance of.
      noun: The argument's description: `"the monitor's images"`.
      hint: What to do, as a whole sentence.

    Raises:
      UsageError: naming the argument and both types.
    """
    if not isinstance(value, expected_type):
        raise UsageError(
            f"{noun} must be of type {expected_type.__name__}, not "
            f"{type(value).__name__}. "
            f"{hint}"
        )


def require_callable(value: object, noun: str) -> None:
    """Refuse a value that cannot be called.

    Args:
      value: The value to check.
      noun: The argument's description.

    Raises:
      UsageError: naming the argument.
    """
    if not callable(value):
        raise UsageError(
            f"{noun} must be a function, not of type {type(value).__name__}."
        )


def require_callables(values: Iterable[C], noun: str) -> tuple[C, ...]:
    """A list of functions as a tuple; refuses a single function.

    Args:
      values: The value to check.
      noun: The argument's description.

    Raises:
      UsageError: naming the argument.
    """
    if callable(values) or not isinstance(values, Iterable):
        raise UsageError(f"{noun} must be a list of functions: write [{noun}].")
    functions = tuple(values)
    for value in functions:
        require_callable(value, f"each of {noun}")
    return functions
