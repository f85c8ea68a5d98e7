"""The program of a worker: a process of one core that does one piece of work at a time.

It binds itself to a core, reads orders as JSON lines from its standard input until that
ends, and writes its progress as JSON lines. Compiled programs are kept, so that the
second run of an architecture starts at once.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conceptevo_jax.devices import keep_memory
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import Store
from conceptevo_jax.training import NonFiniteLossError, TimeLeft, TimeUpError

if TYPE_CHECKING:
    from conceptevo_jax.stages.images import Images

EXPECTED = (DataError, UsageError, NonFiniteLossError, TimeUpError)
"""Errors that are told as they were raised; any other is a bug."""


def use_cache(store: Store) -> None:
    """Keep compiled programs in the store; they are found again by content.

    A folder that JAX was given for them, as by `JAX_COMPILATION_CACHE_DIR`, stays.
    """
    import jax

    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    jax.config.update("jax_compilation_cache_dir", str(store.root / ".compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def until(deadline: float) -> TimeLeft:
    """Tells the seconds left until a time of the monotonic clock."""
    return lambda: deadline - time.monotonic()


def main() -> int:
    """Do what is ordered on standard input; 0, or 1 after reporting an error."""
    keep_memory()
    root, core = Path(sys.argv[1]), int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    # What libraries print must not reach the progress messages.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: dict) -> None:
        with lock:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    store = Store(root)
    use_cache(store)
    opened: dict[str, Images] = {}
    for line in sys.stdin:
        try:
            _obey(store, json.loads(line), partial(_progress, send), opened)
        except EXPECTED as error:
            send({"error": type(error).__name__, "text": str(error)})
            return 1
        send({"finished": True})
    return 0


def _obey(
    store: Store,
    order: dict,
    on_step: Callable[[int, int], None],
    opened: dict[str, "Images"],
) -> None:
    """Do one piece: a job's training, or its observation, too.

    Images stay open for the next: checking them takes 1.4 s at demo scale.
    """
    from conceptevo_jax.stages.images import prepare_images
    from conceptevo_jax.stages.runs import execute, job_from_json

    job, seconds = job_from_json(order["job"]), order["seconds"]
    time_left = None if seconds is None else until(time.monotonic() + seconds)
    data = json.dumps(order["job"]["dataset"])
    if data not in opened:
        opened[data] = prepare_images(store, job.dataset)
    execute(store, opened[data], job, on_step, time_left, observe=order["observe"])


def _progress(send: Callable[[dict], None], done: int, total: int) -> None:
    send({"done": done, "total": total})


if __name__ == "__main__":
    sys.exit(main())
