"""What is asked of the machine."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from conceptevo_jax.devices import keep_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if {keep}:
    keep_memory()
bytearray(40_000_000)
before = faults()
for _ in range(10):
    bytearray(40_000_000)
print(faults() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_freed_memory_is_not_cleared_anew_by_the_system():
    """Ten blocks of 40 MB, one after the other, are 10,000 pages each time or once."""

    def faults(keep):
        command = [sys.executable, "-c", PROGRAM.format(keep=keep)]
        return int(subprocess.check_output(command))

    assert faults(keep=True) < 1000 < 9000 < faults(keep=False)
