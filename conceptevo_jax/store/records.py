"""Save and load one record: a folder of `arrays.npz` and `manifest.json`.

The manifest describes how the record was made: stage, resolved settings, content keys
of its inputs, and package versions; it holds the arrays' checksum and its own. A record
is written under a temporary name and renamed, so a reader sees all of it or nothing.
"""

import dataclasses
import importlib.metadata
import io
import shutil
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from conceptevo_jax.errors import DataError
from conceptevo_jax.store.bounded_reading import (
    LARGEST_TEXT,
    parse_json,
    read_arrays,
    read_file,
)
from conceptevo_jax.store.files import (
    checksum,
    open_replacement,
    replace_folder,
    temporary_beside,
    unseal,
    write_sealed,
)
from conceptevo_jax.store.keys import content_key, json_values
from conceptevo_jax.store.kinds import matches_type

MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
"""Marks a folder of this package until it has its manifest."""

ARRAYS = "arrays.npz"

SCHEMA = 2
"""Version of the layout on disk; a record of another version is refused."""

_PACKAGES = ("conceptevo-jax", "jax", "flax", "numpy", "orbax-checkpoint", "umap-learn")

R = TypeVar("R")


def versions() -> dict[str, str]:
    """Versions of the packages a result depends on, by distribution name."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def save_record(folder: Path, value: object, **made_by: object) -> None:
    """Write a record of `conceptevo_jax.types` to `folder`, replacing an earlier one.

    Args:
      folder: The record's folder; parents are created.
      value: A dataclass whose fields are arrays, nested records or plain values.
      **made_by: Further entries of the manifest: `stage`, `config`, `inputs`…

    Raises:
      DataError: if the disk is full.
    """
    arrays, fields = _split(value)
    facts = {"schema": SCHEMA, "type": type(value).__name__, "fields": fields}
    temporary = temporary_beside(folder)
    try:
        temporary.mkdir(parents=True)
        _write_record(temporary, arrays, facts | made_by)
        replace_folder(temporary, folder)
    except BaseException:
        # Only a kill leaves it: `conceptevo clean` shows and frees it then.
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write_record(
    folder: Path, arrays: Mapping[str, np.ndarray], facts: Mapping[str, object]
) -> None:
    """Write the arrays and a manifest of these facts to an empty folder."""
    (folder / UNFINISHED).write_bytes(b"{}")
    content = io.BytesIO()
    # NumPy's stub assigns further arguments to `allow_pickle`.
    np.savez(content, **arrays)  # type: ignore[arg-type]
    with open_replacement(folder / ARRAYS) as file:
        file.write(content.getbuffer())
    manifest = {
        **facts,
        "files": {ARRAYS: checksum(content.getbuffer())},
        "versions": versions(),
    }
    write_sealed(folder / MANIFEST, manifest)
    (folder / UNFINISHED).unlink()


def read_manifest(folder: Path, allowed_folder: Path | None = None) -> dict[str, Any]:
    """The manifest of the record at `folder`.

    Args:
      folder: The record's folder.
      allowed_folder: The result or store that no link may leave; by default `folder`.

    Raises:
      DataError: if there is none, or it is damaged or has another schema.
    """
    path = folder / MANIFEST
    try:
        text = read_file(path, allowed_folder or folder, LARGEST_TEXT)
        values = parse_json(text)
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: no record, or an unfinished one. "
            "Delete the folder and run the experiment again."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable manifest ({error}).") from error
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        raise DataError(
            f"{path} has schema {schema}, this version reads {SCHEMA}: written by "
            "another version of conceptevo_jax. Delete it and run again."
        )
    try:
        return unseal(text)
    except ValueError as error:
        raise DataError(
            f"{path} is not a readable manifest ({error}). Delete its folder and run "
            "the experiment again."
        ) from error


def require_key(folder: Path, key: str, allowed_folder: Path | None = None) -> None:
    """Refuse a finished stage whose key differs from its name.

    Args:
      folder: The stage's folder.
      key: The key in its name.
      allowed_folder: As for `read_manifest`.

    Raises:
      DataError: naming the folder and both keys.
    """
    manifest = read_manifest(folder, allowed_folder)
    made_from = (manifest.get(name) for name in ("stage", "config", "inputs"))
    actual_key = content_key(*made_from)
    if actual_key != key:
        raise DataError(
            f"{folder} was made under the key {actual_key}, not {key}: it was renamed "
            "or "
            "copied there. Delete it and run the experiment again."
        )


def load_record(
    folder: Path, record_type: type[R], allowed_folder: Path | None = None
) -> R:
    """Read the record at `folder`, which must be of type `record_type`.

    Args:
      folder: The record's folder.
      record_type: The dataclass that was saved.
      allowed_folder: As for `read_manifest`.

    Raises:
      DataError: naming the file, when it is missing, damaged or of another type.
    """
    manifest = read_manifest(folder, allowed_folder)
    stored = manifest.get("type")
    if stored != record_type.__name__:
        raise DataError(
            f"{folder} holds a {stored}, but a {record_type.__name__} is needed."
        )
    path = folder / ARRAYS
    try:
        content = read_file(path, allowed_folder or folder)
        if checksum(content) != manifest["files"][ARRAYS]:
            raise ValueError("its checksum does not fit")
        return _join(record_type, manifest["fields"], read_arrays(content), "")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged or incomplete ({error}). "
            "Delete its folder and run the experiment again."
        ) from error


def _split(
    value: object, prefix: str = ""
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    arrays: dict[str, np.ndarray] = {}
    fields: dict[str, Any] = {}
    # `object` cannot say "a dataclass".
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        name, field_value = field.name, getattr(value, field.name)
        if isinstance(field_value, np.ndarray):
            arrays[prefix + name] = field_value
        elif dataclasses.is_dataclass(field_value):
            inner, fields[name] = _split(field_value, f"{prefix}{name}.")
            arrays |= inner
        else:
            fields[name] = json_values(field_value)
    return arrays, fields


def _join(
    kind: type[R],
    fields: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    prefix: str,
) -> R:
    values: dict[str, Any] = {}
    # As in `_split`: `type[R]` cannot say "of a dataclass".
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        name = field.name
        if prefix + name in arrays:
            values[name] = arrays[prefix + name]
        elif (inner := _record_type(field.type)) and fields[name] is not None:
            values[name] = _join(inner, fields[name], arrays, f"{prefix}{name}.")
        elif inner := _listed_type(field.type):
            values[name] = tuple(
                _join(inner, field_value, {}, "") for field_value in fields[name]
            )
        else:
            field_value = fields[name]
            values[name] = (
                tuple(field_value) if isinstance(field_value, list) else field_value
            )
        if not matches_type(values[name], field.type):
            raise ValueError(f"its {prefix}{name} is no {field.type}")
    return kind(**values)


def _record_type(annotation: Any) -> type | None:
    """The dataclass in `Record` or `Record | None`, if the annotation is one."""
    union = isinstance(annotation, types.UnionType)
    for option in typing.get_args(annotation) if union else (annotation,):
        if isinstance(option, type) and dataclasses.is_dataclass(option):
            return option
    return None


def _listed_type(annotation: Any) -> type | None:
    """The dataclass of plain values in `tuple[Record, ...]`, if that is it."""
    if typing.get_origin(annotation) is not tuple:
        return None
    return _record_type(typing.get_args(annotation)[0])
