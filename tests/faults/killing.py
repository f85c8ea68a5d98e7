"""Programs that are killed at random moments and called again, until they end."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

PATIENCE = 1800
"""Seconds after which a program is taken to hang."""

POLL = 0.05


@dataclass
class Chain:
    """What became of one chain of kills.

    Attributes:
      kills: How many kills fell on which unfinished stage, or between two.
      ends: Exit codes of the calls that were killed.
    """

    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Program:
    """A command that goes on where it was killed.

    Attributes:
      words: The command.
      folder: Where it works.
      environment: Of the process, beside this one's.
    """

    words: Sequence[str]
    folder: Path
    environment: dict[str, str]

    def start(self) -> subprocess.Popen[str]:
        """Start it in a group of processes of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            self.words,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def kill_often(
    program: Program,
    count: int,
    rng: np.random.Generator,
    stages: Sequence[str] = ("*",),
) -> Chain:
    """Kill a program so often, each time after some new files, and let it end then.

    It may end before: then it was killed as often as it let itself.

    Args:
      program: What is killed.
      count: How often.
      rng: When and how.
      stages: Patterns of paths in its folder, in the order in which they are made. Each
        has its share of the kills, which wait for files of it or of a later one.
    """
    chain = Chain()
    for number in range(count):
        ahead = stages[number * len(stages) // count :]
        with program.start() as process:
            if not _until_files(process, program.folder, ahead, _wanted(ahead[0], rng)):
                break
            end(process, rng)
            made = unfinished_stage(program.folder) or f"after files of {ahead[0]}"
            chain.kills[made] += 1
        chain.ends[process.returncode] += 1
        require_alone(program.folder)
    finish(program)
    return chain


def _wanted(stage: str, rng: np.random.Generator) -> int:
    """New files to wait for: in a training, seldom many, so that it is got over."""
    if stage != "*" and "train" not in stage:
        return int(rng.geometric(0.3))
    return int(rng.geometric(0.05)) + (200 if rng.random() < 0.2 else 0)


def finish(program: Program) -> str:
    """Let a program end; what it printed."""
    with program.start() as process:
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    return printed


def kill_beside(program: Program, sign: str, rng: np.random.Generator) -> str:
    """Start a program twice, kill the first, and let the second end; what it printed.

    Args:
      program: Both write to its folder.
      sign: Pattern of a file or folder there at which the first is killed.
      rng: How it is killed.
    """
    with program.start() as first, program.start() as second:
        while not list(program.folder.glob(sign)):
            assert first.poll() is None
            time.sleep(POLL)
        end(first, rng)
        printed, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, printed
    return printed


def end(process: subprocess.Popen[str], rng: np.random.Generator) -> None:
    """Kill a program or all of its group, or have a scheduler end it."""
    how: list[Callable[[], None]] = [
        process.kill,
        process.terminate,
        lambda: os.killpg(process.pid, signal.SIGKILL),
    ]
    with contextlib.suppress(ProcessLookupError):
        how[int(rng.integers(len(how)))]()
    process.communicate(timeout=PATIENCE)


def _until_files(
    process: subprocess.Popen[str], folder: Path, patterns: Sequence[str], wanted: int
) -> bool:
    """Wait until so many files or folders are new; False if it ends before."""
    before = set(paths(folder))
    new: set[Path] = set()
    while process.poll() is None:
        new |= set(paths(folder)) - before
        names = [str(path.relative_to(folder)) for path in new]
        if sum(any(fnmatch(name, p) for p in patterns) for name in names) >= wanted:
            return True
        time.sleep(POLL)
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return False


def paths(folder: Path) -> Iterator[Path]:
    """All that lies in a folder, of which some may vanish meanwhile."""
    for place, folders, files in os.walk(folder):
        if not place.endswith(".compiled"):
            yield from (Path(place, name) for name in (*folders, *files))


def unfinished_stage(folder: Path) -> str:
    """The stages in the making when a program was killed; empty between two."""
    partial = [path.name for path in paths(folder) if _IN_THE_MAKING.search(path.name)]
    return " and ".join(sorted({m[1] for m in map(_STAGE.match, partial) if m}))


_STAGE = re.compile(r"\.?([a-z_]+)-[0-9a-f]{12}\b")


def require_alone(folder: Path) -> None:
    """Wait until no process of a killed program is left, as workers end by themselves.

    Raises:
      AssertionError: if one is left after a minute.
    """
    deadline = time.monotonic() + 60
    while processes := _processes(folder):
        assert time.monotonic() < deadline, f"left over: {processes}"
        time.sleep(POLL)


def _processes(folder: Path) -> list[str]:
    """Commands of all processes that name a folder."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode()
            if f"{folder}/" in command:
                commands.append(command)
    return commands


_IN_THE_MAKING = re.compile(r"\.partial$|\.tmp$|orbax-checkpoint-tmp")


def leftovers(folder: Path) -> list[Path]:
    """Files and folders that are in the making for ever."""
    return [path for path in paths(folder) if _IN_THE_MAKING.search(path.name)]
