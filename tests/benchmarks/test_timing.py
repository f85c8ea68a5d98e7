"""Costs are the fastest of several turns, and the compiler's account of memory."""

import time

import jax
import jax.numpy as jnp
import pytest

from conceptevo_jax.benchmarks.timing import fastest_seconds, memory_bytes


def test_the_fastest_turn_counts_and_the_first_call_is_not_timed(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def spends(name, *seconds):
        left = list(seconds)

        def call():
            told.append(name)
            now[0] += left.pop(0)
            return jnp.zeros(())

        return call

    found = fastest_seconds(
        {"a": spends("a", 9, 3, 2, 4), "b": spends("b", 1, 5, 6, 7)}, 3
    )
    assert found == {"a": 2, "b": 5}
    assert told == ["a", "b"] * 4  # in turns, so that a slow moment hits both


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_memory_counts_arguments_and_results(size):
    double = jax.jit(lambda x: 2 * x)
    needed = memory_bytes(double, jnp.zeros(size, jnp.float32))
    assert needed is not None
    assert 8 * size <= needed <= 8 * size + 1000
