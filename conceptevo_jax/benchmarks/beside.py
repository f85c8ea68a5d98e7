"""Another checkout's package compared with this one, in alternating measurements.

Each side runs its own checkout's whole command, `experiment=benchmark
'benchmark.parts=[PART]'`, in a separate process started by the same interpreter: no
code of one side runs in the other, and any commit whose benchmark has parts can be
measured, also from before this module. Each side has its own store, which is
removed at the end. A tool such as gensim is measured by both sides, so that its ratio
shows the effect of the machine alone. Every call of a part also takes time to start and
compile, twice in every round.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

import conceptevo_jax
from conceptevo_jax.benchmarks.comparison import (
    CheckoutBenchmark,
    checkout_speed_ratios,
    compare,
    different_settings,
)
from conceptevo_jax.benchmarks.rows import device_name
from conceptevo_jax.benchmarks.settings import BenchmarkSettings
from conceptevo_jax.errors import DataError
from conceptevo_jax.figures import draw_ratios, save_figure
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.session import Outcome, Session

PROGRAM = """
import sys
from pathlib import Path
import conceptevo_jax
from conceptevo_jax.cli import main
checkout, package = Path(sys.argv.pop(1)), Path(conceptevo_jax.__file__).resolve()
sys.exit(main() if package.is_relative_to(checkout) else f"imported {package} instead.")
"""
"""`conceptevo` of the checkout that its first argument names, and of no other."""

NOT_PASSED_ON = frozenset(
    {
        "experiment",
        "run_dir",
        "time_limit",
        *(f"benchmark.{name}" for name in ("beside", "minutes", "parts", "rounds")),
    }
)
"""Settings of this call that are not those of each side."""

_ERROR_LINES = 5
"""Of what a failed command printed last."""


def this_checkout() -> Path:
    """The folder that holds the running package."""
    return Path(conceptevo_jax.__file__).resolve().parents[1]


def side_overrides(overrides: Sequence[str]) -> list[str]:
    """Those of a call's overrides that each side gets, too."""
    return [w for w in overrides if w.lstrip("+~").split("=")[0] not in NOT_PASSED_ON]


