"""Fixtures that many tests share: a tiny training, and a small result."""

import pytest
from explored import make_explored
from tiny import tiny_dataset, tiny_job, tiny_run


@pytest.fixture(scope="session")
def make_dataset():
    return tiny_dataset


@pytest.fixture(scope="session")
def make_run():
    return tiny_run


@pytest.fixture(scope="session")
def make_job():
    return tiny_job


@pytest.fixture(scope="session")
def explored(tmp_path_factory):
    """A result with a scene: to be read, never written to."""
    return make_explored(tmp_path_factory.mktemp("explored"), tiny_dataset, tiny_run)
