"""The program of a worker: a process on one core that does one task at a time.

It binds itself to a core, reads orders as JSON lines from its standard input until that
ends, and writes its progress as JSON lines. If the input ends during a
task, its parent has died, and the worker exits immediately. Compiled
programs are kept, so that the second run of an architecture starts without compiling.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conceptevo_jax.devices import keep_memory
from conceptevo_jax.errors import DataError, UsageError, refused_by_system
from conceptevo_jax.store import Store
from conceptevo_jax.training import NonFiniteLossError, TimeLeft, TimeUpError

if TYPE_CHECKING:
    from conceptevo_jax.pipeline.images import Images

EXPECTED_ERRORS = (DataError, UsageError, NonFiniteLossError, TimeUpError)
"""Errors that are reported as raised; any other is a bug."""


EXIT_ORPHANED = 143
"""Exit code of a worker whose parent is gone; no process reads it."""


def use_cache(store: Store) -> None:
    """Keep compiled programs in the store; they are found again by content.

    A folder that was set for JAX, for example by `JAX_COMPILATION_CACHE_DIR`, is kept.
    """
    import jax

    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    jax.config.update("jax_compilation_cache_dir", str(store.root / ".compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def seconds_left_until(deadline: float) -> TimeLeft:
    """Returns the seconds left until a time of the monotonic clock."""
    return lambda: deadline - time.monotonic()


def main() -> int:
    """Execute orders from standard input; 0, or 1 after reporting an error."""
    keep_memory()
    root, core = Path(sys.argv[1]), int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    # What libraries print must not reach the progress messages.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        with lock:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    orders = _Orders()
    store = Store(root)
    use_cache(store)
    opened: dict[str, Images] = {}
    while (order := orders.next()) is not None:
        answer = _answer(store, order, partial(_progress, send), opened)
        orders.is_busy = False
        send(answer)
        if "error" in answer:
            return 1
    return 0


def _answer(
    store: Store,
    order: dict[str, Any],
    on_step: Callable[[int, int], None],
    images_by_dataset: dict[str, "Images"],
) -> dict[str, Any]:
    """Execute an order, and report that it is finished or what was wrong."""
    try:
        _obey(store, order, on_step, images_by_dataset)
    except EXPECTED_ERRORS as error:
        return {"error": type(error).__name__, "text": str(error)}
    except OSError as error:
        refusal = refused_by_system(error)
        if refusal is None:
            raise
        return {"error": type(refusal).__name__, "text": str(refusal)}
    return {"finished": True}


class _Orders:
    """Orders from the standard input, read by a thread that notices its end at once.

    Attributes:
      is_busy: Whether a task is running, for which a parent waits.
    """

    def __init__(self) -> None:
        self.is_busy = False
        self._queued_orders: queue.SimpleQueue[dict[str, Any] | None] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next order, once there is one; None after the last."""
        return self._queued_orders.get()

    def _read(self) -> None:
        # Unbuffered: a buffer's lock, held by a thread, aborts Python at its end.
        with os.fdopen(os.dup(0), "rb", buffering=0) as lines:
            for line in lines:
                self.is_busy = True
                self._queued_orders.put(json.loads(line))
        if self.is_busy:
            # Also out of a compiler, where no exception would be noticed.
            os._exit(EXIT_ORPHANED)
        self._queued_orders.put(None)


def _obey(
    store: Store,
    order: dict[str, Any],
    on_step: Callable[[int, int], None],
    opened: dict[str, "Images"],
) -> None:
    """Do one task: a job's training, or also its observation.

    Images stay open for the next task: checking them takes 1.4 s at demo scale.
    """
    from conceptevo_jax.pipeline.images import prepare_images
    from conceptevo_jax.pipeline.runs import execute, job_from_json

    job, seconds = job_from_json(order["job"]), order["seconds"]
    time_left = (
        None if seconds is None else seconds_left_until(time.monotonic() + seconds)
    )
    data = json.dumps(order["job"]["dataset"])
    if data not in opened:
        opened[data] = prepare_images(store, job.dataset)
    execute(store, opened[data], job, on_step, time_left, observe=order["observe"])


def _progress(send: Callable[[dict[str, Any]], None], done: int, total: int) -> None:
    send({"done": done, "total": total})


if __name__ == "__main__":
    sys.exit(main())