def call_command(checkout: Path, command_words: Sequence[str]) -> None:
    """Call a checkout's `conceptevo` in a process of its own, and wait for its end.

    Args:
      checkout: Whose package is imported; an absolute path without links.
      command_words: Of the command.

    Raises:
      DataError: if it fails, with the last lines that it printed.
    """
    path = os.pathsep.join(filter(None, [str(checkout), os.environ.get("PYTHONPATH")]))
    finished_process = subprocess.run(
        # With -P the current folder, often a checkout itself, is not searched first.
        [sys.executable, "-P", "-c", PROGRAM, str(checkout), *command_words],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished_process.returncode:
        raise DataError(
            f"the benchmark of {checkout} ended with code "
            f"{finished_process.returncode}: {_last_lines(finished_process)} Both "
            "checkouts must support the settings of the call: "
            f"{' '.join(command_words)}"
        )


def _last_lines(finished_process: subprocess.CompletedProcess[str]) -> str:
    printed = finished_process.stderr or finished_process.stdout
    return " | ".join(printed.strip().splitlines()[-_ERROR_LINES:])


def measure_side(
    checkout: Path, part_name: str, overrides: Sequence[str], scratch_folder: Path
) -> CheckoutBenchmark:
    """Measure one part of the benchmark by a checkout's command.

    Args:
      checkout: Whose.
      part_name: Of the benchmark.
      overrides: Further overrides.
      scratch_folder: A folder of this side, which keeps its store from call to call.

    Raises:
      DataError: if the command fails, or left no rows.
    """
    folder = scratch_folder / part_name
    path = folder / "results.json"
    # What the round before left is never read again.
    path.unlink(missing_ok=True)
    call_command(
        checkout, [*_part_overrides([part_name]), *overrides, f"run_dir={folder}"]
    )
    side_results = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if "benchmark" not in side_results:
        raise DataError(
            f"the benchmark of {checkout} left no rows in {path}: a commit is needed "
            "whose docs/performance.md lists the parts of the benchmark."
        )
    config = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    settings = dict(_flatten_settings(config))
    return CheckoutBenchmark(
        checkout, side_results["software"], settings, side_results["benchmark"]
    )


def _part_overrides(parts: Sequence[str]) -> list[str]:
    return ["experiment=benchmark", f"benchmark.parts=[{','.join(parts)}]"]


def _flatten_settings(
    settings: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flatten_settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def compare_checkouts(
    session: Session,
    other_checkout: Path,
    parts: Sequence[str],
    overrides: Sequence[str],
) -> Outcome:
    """Measure parts by this checkout's command and by another's, in turns.

    The table is written after every round, so that a call that is killed keeps it.

    Args:
      session: Of this call.
      other_checkout: The other checkout.
      parts: Of the benchmark.
      overrides: Overrides of this call.

    Raises:
      DataError: if a side's command fails. The other's is asked for its plan before
        anything is measured.
    """
    new_checkout, old_checkout = this_checkout(), other_checkout.expanduser().resolve()
    overrides = side_overrides(overrides)
    call_command(old_checkout, [*_part_overrides(parts), *overrides, "dry_run=true"])
    path = session.folder / "tables" / "beside.csv"
    comparisons: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="conceptevo-") as scratch_folder:
        folders = Path(scratch_folder) / "new", Path(scratch_folder) / "old"
        for part in parts:
            comparisons_before = list(comparisons)
            rounds: list[tuple[CheckoutBenchmark, CheckoutBenchmark]] = []
            for _ in range(BenchmarkSettings.of(session.config).rounds):
                stage_name, arguments = f"measure {part}", (part, overrides)
                with session.stage(stage_name):
                    new = measure_side(new_checkout, *arguments, folders[0])
                with session.stage(stage_name):
                    old = measure_side(old_checkout, *arguments, folders[1])
                rounds.append((new, old))
                comparisons = comparisons_before + compare(part, rounds)
                write_csv(path, comparisons)
    return _outcome(session, comparisons, new, old)


def _outcome(
    session: Session,
    comparisons: list[dict[str, Any]],
    new: CheckoutBenchmark,
    old: CheckoutBenchmark,
) -> Outcome:
    """Print the ratios, and draw and keep them."""
    differing_settings = different_settings(new, old)
    commits = {"new": new.software["commit"], "old": old.software["commit"]}
    session.console.print(_ratio_table(comparisons, commits))
    for name, (new_setting, old_setting) in differing_settings.items():
        session.console.print(
            f"{name} differs: {new_setting} here, {old_setting} there."
        )
    look_next = [session.folder / "tables" / "beside.csv"]
    speeds = checkout_speed_ratios(comparisons, commits["old"] or str(old.folder))
    if speeds:
        title = f"Speed of {commits['new'] or new.folder}, {device_name()}"
        figure = draw_ratios(speeds, title=title)
        look_next[:0] = save_figure(figure, session.folder / "figures" / "ratios")[:1]
    further_results = {
        "beside": {
            "folder": str(old.folder),
            "software": {"new": new.software, "old": old.software},
            "settings_that_differ": differing_settings,
            "rows": comparisons,
        }
    }
    return Outcome(base=None, claims=[], further=further_results, look_next=look_next)


def _ratio_table(
    comparisons: Sequence[dict[str, Any]], commits: dict[str, Any]
) -> Table:
    table = Table(title=f"{commits['old']} (old) beside {commits['new']} (new)")
    for heading in ("part", "what", "new", "old", "old / new", "least, largest"):
        table.add_column(heading, overflow="fold")
    for comparison in comparisons:
        quantity_name = f"{comparison['what']} {comparison['peer']}".strip()
        values = [comparison[name] for name in ("new", "old", "ratio", "low", "high")]
        new, old, ratio, low, high = ["-" if v is None else f"{v:.3g}" for v in values]
        range_text = comparison["why"] or f"{low}, {high}"
        table.add_row(comparison["part"], quantity_name, new, old, ratio, range_text)
    return table
