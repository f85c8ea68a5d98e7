"""What takes long is made by one worker of pytest-xdist; all others read it."""

import fcntl
from collections.abc import Callable
from pathlib import Path


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that is filled by whoever asks for it first.

    Where `make` fails, the next who asks tries again, in what the first left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    finished = folder.with_name(f"{folder.name}.finished")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            make(folder)
            finished.touch()
    return folder
