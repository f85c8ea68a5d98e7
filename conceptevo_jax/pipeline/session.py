"""One call of an experiment: its images, its store, its progress and its folder."""

import atexit
import contextlib
import dataclasses
import functools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from conceptevo_jax.config import Config
from conceptevo_jax.devices import cores, is_first, process_count
from conceptevo_jax.pipeline.cached_space import embed_base
from conceptevo_jax.pipeline.images import Images, prepare_images
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.plan import longest_first
from conceptevo_jax.pipeline.result_folder import (
    claim_folder,
    default_folder,
    find_folder,
)
from conceptevo_jax.pipeline.runs import Job, execute, is_finished, require_time
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.pipeline.worker import seconds_left_until, use_cache
from conceptevo_jax.pipeline.worker_pool import run_side_by_side
from conceptevo_jax.store import Store, save_record
from conceptevo_jax.types import Layout, Space


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """The return value of an experiment's `run`.

    Attributes:
      base: Name of the base snapshot, or None without one.
      claims: The claims, in the order of the report.
      further: More entries for `results.json`.
      look_next: Files worth opening, the most useful first.
    """

    base: str | None
    claims: Sequence[Claim]
    further: dict[str, Any]
    look_next: Sequence[Path]


class Session:
    """What the stages of one call share.

    Attributes:
      config: The whole configuration.
      store: The shared store, next to the result folder.
      images: All image sets, prepared.
      timings: Seconds per stage, in this call.
      time_left: Seconds until the configuration's time limit, or None without one.
    """

    def __init__(self, config: Config, console: Console) -> None:
        self.config, self.console = config, console
        self.store = Store(default_folder(config).parent / "store")
        self.timings: dict[str, float] = {}
        limit = config.time_limit
        self.time_left = (
            None if limit is None else seconds_left_until(time.monotonic() + limit)
        )
        use_cache(self.store)
        with self.stage("images"):
            self.images: Images = prepare_images(self.store, config.dataset)
        claimed = find_folder(config, self.images.content_key)
        self._tell(claimed.note, *self.images.notes)
        self._tell_skipped()

    @functools.cached_property
    def folder(self) -> Path:
        """The result folder; created, and marked as this call's, at its first use.

        In all processes except the first it is a temporary folder.
        """
        if not is_first():
            return _scratch_folder()
        return claim_folder(self.config, self.images.content_key).folder

    def _tell(self, *notes: str | None) -> None:
        for note in filter(None, notes):
            self.console.print(note, soft_wrap=True)

    def _tell_skipped(self) -> None:
        skipped = self.images.skipped
        if skipped:
            first, why = next(iter(skipped.items()))
            self.console.print(
                f"{len(skipped)} images cannot be decoded and are skipped: {first} "
                f"({why}) …; all are listed in results.json."
            )

    @contextlib.contextmanager
    def stage(self, name: str, *, subject: str = "") -> Iterator[None]:
        """Add the time of the block to a stage, and log it.

        Example: `with session.stage("space"): space = base_space(…)`.

        Args:
          name: Name of the stage in `timings`.
          subject: What it is done for, if a stage is entered often; only for the log.

        Raises:
          TimeUpError: if the call's time is up already.
        """
        require_time(self.time_left, name)
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.timings[name] = self.timings.get(name, 0.0) + seconds
        if seconds >= 1 and not self.console.is_terminal:
            self._tell(f"{name}{', ' if subject else ''}{subject}: {seconds:.1f} s")

    def train(
        self, jobs: Sequence[Job], meanwhile: Callable[[], object] | None = None
    ) -> dict[str, TrainedRun]:
        """Train and observe all jobs, several at a time on CPU; results by name.

        Args:
          jobs: The jobs.
          meanwhile: Prepares the next stage; called when a core has nothing left to do
            while others still train.

        Raises:
          UsageError, DataError: as raised in a job.
        """
        with self.stage("train and observe"):
            return self._train(self._monitored_jobs(jobs), meanwhile)

    def _monitored_jobs(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """The jobs, with the monitor in the base's space if it is configured.

        In that case the base is trained before the others.
        """
        if not self.config.monitor:
            return jobs
        base = [job for job in jobs if job.name == self.config.base and job.search]
        key = None
        for job in base:
            (trained,) = self._train([job], None, alone=False).values()
            epoch = next(iter(trained.observations))
            method, seed = self.config.method, self.config.seed
            _, key = embed_base(self.store, self.images, trained, epoch, method, seed)
        return [
            job if job in base else dataclasses.replace(job, monitor=True, space=key)
            for job in jobs
        ]

    def save_space(self, space: Space, layout: Layout) -> None:
        """Write to the result folder what `conceptevo project` needs.

        Args:
          space: The space.
          layout: Its map.
        """
        save_record(self.folder / "space", space, stage="space")
        save_record(self.folder / "layout", layout, stage="layout")

    def _train(
        self,
        jobs: Sequence[Job],
        meanwhile: Callable[[], object] | None,
        *,
        alone: bool = True,
    ) -> dict[str, TrainedRun]:
        """Train and observe; a job that is not `alone` gets one core."""
        workers = worker_count(self.config.workers, len(jobs) if alone else 2)
        with self._progress() as bars:
            tasks = {job.name: bars.add_task(job.name, start=False) for job in jobs}

            log = None if self.console.is_terminal else _Log(self._tell)

            def report(name: str, done: int, total: int) -> None:
                bars.start_task(tasks[name])
                bars.update(tasks[name], completed=done, total=total)
                if log is not None:
                    log.report_step(name, done, total)

            if workers > 1:
                unfinished_jobs = [
                    j for j in jobs if not is_finished(self.store, self.images, j)
                ]
                run_side_by_side(
                    self.store,
                    longest_first(unfinished_jobs),
                    workers,
                    report,
                    self.time_left,
                    meanwhile if unfinished_jobs else None,
                )
            trained = {}
            for job in jobs:

                def tell(done: int, total: int, name: str = job.name) -> None:
                    report(name, done, total)

                trained[job.name] = execute(
                    self.store, self.images, job, tell, self.time_left
                )
                bars.update(tasks[job.name], completed=1, total=1)
        return trained

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps, left"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )


LOG_SECONDS = 30.0
"""Seconds between two lines of progress where no bar is shown, as in a file."""


class _Log:
    """Prints a line when a training ends, and periodically the progress of all."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self.print_line, self.lock = print_line, threading.Lock()
        self.steps: dict[str, tuple[int, int]] = {}
        self.ended_runs: set[str] = set()
        self.last = time.monotonic()

    def report_step(self, name: str, steps_done: int, steps_total: int) -> None:
        """Record a training's progress; called from several threads."""
        with self.lock:
            self.steps[name] = steps_done, steps_total
            if steps_done == steps_total and name not in self.ended_runs:
                self.ended_runs.add(name)
                self.print_line(f"{name}: trained and observed")
            elif time.monotonic() - self.last >= LOG_SECONDS:
                self.last = time.monotonic()
                progress_texts = [
                    f"{run_name} step {step} of {last}"
                    for run_name, (step, last) in self.steps.items()
                    if run_name not in self.ended_runs
                ]
                if progress_texts:
                    self.print_line(", ".join(progress_texts))


def _scratch_folder() -> Path:
    """A folder that is deleted when this process ends."""
    folder = tempfile.mkdtemp(prefix="conceptevo-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def worker_count(configured: int | None, jobs: int) -> int:
    """Number of processes for training: one per core on CPU, one elsewhere.

    Joined processes train each run together, one run after the other.

    Args:
      configured: Number of processes in the configuration; None for one per core.
      jobs: Number of trainings.
    """
    if process_count() > 1:
        return 1
    if configured is not None:
        return max(1, min(configured, jobs))
    if jax.default_backend() != "cpu":
        return 1
    return max(1, min(len(cores()), jobs))
