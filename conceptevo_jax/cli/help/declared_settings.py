"""Docstrings and settings of experiments, read from source without importing it.

Importing an experiment takes seconds, since most import JAX. Its help needs only the
module's docstring and the declarations of its settings.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import conceptevo_jax

REQUIRED = "???"
"""The default value of settings that have to be set, as in Hydra's files."""

_PACKAGE = conceptevo_jax.__name__
_EMPTY: dict[str, Any] = {"list": [], "dict": {}}


@dataclass(frozen=True, kw_only=True)
class DeclaredSettings:
    """A subclass of `Settings` as its source declares it.

    Attributes:
      name: Name of the class.
      key: Name of its section; None for settings at the top level.
      documentation: Its docstring.
      defaults: Default values by field, sections as dictionaries.
    """

    name: str
    key: str | None
    documentation: str
    defaults: dict[str, Any]

    @property
    def tree(self) -> dict[str, Any]:
        """The default values as they stand in a configuration."""
        return self.defaults if self.key is None else {self.key: self.defaults}


def docstring(path: Path) -> str:
    """The docstring of a module; empty if it has none."""
    return ast.get_docstring(_parsed(path)) or ""


def settings_of_experiment(path: Path) -> list[DeclaredSettings]:
    """Settings declared in an experiment's file, or named there or in modules of
    `reports` and `benchmarks` that it imports.

    Args:
      path: The experiment's file.
    """
    declared = {kind.name: kind for kind in _declared(path)}
    modules = {name: path for name, path in _imports(path) if _is_measured(name)}
    for source in (path, *modules.values()):
        for name, module_path in _imports(source):
            if name.endswith(".settings") and _is_measured(name):
                names = _imported_names(source, name)
                kinds = _declared(module_path)
                declared |= {k.name: k for k in kinds if k.name in names}
    return list(declared.values())


def _is_measured(module: str) -> bool:
    return module.startswith((f"{_PACKAGE}.reports.", f"{_PACKAGE}.benchmarks."))


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imports(path: Path) -> Iterator[tuple[str, Path]]:
    """Modules of the package from which a file imports names, and their files."""
    root = Path(conceptevo_jax.__file__).parent
    for node in _parsed(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = node.module.split(".")
            module_path = root.joinpath(*parts[1:]).with_suffix(".py")
            if parts[0] == _PACKAGE and len(parts) > 1 and module_path.is_file():
                yield node.module, module_path


def _imported_names(path: Path, module: str) -> set[str]:
    return {
        alias.name
        for node in _parsed(path).body
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def _declared(path: Path) -> list[DeclaredSettings]:
    classes = {n.name: n for n in _parsed(path).body if isinstance(n, ast.ClassDef)}
    return [
        DeclaredSettings(
            name=node.name,
            key=next((_value(k.value, {}) for k in node.keywords), None),
            documentation=ast.get_docstring(node) or "",
            defaults=_defaults(node, classes),
        )
        for node in classes.values()
        if any(isinstance(b, ast.Name) and b.id == "Settings" for b in node.bases)
    ]


def _defaults(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> dict[str, Any]:
    return {
        field.target.id: _value(field.value, classes)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def _value(node: ast.expr | None, classes: dict[str, ast.ClassDef]) -> Any:
    """A default value; that of a factory is what the factory makes."""
    if isinstance(node, ast.Call):
        factories = [k.value for k in node.keywords if k.arg == "default_factory"]
        return _value(factories[0], classes) if factories else REQUIRED
    if isinstance(node, ast.Lambda):
        return _value(node.body, classes)
    if isinstance(node, ast.Name):
        if node.id in classes:
            return _defaults(classes[node.id], classes)
        return _EMPTY.get(node.id, REQUIRED)
    if node is None:
        return REQUIRED
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
