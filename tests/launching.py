"""Programs on virtual devices and in processes of their own that work together."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PATIENCE = 600
"""Seconds after which a program is taken to hang."""


def run_together(
    command: Sequence[str], *, devices: int = 1, processes: int = 1
) -> list[str]:
    """Run a Python command on so many devices each of so many processes.

    Returns:
      What each process printed.
    """
    port = _free_port()
    running = [
        subprocess.Popen(
            [sys.executable, *command],
            env=_environment(devices, processes, number, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    try:
        told = [one.communicate(timeout=PATIENCE) for one in running]
    finally:
        for one in running:
            one.kill()
    for one, (_, errors) in zip(running, told, strict=True):
        assert one.returncode == 0, errors
    return [output for output, _ in told]


def _environment(
    devices: int, processes: int, number: int, port: int
) -> dict[str, str]:
    flags = f"--xla_force_host_platform_device_count={devices}"
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    found = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": flags,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    if processes == 1:
        return found
    return {
        **found,
        "JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}",
        "JAX_NUM_PROCESSES": str(processes),
        "JAX_PROCESS_ID": str(number),
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="session")
def launch() -> Callable[..., list[str]]:
    return run_together
