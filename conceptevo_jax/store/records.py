"""Save and load one record: a folder of `arrays.npz` and `manifest.json`.

The manifest says what made the record: stage, resolved settings, content keys of its
inputs, and package versions. A record is written under a temporary name and renamed,
so a reader sees all of it or nothing.
"""

import dataclasses
import importlib.metadata
import json
import os
import shutil
import types
import typing
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from conceptevo_jax.errors import DataError
from conceptevo_jax.store.keys import plain

SCHEMA = 1
"""Version of the layout on disk; a record of another version is refused."""

_PACKAGES = ("conceptevo-jax", "jax", "flax", "numpy", "orbax-checkpoint", "umap-learn")

R = TypeVar("R")


def versions() -> dict[str, str]:
    """Versions of the packages a result depends on, by distribution name."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder as `path`, for writing before renaming."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(plain(value), indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    temporary.write_text(text)
    os.replace(temporary, path)


def save_record(folder: Path, value: object, **made_by: object) -> None:
    """Write a record of `conceptevo_jax.types` to `folder`, replacing one there.

    Args:
      folder: Where it shall be; parents are made.
      value: A dataclass whose fields are arrays, nested records or plain values.
      **made_by: What the manifest shall tell besides: `stage`, `config`, `inputs`…
    """
    arrays, fields = _split(value)
    temporary = temporary_beside(folder)
    temporary.mkdir(parents=True)
    # NumPy's stub takes further arguments for `allow_pickle`.
    np.savez(temporary / "arrays.npz", **arrays)  # type: ignore[arg-type]
    manifest = {
        "schema": SCHEMA,
        "type": type(value).__name__,
        "fields": fields,
        **made_by,
        "versions": versions(),
    }
    write_json(temporary / "manifest.json", manifest)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(temporary, folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the record at `folder`.

    Raises:
      DataError: if there is none, or it is not readable JSON of this schema.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: no record, or an unfinished one. "
            "Delete the folder and run the experiment again."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable manifest ({error}).") from error
    found = manifest.get("schema") if isinstance(manifest, dict) else None
    if found != SCHEMA:
        raise DataError(
            f"{path} has schema {found}, this version reads {SCHEMA}: written by "
            "another version of conceptevo_jax. Delete it and run again."
        )
    return manifest


def load_record(folder: Path, kind: type[R]) -> R:
    """Read the record at `folder`, which must be of type `kind`.

    Raises:
      DataError: naming the file, when it is missing, truncated or of another type.
    """
    manifest = read_manifest(folder)
    found = manifest.get("type")
    if found != kind.__name__:
        raise DataError(f"{folder} holds a {found}, but a {kind.__name__} is needed.")
    path = folder / "arrays.npz"
    try:
        # NumPy leaves a file that it opened itself open when it is no zip archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return _join(kind, manifest["fields"], arrays, "")
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
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
        name, item = field.name, getattr(value, field.name)
        if isinstance(item, np.ndarray):
            arrays[prefix + name] = item
        elif dataclasses.is_dataclass(item):
            inner, fields[name] = _split(item, f"{prefix}{name}.")
            arrays |= inner
        else:
            fields[name] = plain(item)
    return arrays, fields


def _join(kind: type[R], fields: Mapping[str, Any], arrays: dict, prefix: str) -> R:
    values: dict[str, Any] = {}
    # As in `_split`: `type[R]` cannot say "of a dataclass".
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        name = field.name
        if prefix + name in arrays:
            values[name] = arrays[prefix + name]
        elif (inner := _record_type(field.type)) and fields[name] is not None:
            values[name] = _join(inner, fields[name], arrays, f"{prefix}{name}.")
        elif inner := _listed_type(field.type):
            values[name] = tuple(_join(inner, item, {}, "") for item in fields[name])
        else:
            item = fields[name]
            values[name] = tuple(item) if isinstance(item, list) else item
    return kind(**values)


def _record_type(annotation: Any) -> type | None:
    """The dataclass in `Record` or `Record | None`, if the annotation is one."""
    union = isinstance(annotation, types.UnionType)
    for choice in typing.get_args(annotation) if union else (annotation,):
        if isinstance(choice, type) and dataclasses.is_dataclass(choice):
            return choice
    return None


def _listed_type(annotation: Any) -> type | None:
    """The dataclass of plain values in `tuple[Record, ...]`, if that is it."""
    if typing.get_origin(annotation) is not tuple:
        return None
    return _record_type(typing.get_args(annotation)[0])
