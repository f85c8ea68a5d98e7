"""Run jobs side by side in processes of one core each, or one after the other here.

A worker is this module run as a program: it reads a job as JSON from its standard
input, binds itself to one core, and writes its progress as JSON lines. Compiled
programs are kept in the store, so that the second run of an architecture starts at
once.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from conceptevo_jax.devices import cores
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import Store
from conceptevo_jax.store.keys import plain
from conceptevo_jax.training import NonFiniteLossError, TimeLeft, TimeUpError

if TYPE_CHECKING:
    from conceptevo_jax.stages.runs import Job

OnJob = Callable[[str, int, int], None]
"""Called with a job's name, its steps done and its steps in all."""

_EXPECTED = (DataError, UsageError, NonFiniteLossError, TimeUpError)
_ERRORS: dict[str, type[Exception]] = {kind.__name__: kind for kind in _EXPECTED}


_SEQUENTIAL = "--xla_cpu_enable_concurrency_optimized_scheduler=false"


class WorkerError(RuntimeError):
    """A worker ended in a way that is a bug, or ran out of memory."""


def use_cache(store: Store) -> None:
    """Keep compiled programs in the store; they are found again by content."""
    import jax

    jax.config.update("jax_compilation_cache_dir", str(store.root / ".compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def run_side_by_side(
    store: Store,
    jobs: Sequence["Job"],
    workers: int,
    on_job: OnJob,
    time_left: TimeLeft | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> None:
    """Execute all jobs in at most `workers` processes at a time, in order.

    Args:
      store: Where their results go.
      jobs: What to do; nothing is returned, results are read from the store.
      workers: Number of processes; each is bound to a core of its own.
      on_job: Told of every job's progress, from several threads.
      time_left: How many seconds the jobs may still take.
      meanwhile: Called here when a core has no job any more but others still work.

    Raises:
      UsageError, DataError, NonFiniteLossError, TimeUpError: as raised in a worker.
      WorkerError: if a worker dies otherwise, with the end of what it wrote.
    """
    free: SimpleQueue[int] = SimpleQueue()
    for core in cores()[:workers]:
        free.put(core)
    running = _Processes()

    def run_one(job: "Job") -> None:
        core = free.get()
        try:
            left = None if time_left is None else time_left()
            order = {"root": str(store.root), "core": core, "seconds": left}
            _run_worker({**order, "job": plain(job)}, job.name, on_job, running)
        except Exception:
            if running.stop():
                raise
        finally:
            free.put(core)

    with ThreadPoolExecutor(workers) as threads:
        pending = [threads.submit(run_one, job) for job in jobs]
        if meanwhile is not None:
            threads.submit(meanwhile)
        try:
            done, _ = wait(pending, return_when=FIRST_EXCEPTION)
            for result in done:
                result.result()
        except BaseException:
            running.stop()
            raise


class _Processes:
    """The workers that run; once stopped, none can be started."""

    def __init__(self) -> None:
        self.lock, self.stopped = threading.Lock(), False
        self.running: set[subprocess.Popen] = set()

    def start(self, errors: IO[str]) -> subprocess.Popen | None:
        with self.lock:
            if self.stopped:
                return None
            process = subprocess.Popen(
                # -P: no file in the user's folder may pass for a library.
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_one_core(os.environ),
            )
            self.running.add(process)
            return process

    def stop(self) -> bool:
        """End them all; whether this call, and not an earlier one, did so."""
        with self.lock:
            first, self.stopped = not self.stopped, True
            for process in self.running:
                process.terminate()
            return first


def _one_core(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process with one core.

    XLA's scheduler for operations at the same time gains nothing there, and makes
    ConvNeXt's training step half as long again.
    """
    flags = f"{environment.get('XLA_FLAGS', '')} {_SEQUENTIAL}".strip()
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**environment, **threads, "XLA_FLAGS": flags}


def _run_worker(
    order: dict[str, Any], name: str, on_job: OnJob, running: _Processes
) -> None:
    with tempfile.TemporaryFile("w+") as errors:
        process = running.start(errors)
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            # One that is dead already is told of below.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order))
                process.stdin.close()
            failure = _follow(process.stdout, name, on_job)
        if failure is not None:
            raise failure
        if process.returncode:
            errors.seek(0)
            tail = "".join(errors.readlines()[-20:])
            raise WorkerError(
                f"run {name}: its process ended with code {process.returncode}. "
                f"The end of what it wrote:\n{tail}"
            )


def _follow(lines: Iterable[str], name: str, on_job: OnJob) -> Exception | None:
    failure = None
    for line in lines:
        message = json.loads(line)
        if "error" in message:
            kind = _ERRORS.get(message["error"], WorkerError)
            failure = kind(f"run {name}: {message['text']}")
        else:
            on_job(name, message["done"], message["total"])
    return failure


def main() -> int:
    """Do the job on standard input; exit code 0, or 1 after reporting an error."""
    order = json.load(sys.stdin)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {order["core"]})
    # What libraries print must not reach the progress messages.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from conceptevo_jax.stages.images import prepare_images
    from conceptevo_jax.stages.runs import execute, job_from_json

    lock = threading.Lock()

    def send(message: dict) -> None:
        with lock:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    store, job = Store(Path(order["root"])), job_from_json(order["job"])
    use_cache(store)
    seconds = order["seconds"]
    time_left = None if seconds is None else until(time.monotonic() + seconds)
    try:
        images = prepare_images(store, job.dataset)
        progress = partial(_progress, send)
        execute(store, images, job, progress, time_left)
    except _EXPECTED as error:
        send({"error": type(error).__name__, "text": str(error)})
        return 1
    return 0


def _progress(send: Callable[[dict], None], done: int, total: int) -> None:
    send({"done": done, "total": total})


def until(deadline: float) -> TimeLeft:
    """Tells the seconds left until a time of the monotonic clock."""
    return lambda: deadline - time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
