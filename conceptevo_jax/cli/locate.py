"""Where configurations and experiments lie: in an installed wheel, or the checkout."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import conceptevo_jax
from conceptevo_jax.errors import unknown_name

TOP_GROUPS = ("dataset", "experiment", "method", "scale")
"""Groups of configurations chosen by their name alone, such as `scale=smoke`."""


def folder(name: str) -> Path:
    """`configs` or `experiments`: packed inside the package, or next to it."""
    package = Path(conceptevo_jax.__file__).parent
    packed = package / name
    return packed if packed.is_dir() else package.parent / name


def experiments() -> list[str]:
    """Names of all experiments."""
    return sorted(path.stem for path in folder("experiments").glob("*.py"))


def configurations(group: str) -> list[str]:
    """Names of all configurations of a group that has no groups within it."""
    return sorted(path.stem for path in (folder("configs") / group).glob("*.yaml"))


def runner(name: str) -> ModuleType:
    """The module that runs an experiment, imported at its first use.

    Raises:
      UsageError: for an unknown name, with the valid ones.
    """
    if name not in experiments():
        raise unknown_name("experiment", name, experiments())
    path = folder("experiments") / f"{name}.py"
    module_name = f"conceptevo_experiments_{name}"
    loaded = sys.modules.get(module_name)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module
