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


def matches_type(value: object, annotation: Any) -> bool:
    """Whether a value has a field's type, at all levels of the annotation.

    Args:
      value: The value as read.
      annotation: The field's annotation. Types that records do not use are accepted.
    """
    origin, type_arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, types.UnionType) or origin is typing.Union:
        return any(matches_type(value, choice) for choice in type_arguments)
    if annotation is None or annotation is types.NoneType:
        return value is None
    if origin is typing.Literal:
        return value in type_arguments
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            matches_type(nested, type_arguments[1]) for nested in value.values()
        )
    if origin is not None and issubclass(origin, Sequence):
        return isinstance(value, list | tuple) and _all_match(value, type_arguments)
    return not isinstance(annotation, type) or _is_instance(value, annotation)


def _all_match(values: Sequence[object], type_arguments: Sequence[Any]) -> bool:
    if len(type_arguments) == 1 or type_arguments[-1] is Ellipsis:
        # Of a type proper, which a million names need not be asked for each.
        matches = _is_instance if isinstance(type_arguments[0], type) else matches_type
        return all(matches(value, type_arguments[0]) for value in values)
    return len(values) == len(type_arguments) and all(
        map(matches_type, values, type_arguments)
    )


def _is_instance(value: object, expected_type: type) -> bool:
    if expected_type in (int, float) and isinstance(value, bool):
        return False  # A truth value is a number for Python alone.
    if expected_type is float:
        return isinstance(value, int | float)
    is_plain = expected_type in (str, bool, int) or dataclasses.is_dataclass(
        expected_type
    )
    is_array = expected_type is np.ndarray or issubclass(expected_type, AbstractArray)
    return isinstance(value, expected_type) if is_plain or is_array else True
