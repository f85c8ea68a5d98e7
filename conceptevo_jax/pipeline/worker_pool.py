"""Run jobs in parallel in processes of one core each.

A process runs until no work is left: it imports and traces once. A training and
the observation of its snapshots are two tasks, so that a core without trainings
observes another's; the last task, for which the others wait, is then short.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import IO, TYPE_CHECKING, NamedTuple

from conceptevo_jax.devices import cores
from conceptevo_jax.errors import DataError
from conceptevo_jax.pipeline import worker
from conceptevo_jax.store import Store
from conceptevo_jax.store.keys import json_values
from conceptevo_jax.training import TimeLeft

if TYPE_CHECKING:
    from conceptevo_jax.pipeline.runs import Job

OnJob = Callable[[str, int, int], None]
"""Called with a job's name, its steps done and its total steps."""

_ERRORS: dict[str, type[Exception]] = {
    kind.__name__: kind for kind in worker.EXPECTED_ERRORS
}

_SEQUENTIAL_FLAG = "--xla_cpu_enable_concurrency_optimized_scheduler=false"


class WorkerError(RuntimeError):
    """A worker ended unexpectedly, which is a bug."""


def run_side_by_side(
    store: Store,
    jobs: Sequence["Job"],
    workers: int,
    on_job: OnJob,
    time_left: TimeLeft | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> None:
    """Execute all jobs in at most `workers` processes at a time.

    All trainings are started in the jobs' order, then their snapshots are observed.

    Args:
      store: The store of their results.
      jobs: The jobs; nothing is returned, results are read from the store.
      workers: Number of processes, each bound to its own core.
      on_job: Receives every job's progress, from several threads.
      time_left: Seconds that the jobs may still take.
      meanwhile: Called here when a core has nothing left to do while others work.

    Raises:
      UsageError, DataError, NonFiniteLossError, TimeUpError: as raised in a worker.
      WorkerError: if a worker dies otherwise, with the end of its output.
    """
    agenda, running = _Agenda(jobs), _Processes()

    def serve(core: int) -> None:
        try:
            with _Worker(store, core, running) as process:
                while (piece := agenda.next()) is not None:
                    seconds_left = None if time_left is None else time_left()
                    process.work_on(piece, seconds_left, on_job)
                    agenda.mark_trained(piece)
        except Exception:
            agenda.stop()
            if running.stop():
                raise

    used_cores = cores()[:workers]
    with ThreadPoolExecutor(len(used_cores)) as threads:
        pending = [threads.submit(serve, core) for core in used_cores]
        if meanwhile is not None:
            threads.submit(meanwhile)
        try:
            done, _ = wait(pending, return_when=FIRST_EXCEPTION)
            for result in done:
                result.result()
        except BaseException:
            agenda.stop()
            running.stop()
            raise


class _Piece(NamedTuple):
    """A job's training, or its observation."""

    job: "Job"
    observe: bool


class _Agenda:
    """The remaining tasks: trainings first; no run is observed before it is trained."""

    def __init__(self, jobs: Sequence["Job"]) -> None:
        self.agenda_changed = threading.Condition()
        trainings = [_Piece(job, observe=False) for job in jobs]
        observing_pieces = [
            _Piece(job, observe=True) for job in jobs if job.search is not None
        ]
        self.remaining_pieces = [*trainings, *observing_pieces]
        self.trained_names: set[str] = set()

    def next(self) -> _Piece | None:
        """The next task, once one can be started; None at the end."""
        with self.agenda_changed:
            while self.remaining_pieces:
                for piece in self.remaining_pieces:
                    if not piece.observe or piece.job.name in self.trained_names:
                        self.remaining_pieces.remove(piece)
                        return piece
                self.agenda_changed.wait()
            return None

    def mark_trained(self, piece: _Piece) -> None:
        """Mark a task as finished, and wake those that wait for it."""
        with self.agenda_changed:
            self.trained_names.add(piece.job.name)
            self.agenda_changed.notify_all()

    def stop(self) -> None:
        """Drop the remaining tasks."""
        with self.agenda_changed:
            self.remaining_pieces.clear()
            self.agenda_changed.notify_all()


class _Processes:
    """The running workers; once stopped, none can be started."""

    def __init__(self) -> None:
        self.lock, self.is_stopped = threading.Lock(), False
        self.running_processes: set[subprocess.Popen[str]] = set()

    @contextlib.contextmanager
    def start(
        self, store: Store, core: int
    ) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
        """A worker for a store until this context ends, and its error output."""
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
            self._start(store, core, errors) as process,
        ):
            yield process, errors

    def _start(self, store: Store, core: int, errors: IO[str]) -> subprocess.Popen[str]:
        with self.lock:
            if self.is_stopped:
                raise WorkerError("stopped by another's failure")
            process = subprocess.Popen(
                # -P: no file in the user's folder may pass for a library.
                [sys.executable, "-P", "-m", worker.__name__, store.root, str(core)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                env=_one_core(os.environ),
            )
            self.running_processes.add(process)
            return process

    def stop(self) -> bool:
        """End all workers; return whether this call, and not an earlier one, did so."""
        with self.lock:
            first, self.is_stopped = not self.is_stopped, True
            for process in self.running_processes:
                process.terminate()
            return first


class _Worker:
    """A process on one core, started with its first task."""

    def __init__(self, store: Store, core: int, running: _Processes) -> None:
        self.store, self.core, self.processes = store, core, running
        self.exit_stack = contextlib.ExitStack()
        self.process_and_errors: tuple[subprocess.Popen[str], IO[str]] | None = None

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *raised: object) -> None:
        """Let the process end, and wait for it."""
        # One that died may have left an order unread.
        with contextlib.suppress(BrokenPipeError):
            self.exit_stack.close()

    def work_on(self, piece: _Piece, seconds: float | None, on_job: OnJob) -> None:
        """Do a task, and return when it is done.

        Raises:
          WorkerError: if the process fails.
          DataError: if it was killed.
          UsageError, DataError, NonFiniteLossError, TimeUpError: as raised there.
        """
        if self.process_and_errors is None:
            start = self.processes.start(self.store, self.core)
            self.process_and_errors = self.exit_stack.enter_context(start)
        process, errors = self.process_and_errors
        assert process.stdin is not None
        assert process.stdout is not None
        order = {
            "job": json_values(piece.job),
            "observe": piece.observe,
            "seconds": seconds,
        }
        # One that is dead already is told of below.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        if not _follow(process.stdout, piece.job.name, on_job):
            code = process.wait()
            if code == -signal.SIGKILL:
                raise DataError(
                    f"run {piece.job.name}: its process was killed, usually because "
                    "memory ran out. Run the same command again with fewer processes, "
                    "such as workers=1; finished epochs are kept."
                )
            errors.seek(0)
            tail = "".join(errors.readlines()[-20:])
            raise WorkerError(
                f"run {piece.job.name}: its process ended with code {code}. "
                f"The end of its output:\n{tail}"
            )


def _one_core(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process with one core.

    XLA's scheduler for concurrent operations gains nothing there, and makes
    ConvNeXt's training step half as long again.
    """
    flags = f"{environment.get('XLA_FLAGS', '')} {_SEQUENTIAL_FLAG}".strip()
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**environment, **threads, "XLA_FLAGS": flags}


def _follow(lines: Iterable[str], name: str, on_job: OnJob) -> bool:
    """Pass on a worker's messages about a task; False if it ends before the task.

    Raises:
      UsageError, DataError, NonFiniteLossError, TimeUpError: as reported.
    """
    for line in lines:
        message = json.loads(line)
        if "error" in message:
            raise _ERRORS[message["error"]](f"run {name}: {message['text']}")
        if "finished" in message:
            return True
        on_job(name, message["done"], message["total"])
    return False
