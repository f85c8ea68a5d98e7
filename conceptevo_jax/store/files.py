"""Files that are complete or absent, and checksums that detect damage.

A file is written under a temporary name, flushed to the disk (`fsync`), and
renamed; so a kill, a full disk or a power cut leaves the old file or the new one.
Files that are read again have a checksum: BLAKE2b of 16 bytes, about 1 ns per byte. A
*sealed* JSON file holds its own checksum, under `checksum`.
"""

import contextlib
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from conceptevo_jax.errors import DataError, refused_by_system
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT, parse_json, read_file
from conceptevo_jax.store.keys import json_values

CHECKSUM = "checksum"
"""Name under which a sealed JSON object holds the checksum of its other entries."""


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder as `path`, for writing before renaming.

    It names the machine and the process, so that others know when no process writes
    there.
    """
    writer = f"{_machine_name()}-{os.getpid():x}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{path.name}.{writer}.tmp")


_TEMPORARY = re.compile(
    r"\.(?P<replaced>.*)\."
    r"(?P<machine>[0-9a-f]{8})-(?P<process>[0-9a-f]+)-[0-9a-f]{8}\.tmp",
    re.S,
)


def drop_abandoned(
    folder: Path, *, recursive: bool = True, locked: bool = False
) -> None:
    """Delete temporary files of killed processes of this machine.

    Args:
      folder: The folder to search; it need not exist.
      recursive: Whether to search the folders below, too.
      locked: Whether no other process can be writing there, so that all can be deleted.
        Without a lock, files stay as long as their process exists.
    """
    temporary_paths = folder.rglob(".*.tmp") if recursive else folder.glob(".*.tmp")
    for path in list(temporary_paths):
        match = _TEMPORARY.fullmatch(path.name)
        if match is not None and (locked or _is_abandoned(match)):
            _delete(path)


def drop_replacements(path: Path) -> None:
    """Delete what killed processes were writing to replace a file or folder.

    Args:
      path: The file or folder; the caller holds its lock, so that none is writing it.
    """
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        match = _TEMPORARY.fullmatch(temporary.name)
        if match is not None and match["replaced"] == path.name:
            _delete(temporary)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _machine_name() -> str:
    return checksum(platform.node().encode())[:8]


def _is_abandoned(writer: re.Match[str]) -> bool:
    if writer["machine"] != _machine_name():
        return False
    try:
        os.kill(int(writer["process"], 16), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # Somebody else's, or no number of a process.
    return False


@contextlib.contextmanager
def naming_refusals(path: Path) -> Iterator[None]:
    """Turn a refusal of the system, such as a full disk, into an error that names it.

    Raises:
      DataError: naming the file, the reason and what to do.
    """
    try:
        yield
    except OSError as error:
        refusal = refused_by_system(OSError(error.errno, error.strerror, str(path)))
        if refusal is None:
            raise
        raise refusal from error


@contextlib.contextmanager
def open_replacement(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which replaces `path` once it is complete.

    If the block raises, `path` is unchanged and no other file is left.

    Raises:
      DataError: if the system refuses to write it, as on a full disk.
    """
    with naming_refusals(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        with naming_refusals(path), temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_folder(temporary: Path, folder: Path) -> None:
    """Give a finished folder its name; a folder with that name is moved, then deleted.

    Args:
      temporary: The finished folder, under its temporary name.
      folder: Its final name.
    """
    sync_folder(temporary)
    replaced_folder = temporary_beside(folder) if folder.exists() else None
    if replaced_folder is not None:
        os.replace(folder, replaced_folder)
    os.replace(temporary, folder)
    sync_folder(folder.parent)
    if replaced_folder is not None:
        # Of a link the link alone is replaced.
        replaced_folder.unlink() if replaced_folder.is_symlink() else shutil.rmtree(
            replaced_folder
        )


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, completely or not at all.

    Args:
      path: The file.
      content: All of its content.
    """
    with open_replacement(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, completely or not at all.

    Args:
      path: The file.
      text: All of its content.
    """
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, completely or not at all.

    Args:
      path: The file.
      value: Anything `json_values` accepts.
    """
    write_text(path, json.dumps(json_values(value), indent=1, allow_nan=False) + "\n")


def checksum(*chunks: bytes | memoryview) -> str:
    """BLAKE2b of all parts one after the other: 32 hexadecimal characters."""
    return checksum_of(chunks)


def checksum_of(chunks: Iterable[bytes | memoryview]) -> str:
    """The same checksum for parts that arrive one at a time, and are not stored."""
    digest = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def seal(values: Mapping[str, object]) -> dict[str, Any]:
    """The values in JSON form, with their checksum."""
    content = json_values(values)
    return {**content, CHECKSUM: checksum(_canonical_bytes(content))}


def unseal(text: str | bytes) -> dict[str, Any]:
    """The values of a sealed JSON object, without their checksum.

    Raises:
      ValueError: saying what is wrong: no JSON, no object, no checksum or a wrong one.
    """
    content = parse_json(text)
    if not isinstance(content, dict) or CHECKSUM not in content:
        raise ValueError("it holds no checksum")
    expected_checksum = content.pop(CHECKSUM)
    if checksum(_canonical_bytes(content)) != expected_checksum:
        raise ValueError("its checksum does not fit: it was damaged or edited")
    return content


def write_sealed(path: Path, values: Mapping[str, object]) -> None:
    """Write a sealed JSON file, completely or not at all.

    Args:
      path: The file.
      values: Anything `json_values` accepts, by name.
    """
    write_json(path, seal(values))


def read_sealed(path: Path, remedy: str) -> dict[str, Any]:
    """Read a file that `write_sealed` wrote.

    Args:
      path: The file; a link only if its target lies in the same folder.
      remedy: What to do if it is missing or damaged, a whole sentence.

    Raises:
      DataError: naming the file and the remedy.
    """
    try:
        return unseal(read_file(path, path.parent, LARGEST_TEXT))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be used ({error}). {remedy}") from error


def _canonical_bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, allow_nan=False).encode()
