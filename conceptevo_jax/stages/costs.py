"""Time and memory of compiled functions, measured side by side.

Absolute times mean little on a shared machine; those of one run, taken in turns, can be
compared. Memory is the compiler's own account of what a call needs at once.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax


def fastest(calls: Mapping[str, Callable[[], Any]], turns: int) -> dict[str, float]:
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


def memory(function: Any, *arguments: Any) -> int | None:
    """Bytes that a call of a jitted function needs at once, arguments included.

    None where the backend does not tell.
    """
    told = function.lower(*arguments).compile().memory_analysis()
    if told is None:
        return None
    used = told.argument_size_in_bytes + told.output_size_in_bytes
    return int(used + told.temp_size_in_bytes - told.alias_size_in_bytes)
