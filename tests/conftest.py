"""Settings of all tests, and what all of them share."""

import os
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import settings

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

pytest_plugins = (
    "browsing",
    "calling",
    "launching",
    "planted",
    "scenes",
    "small_results",
)

# The same examples on every machine and no time limit: a slow core is no failure.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, max_examples=50
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a caller who installed every extra insist that nothing is skipped."""
    parser.addoption("--no-skips", action="store_true", help="a skip is a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --no-skips forbids: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Iterator[pytest.CollectReport]:
    """The same for a whole file that is skipped when it is read."""
    report = yield
    if report.skipped and collector.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --no-skips forbids: {report.longrepr}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker, and begin with those that take longest.

    Those of whole experiments and of pages in a browser are marked as such. First,
    since pytest-xdist reads the groups, and pytest the marks, in the same hook.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.name))
        if "experiments" in item.path.parts:
            item.add_marker("experiment")
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: "experiments" not in item.path.parts)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is the same for all workers of pytest-xdist."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def compile_once(session_folder: Path) -> None:
    """What one worker has compiled, or a program that a test starts, serves all.

    So does what was compiled before, where JAX was given a folder for it.
    """
    before = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    settings = {
        "jax_compilation_cache_dir": before or str(session_folder / "compiled"),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    for name, value in settings.items():
        jax.config.update(name, value)
        os.environ[name.upper()] = str(value)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that is the same for every test."""
    return np.random.default_rng(20230723)
