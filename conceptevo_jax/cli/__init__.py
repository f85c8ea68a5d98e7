"""Command line: `conceptevo experiment=… key=value …`, or a subcommand.

A first word without `=` is a subcommand; everything else is Hydra. Exit codes: 0 done,
2 a mistake in what was typed or a setting under which a loss stopped being finite, 3
something wrong with data or stored records, 4 the time limit was reached and the same
call goes on from there, 130 interrupted.
"""

import sys
from collections.abc import Callable, Sequence

from conceptevo_jax.devices import keep_memory
from conceptevo_jax.errors import DataError, UsageError, unknown_name
from conceptevo_jax.training import NonFiniteLossError, TimeUpError

DONE, USAGE, DATA, TIME_UP, INTERRUPTED = 0, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    keep_memory()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except (UsageError, NonFiniteLossError) as error:
        print(f"conceptevo: {error}", file=sys.stderr)
        return USAGE
    except DataError as error:
        print(f"conceptevo: {error}", file=sys.stderr)
        return DATA
    except TimeUpError as error:
        print(f"conceptevo: {error}", file=sys.stderr)
        return TIME_UP
    except KeyboardInterrupt:
        print("conceptevo: interrupted; finished stages are kept.", file=sys.stderr)
        return INTERRUPTED


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_usage())
        return DONE
    first = words[0]
    if "=" in first or first.startswith("-"):
        from conceptevo_jax.cli.experiment import run_experiment

        return run_experiment(words)
    commands = _commands()
    if first not in commands:
        raise unknown_name("command", first, commands)
    return commands[first](words[1:])


def _commands() -> dict[str, Callable[[list[str]], int]]:
    """Subcommands; imported only when one is used, since jax takes a second."""
    from conceptevo_jax.cli.explore import compare, explore
    from conceptevo_jax.cli.kept import clean, ls
    from conceptevo_jax.cli.monitor import monitor
    from conceptevo_jax.cli.prepare import prepare
    from conceptevo_jax.cli.project import project
    from conceptevo_jax.cli.study import study

    return {
        "explore": explore,
        "compare": compare,
        "project": project,
        "monitor": monitor,
        "study": study,
        "prepare": prepare,
        "ls": ls,
        "clean": clean,
    }


def _usage() -> str:
    from conceptevo_jax.cli.locate import experiments

    names = ", ".join(experiments())
    return (
        "usage: conceptevo experiment=NAME [scale=NAME] [key=value ...]\n"
        "       conceptevo explore RESULT_FOLDER [--no-patches] [--folder] [--tables]\n"
        "                          [out=PATH]\n"
        "       conceptevo explore --live TRAINING [space=RESULT_FOLDER] "
        "[interval=SECONDS]\n"
        "       conceptevo compare A B [--no-patches] [out=PATH]\n"
        "       conceptevo project space=RESULT_FOLDER run=TRAINING\n"
        "       conceptevo monitor TRAINING [space=RESULT_FOLDER] [interval=SECONDS]\n"
        "       conceptevo study build RESULT_FOLDER [out=FOLDER] [each=9] [forms=N]\n"
        "                          [contact=TEXT] [consent=FILE] [complete=TEXT] "
        "[link=URL]\n"
        "                          [seed=0]\n"
        "       conceptevo study analyse RESULT_FOLDER ANSWERS.json ... [out=FOLDER]\n"
        "                          [encoder=tfidf|minilm]\n"
        "       conceptevo prepare NAME [data_dir=FOLDER] [manual_dir=FOLDER]\n"
        "       conceptevo ls [store=FOLDER]\n"
        "       conceptevo clean [store=FOLDER] [stage=NAME] [key=KEY] [yes=true]\n"
        f"\nexperiments: {names}\n"
        "dry_run=true prints what an experiment would do, take and need.\n"
        "--cfg job prints the whole configuration; see the README for its groups."
    )
