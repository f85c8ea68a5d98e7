"""Read files that may come from somebody else, with limits on what they declare.

Only regular files are opened, and through links only if these stay in the folder
that is read. JSON is limited in bytes and depth; arrays must fill their file exactly as
their headers state, before memory is allocated for them. Errors are `ValueError` and
`OSError`, to which readers add the file and what to do.
"""

import io
import json
import math
import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.store.links import is_within

LARGEST_TEXT = 512_000_000
"""Largest JSON or table in bytes: a pool of all of ImageNet takes 130 million."""

DEEPEST_JSON = 64
"""Deepest nesting of lists and objects; a configuration has nine levels."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_file(
    path: Path, allowed_folder: Path | None, limit: int | None = None
) -> bytes:
    """The content of a regular file.

    Args:
      path: The file.
      allowed_folder: Folder that no link may leave; None for a file that the user
        names, anywhere.
      limit: Largest number of bytes; by default the machine's memory.

    Raises:
      OSError: if it is missing or cannot be read.
      ValueError: if it is not a regular file, lies elsewhere or is too large.
    """
    file_stat = path.stat()
    if allowed_folder is not None and not is_within(path, allowed_folder):
        raise ValueError(
            f"it leads to {os.path.realpath(path)}, out of {allowed_folder}"
        )
    if not stat.S_ISREG(file_stat.st_mode):
        raise ValueError("it is not a regular file")
    byte_limit = _available_bytes() if limit is None else limit
    if file_stat.st_size > byte_limit:
        raise ValueError(
            f"it has {file_stat.st_size} bytes, of which {byte_limit} are read"
        )
    return path.read_bytes()


def _available_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def read_json(path: Path, allowed_folder: Path | None) -> Any:
    """The value of a JSON file, within limits; raises like `read_file` and
    `parse_json`.

    Args:
      path: The file.
      allowed_folder: Folder that no link may leave, see `read_file`.
    """
    return parse_json(read_file(path, allowed_folder, LARGEST_TEXT))


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
      ValueError: if it is not JSON, or its lists and objects are nested too deeply.
    """
    depth_flaw = f"it nests more than {DEEPEST_JSON} lists and objects"
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(depth_flaw) from None
    level = _containers([value])
    for _ in range(DEEPEST_JSON):
        level = [inner for outer in level for inner in _containers(_items(outer))]
    if level:
        raise ValueError(depth_flaw)
    return value


def _items(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _containers(values: Iterable[Any]) -> list[dict[str, Any] | list[Any]]:
    return [value for value in values if isinstance(value, dict | list)]


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an uncompressed `.npz` file.

    Args:
      content: The file.

    Raises:
      ValueError: if it is not such a file, is compressed, holds objects, or declares
        more or fewer bytes than it has.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _require_enough_bytes(members, len(content))
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member)
                for member in members
            }
    # NumPy and zipfile raise some ten types of error on damaged bytes.
    except Exception as error:
        raise ValueError(str(error)) from error


def _require_enough_bytes(members: Iterable[zipfile.ZipInfo], held_bytes: int) -> None:
    """Refuse an archive that would be larger than its file when unpacked."""
    declared_bytes = 0
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"its array {member.filename} is compressed")
        declared_bytes += member.file_size
    if declared_bytes > held_bytes:
        raise ValueError(
            f"it declares {declared_bytes} bytes of arrays and has {held_bytes}"
        )


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"its array {member.filename} is of format {version}")
        shape, _, dtype = _HEADERS[version](file)
        declared_bytes, held_bytes = math.prod(shape) * dtype.itemsize, member.file_size
        held_bytes -= file.tell()
        if declared_bytes != held_bytes:
            raise ValueError(
                f"its array {member.filename} declares {declared_bytes} bytes and has "
                f"{held_bytes}"
            )
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
