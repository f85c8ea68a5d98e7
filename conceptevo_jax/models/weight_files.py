"""State dictionaries from files: `.npz`, `.safetensors`, or PyTorch's `.pth`.

Only `.npz` is read by this package itself. The others need safetensors or PyTorch,
which are imported at the first such file and are no dependencies. No file can run
code: arrays hold no objects, and PyTorch reads weights only. Memory: the file, and its
arrays.
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.errors import DataError, UsageError, refused_by_system, unknown_name
from conceptevo_jax.store import read_file
from conceptevo_jax.store.bounded_reading import read_arrays


def read_weights(path: Path) -> Mapping[str, Any]:
    """The arrays or tensors of a file, by name.

    Args:
      path: A file whose suffix is a key of `FORMATS`.

    Raises:
      UsageError: for another suffix, or if the library for it is not installed.
      DataError: for a file that is missing or damaged, or holds no arrays by name.
    """
    if path.suffix not in FORMATS:
        raise unknown_name("suffix of a file of weights", path.suffix, FORMATS)
    try:
        state = FORMATS[path.suffix](path)
    except UsageError:
        raise
    except OSError as error:
        raise refused_by_system(error) or _damaged(path, error) from error
    # Each library raises several types of error for damaged bytes.
    except Exception as error:
        raise _damaged(path, error) from error
    if not isinstance(state, Mapping) or not all(map(_is_array, state.values())):
        raise DataError(
            f"{path} holds no state dictionary: give module.state_dict(), or save it "
            "alone by torch.save(module.state_dict(), path)."
        )
    return state


def as_array(value: Any) -> np.ndarray:
    """An array of NumPy's from any array or tensor, of any device and precision.

    PyTorch's tensors become float32, since NumPy lacks bfloat16.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().float()
    return np.asarray(value)


def _is_array(value: object) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _read_npz(path: Path) -> Mapping[str, np.ndarray]:
    return read_arrays(read_file(path, None))


def _read_safetensors(path: Path) -> Any:
    return _library("safetensors.numpy", path).load_file(path)


def _read_torch(path: Path) -> Any:
    torch = _library("torch", path)
    return torch.load(path, map_location="cpu", weights_only=True)


FORMATS: dict[str, Callable[[Path], Any]] = {
    ".npz": _read_npz,
    ".safetensors": _read_safetensors,
    ".pth": _read_torch,
    ".pt": _read_torch,
}
"""How files of weights are read, by suffix."""


def _library(name: str, path: Path) -> Any:
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(
            f"{path} is read by {package}, which is not installed: pip install "
            f"{package}, or save the weights as .npz by numpy.savez."
        ) from None


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return DataError(f"{path} is damaged ({reason}): download or save it again.")
