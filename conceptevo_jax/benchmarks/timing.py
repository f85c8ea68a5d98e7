"""Time and memory of calls, measured alternately.

Absolute times mean little on a shared machine; alternating times of one run can be
compared. Memory of compiled calls is the peak that the compiler reports, that of NumPy
the peak allocation.
"""

import time
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import jax


def fastest_seconds(
    calls: Mapping[str, Callable[[], Any]], turns: int
) -> dict[str, float]:
    """Seconds of the fastest call of each, called in turns after a first one.

    Args:
      calls: What to time; each returns arrays, which are waited for.
      turns: How often each is timed.
    """
    for call in calls.values():
        jax.block_until_ready(call())
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(turns):
        for name, call in calls.items():
            start = time.perf_counter()
            jax.block_until_ready(call())
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def memory_bytes(function: Any, *arguments: Any) -> int | None:
    """Bytes that a call of a jitted function needs at once, arguments included.

    None where the backend does not report it.

    Args:
      function: Returned by `jax.jit`.
      *arguments: Of the call; shapes and types suffice.
    """
    stats = function.lower(*arguments).compile().memory_analysis()
    if stats is None:
        return None
    used = stats.argument_size_in_bytes + stats.output_size_in_bytes
    return int(used + stats.temp_size_in_bytes - stats.alias_size_in_bytes)


def numpy_memory(call: Callable[[], Any]) -> int:
    """Bytes that a call allocates at once at most, in NumPy's and Python's memory."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
