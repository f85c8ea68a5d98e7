"""The command line, called in this process from an empty folder."""

import os
import sys

import pytest

from conceptevo_jax.cli import main
from conceptevo_jax.cli.console import CONSOLE

PROGRAM = "from conceptevo_jax.cli import program; program()"
"""What the command `conceptevo` runs, for a process of its own."""


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Call `conceptevo` with words; gives its code and what it printed."""
    monkeypatch.chdir(tmp_path)
    # Hydra reads its words from there, and is told to raise its errors.
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setitem(os.environ, "HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(CONSOLE, "width", 200)

    def run(*words):
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
