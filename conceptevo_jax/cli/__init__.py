"""Command line: `conceptevo experiment=… key=value …`, or a command.

A first word without `=` and dashes is a command, whose words a parser of `argparse`
reads; everything else goes to Hydra, but `--help` and `--version`. Exit codes: 0
done, 2 a mistake in the command line or a setting with which a loss became non-finite,
3 a problem with data, stored records or the disk, 4 the time limit was reached and
the same call resumes, 130 interrupted, 143 ended by SIGTERM.
"""

import contextlib
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from conceptevo_jax.cli.ends import SIGNAL_LINES, SignalWatcher

if TYPE_CHECKING:
    from conceptevo_jax.cli.command import CommandArguments

EXIT_DONE, EXIT_USAGE, EXIT_DATA, EXIT_TIME_UP = 0, 2, 3, 4
EXIT_INTERRUPTED, EXIT_NO_READER, EXIT_TERMINATED = 130, 141, 143


def program() -> NoReturn:
    """The program `conceptevo`: `main` in a process of its own."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            # The first file that is opened would take the place of a closed stream.
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, os.fdopen(number, "w", closefd=False))
        # What is printed holds more than some locales have letters for.
        getattr(sys, name).reconfigure(encoding="utf-8", errors="surrogateescape")
    # Of writes that fail it would print what is raised in the end.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    code = main()
    # Nothing is left that an exception could put in order.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            # Python would try again at its end, and leave with a code of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if isinstance(error, BrokenPipeError):
                code = code or EXIT_NO_READER
            else:
                code = code or EXIT_DATA
                print(
                    f"conceptevo: what is printed: {error.strerror}.", file=sys.stderr
                )
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal_watcher = SignalWatcher()
    with signal_watcher.watching():
        try:
            command = _command(words)
            signal_watcher.exits_at_once = False
            return command()
        except BaseException as error:
            # Whatever a signal became on its way through libraries.
            if signal_watcher.signal_received:
                return signal_watcher.print_line()
            code_and_line = _exit_code_and_message(error)
            if code_and_line is None:
                raise
        code, line = code_and_line
        if line:
            # Where nobody reads it any more, the code still says it.
            with contextlib.suppress(OSError):
                print(_on_one_line(line), file=sys.stderr)
        return code


def _on_one_line(text: str) -> str:
    """The message of an error as printable text, whatever names it contains."""
    from conceptevo_jax.printable import printable_name

    with contextlib.suppress(UnicodeEncodeError):
        # Under some locales Python takes UTF-8 that is typed for foreign bytes.
        text = text.encode("utf-8", "surrogateescape").decode(
            "utf-8", "surrogateescape"
        )
    return printable_name(" ".join(filter(None, map(str.strip, text.splitlines()))))


def _exit_code_and_message(error: BaseException) -> tuple[int, str] | None:
    """Exit code and message of an error; None for a bug."""
    from conceptevo_jax.errors import DataError, UsageError, refused_by_system

    if (variable := _refused_variable(error)) is not None:
        return EXIT_USAGE, (
            f"conceptevo: the environment variable {variable} cannot be used: {error}. "
            "Unset it, or set it to a valid value."
        )
    if isinstance(error, UsageError):
        return EXIT_USAGE, f"conceptevo: {error}"
    # Only now: importing JAX takes seconds, and fails if it refuses a variable.
    from conceptevo_jax.training import (
        AskedToEndError,
        NonFiniteLossError,
        TimeUpError,
    )

    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED, SIGNAL_LINES[signal.SIGINT]
    if isinstance(error, BrokenPipeError):
        # Whoever read what is printed has enough, such as `head`.
        return EXIT_NO_READER, ""
    if isinstance(error, OSError):
        error = refused_by_system(error) or error
    codes_by_type = {
        NonFiniteLossError: EXIT_USAGE,
        DataError: EXIT_DATA,
        TimeUpError: EXIT_TIME_UP,
        AskedToEndError: EXIT_TERMINATED,
    }
    for error_type, code in codes_by_type.items():
        if isinstance(error, error_type):
            return code, f"conceptevo: {error}"
    return None


def _refused_variable(error: BaseException) -> str | None:
    """The variable of JAX or Matplotlib that an error is about; None for others."""
    if type(error) not in (ValueError, RuntimeError):
        return None
    variables = {k: v for k, v in os.environ.items() if k.startswith(("JAX_", "MPL"))}
    culprits = [f"{k}={v}" for k, v in variables.items() if v and repr(v) in str(error)]
    return culprits[0] if culprits else None


def _command(command_words: list[str]) -> Callable[[], int]:
    """The command that the words name; only its module is imported.

    Helps, the version and wrong words of commands need no module at all.

    Raises:
      UsageError: for an unknown command, or a word that it does not take.
    """
    from conceptevo_jax.cli.command import parse
    from conceptevo_jax.cli.commands import choose_command
    from conceptevo_jax.cli.help.pages import is_command_call, requested_page

    page = requested_page(command_words)
    if page is not None:
        return lambda: _print_page(page)
    target = "experiment:run_experiment"
    arguments: CommandArguments | list[str] = command_words
    if is_command_call(command_words):
        command, further_words = choose_command(command_words)
        target, arguments = command.target, parse(command, further_words)
    from conceptevo_jax.devices import keep_memory

    keep_memory()
    module_name, _, name = target.partition(":")
    module = importlib.import_module(f"conceptevo_jax.cli.{module_name}")
    function: Callable[[Any], int] = getattr(module, name)
    return lambda: function(arguments)


def _print_page(page: str) -> int:
    print(page)
    return EXIT_DONE
