"""An image's id is its content: a hash of its encoded bytes, never its path or size.

Equal images get numbers (`~2`, `~3`) by their place in the set, since every image needs
a unique id. Files are hashed once (about 1 GB a second and core) and remembered by
size, times and inode: a file that was replaced, repaired or rotated is hashed again.
"""

import errno
import io
import os
import stat
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import checksum, write_bytes
from conceptevo_jax.types import record

RACY_NS = 2_000_000_000
"""A file changed this shortly before it was hashed may change again unnoticed."""

_COLUMNS = ("size", "modified", "changed", "inode")


@record
class FileIds:
    """Content ids of files.

    Attributes:
      ids: One per file: 32 hexadecimal characters.
      changed_names: Names of the files whose content has changed since the last call.
      unreadable_reasons: Why files could not be read, by their names.
    """

    ids: tuple[str, ...]
    changed_names: tuple[str, ...]
    unreadable_reasons: Mapping[str, str]


def number_duplicates(ids: Iterable[str]) -> tuple[str, ...]:
    """Distinguish equal ids by their place: `a`, `b`, `a~2`."""
    count: Counter[str] = Counter()
    keys = []
    for content_id in ids:
        count[content_id] += 1
        number = count[content_id]
        keys.append(content_id if number == 1 else f"{content_id}~{number}")
    return tuple(keys)


def content_of(key: str) -> str:
    """The content behind an id: equal for equal images."""
    return key.partition("~")[0]


def file_ids(root: Path, names: Sequence[str], cache: Path | None = None) -> FileIds:
    """Content ids of files, in order; cached ids are used if a file looks unchanged.

    A file that cannot be read gets its name as id, so that reading it names it.

    Args:
      root: Their folder.
      names: Paths below it.
      cache: Folder in which ids are remembered; None hashes all files.
    """
    start_ns = time.time_ns()
    unreadable: dict[str, str] = {}
    path = None if cache is None else cache / f"files-{checksum(os.fsencode(root))}.npz"
    before = {} if path is None else _load_ids(path)
    with ThreadPoolExecutor() as threads:
        stats = list(
            threads.map(lambda name: _fingerprint(root / name), names, chunksize=256)
        )
        trusted_ids = [
            _trusted_id(before.get(name), fingerprint)
            for name, fingerprint in zip(names, stats, strict=True)
        ]
        identify = partial(_content_id, root, unreadable)
        ids = tuple(threads.map(identify, names, trusted_ids, chunksize=32))
    if path is not None and (None in trusted_ids or len(before) != len(names)):
        _save_ids(path, names, ids, stats, start_ns)
    changed_names = _changed_names(before, names, ids)
    return FileIds(ids=ids, changed_names=changed_names, unreadable_reasons=unreadable)


def _changed_names(
    before: Mapping[str, tuple[str, object]], names: Sequence[str], ids: Sequence[str]
) -> tuple[str, ...]:
    return tuple(
        name
        for name, content in zip(names, ids, strict=True)
        if name in before and before[name][0] != content
    )


def _content_id(
    root: Path, unreadable: dict[str, str], name: str, trusted_id: str | None
) -> str:
    """A file's id; if it cannot be read, an id of its name, with the reason noted."""
    if trusted_id is not None:
        return trusted_id
    try:
        return checksum(read_file(root / name))
    except DataError as error:
        unreadable[name] = str(error)
        return checksum(b"unreadable:", os.fsencode(name))


_Fingerprint = tuple[int, int, int, int]


def _trusted_id(
    remembered: tuple[str, _Fingerprint] | None, fingerprint: _Fingerprint | None
) -> str | None:
    """The stored id of a file, if the file has not changed since it was hashed."""
    if remembered is None:
        return None
    content, remembered_fingerprint = remembered
    return content if remembered_fingerprint == fingerprint else None


def _fingerprint(path: Path) -> _Fingerprint | None:
    """Size, times and inode of a regular file; None if there is none to read."""
    try:
        file_stat = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(file_stat.st_mode):
        return None
    return (
        file_stat.st_size,
        file_stat.st_mtime_ns,
        file_stat.st_ctime_ns,
        file_stat.st_ino,
    )


def read_file(path: Path) -> bytes:
    """A file's bytes. Nothing but regular files is opened: a pipe would make it wait.

    Raises:
      DataError: why, without the path, in words that are the same on each machine.
    """
    reason = why_unreadable(path)
    if reason is None:
        try:
            with open(path, "rb", opener=_open_without_waiting) as file:
                return file.read()
        except OSError as error:
            reason = _reason(error)
    raise DataError(reason)


def why_unreadable(path: Path) -> str | None:
    """Why there is no regular file at a path; None if there is one."""
    try:
        file_mode = path.stat().st_mode
    except FileNotFoundError:
        exists = os.path.lexists(path)
        return "it is a link to a file that is not there" if exists else "it is gone"
    except OSError as error:
        return _reason(error)
    if stat.S_ISREG(file_mode):
        return None
    if stat.S_ISDIR(file_mode):
        return _why_no_folder(path)
    type_names = {stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    return f"it is not a file, but a {type_names.get(stat.S_IFMT(file_mode), 'device')}"


def _why_no_folder(path: Path) -> str:
    try:
        os.scandir(path).close()
    except OSError as error:
        return f"it is a folder that cannot be read: {error.strerror}"
    return "it is not a file, but a folder"


def _open_without_waiting(path: str, flags: int) -> int:
    """For the case that a pipe took the file's place a moment ago."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link that leads to itself"
    return f"it cannot be read: {error.strerror}"


def _save_ids(
    path: Path,
    names: Sequence[str],
    ids: Sequence[str],
    stats: Sequence[_Fingerprint | None],
    start_ns: int,
) -> None:
    """Keep ids of files that did not change while, or just before, they were hashed."""
    rows = [
        row
        for row, fingerprint in enumerate(stats)
        if fingerprint is not None
        and max(fingerprint[1], fingerprint[2]) < start_ns - RACY_NS
    ]
    fingerprints: Int64[np.ndarray, "i 4"] = np.array(
        [stats[row] for row in rows], np.int64
    ).reshape(-1, len(_COLUMNS))
    joined_names = b"\0".join(os.fsencode(names[row]) for row in rows)
    content = io.BytesIO()
    np.savez(
        content,
        names=np.frombuffer(joined_names, np.uint8),
        ids=np.frombuffer(bytes.fromhex("".join(ids[row] for row in rows)), np.uint8),
        looks=fingerprints,
    )
    write_bytes(path, content.getvalue())


def _load_ids(path: Path) -> dict[str, tuple[str, _Fingerprint]]:
    """Ids and file states by name; nothing if the cache is missing or damaged."""
    try:
        # NumPy leaves a file that it opened itself open when it is no zip archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            joined_names, ids, fingerprints = (
                arrays[name] for name in ("names", "ids", "looks")
            )
    # NumPy and zipfile raise some ten types of error on damaged bytes.
    except Exception:
        return {}
    names = [os.fsdecode(name) for name in joined_names.tobytes().split(b"\0")]
    if not len(names) == len(fingerprints) == len(ids) // 16:
        return {}
    text = ids.tobytes().hex()
    return {
        name: (text[32 * row : 32 * row + 32], tuple(fingerprint))
        for row, (name, fingerprint) in enumerate(
            zip(names, fingerprints.tolist(), strict=True)
        )
    }
