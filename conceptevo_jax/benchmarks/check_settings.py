"""Checks of the benchmark's settings."""

from conceptevo_jax.benchmarks.settings import BenchmarkSettings
from conceptevo_jax.config import Config, require_positive
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.models import DTYPES
from conceptevo_jax.places import typed_place


def check_benchmark(config: Config) -> None:
    """Refuse settings of the benchmark that cannot work.

    Raises:
      UsageError: naming the setting.
    """
    benchmark = BenchmarkSettings.of(config)
    counts = ("images", "turns", "rounds", "sweep_batches")
    limits = () if benchmark.minutes is None else ("minutes",)
    require_positive("benchmark", benchmark, (*counts, *limits))
    for name in benchmark.computes:
        if name not in DTYPES:
            raise unknown_name("compute type", name, DTYPES)
    if benchmark.beside is None:
        return
    if benchmark.minutes is not None:
        raise UsageError(
            f"benchmark.minutes={benchmark.minutes:g} with benchmark.beside: every "
            "round has to measure the same rows. Leave out one of the two."
        )
    if config.seeds > 1:
        raise UsageError(
            f"seeds={config.seeds} with benchmark.beside: times do not depend on the "
            "seed. Leave out one of the two; benchmark.rounds repeats the measurement."
        )
    checkout = typed_place(benchmark.beside, "benchmark.beside")
    for name in ("conceptevo_jax/__init__.py", "experiments/benchmark.py", "configs"):
        if not (checkout / name).exists():
            raise UsageError(
                f"benchmark.beside={benchmark.beside} is not a checkout of "
                f"conceptevo_jax: {name} is missing. `git worktree add ../before "
                "COMMIT` makes one."
            )
