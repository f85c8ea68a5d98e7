"""Content keys: the same settings and inputs give the same short name anywhere."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def json_values(value: object) -> Any:
    """Turn dataclasses, tuples and NumPy scalars into values that JSON can hold.

    Raises:
      TypeError: for anything that has no faithful JSON form, arrays included.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: json_values(getattr(value, f.name)) for f in fields}
    if isinstance(value, Mapping):
        return {str(k): json_values(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


def flatten_settings(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names: `{"a": {"b": 1}}` becomes `{"a.b": 1}`.

    Args:
      values: Settings, some of which are mappings.
      prefix: Put before every name.
    """
    flat_values: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat_values |= flatten_settings(value, f"{prefix}{name}.")
        else:
            flat_values[prefix + name] = value
    return flat_values


def content_key(*parts: object, arrays: Mapping[str, np.ndarray] | None = None) -> str:
    """Hash settings and arrays to 12 hexadecimal characters.

    Args:
      *parts: Anything `json_values` accepts.
      arrays: Named arrays; dtype, shape and bytes are part of the key.

    Returns:
      A key that is equal on every machine for equal content.
    """
    digest = hashlib.blake2b(digest_size=6)
    digest.update(json.dumps(json_values(parts), sort_keys=True).encode())
    for name, array in sorted((arrays or {}).items()):
        digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
