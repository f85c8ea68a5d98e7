"""Whether a value read from a file has the declared type of a record's field.

Arrays are checked by type and rank, plain values by their Python type, lists and
mappings by their content. Records check themselves whether their arrays fit each other.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import AbstractArray


def fits(value: object, kind: Any) -> bool:
    """Whether a value has a field's type, at all levels of the annotation.

    Args:
      value: The value as read.
      kind: The field's annotation. Types that records do not use are accepted.
    """
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, types.UnionType) or origin is typing.Union:
        return any(fits(value, choice) for choice in parts)
    if kind is None or kind is types.NoneType:
        return value is None
    if origin is typing.Literal:
        return value in parts
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            fits(nested, parts[1]) for nested in value.values()
        )
    if origin is not None and issubclass(origin, Sequence):
        return isinstance(value, list | tuple) and _all_fit(value, parts)
    return not isinstance(kind, type) or _is_instance(value, kind)


def _all_fit(values: Sequence[object], parts: Sequence[Any]) -> bool:
    if len(parts) == 1 or parts[-1] is Ellipsis:
        # Of a type proper, which a million names need not be asked for each.
        alike = _is_instance if isinstance(parts[0], type) else fits
        return all(alike(value, parts[0]) for value in values)
    return len(values) == len(parts) and all(map(fits, values, parts))


def _is_instance(value: object, kind: type) -> bool:
    if kind in (int, float) and isinstance(value, bool):
        return False  # A truth value is a number for Python alone.
    if kind is float:
        return isinstance(value, int | float)
    is_plain = kind in (str, bool, int) or dataclasses.is_dataclass(kind)
    is_array = kind is np.ndarray or issubclass(kind, AbstractArray)
    return isinstance(value, kind) if is_plain or is_array else True
