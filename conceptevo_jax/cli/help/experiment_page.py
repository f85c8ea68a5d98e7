"""The help of an experiment: its docstring, its runs and its settings with values.

Values are those of `configs/experiment/NAME.yaml` and of the scale, over the defaults
of the declarations. `--cfg job` prints what Hydra composes of them and of all others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.cli.help.declared_settings import (
    DeclaredSettings,
    docstring,
    settings_of_experiment,
)
from conceptevo_jax.cli.help.layout import columns, example_lines, paragraph
from conceptevo_jax.cli.locate import experiments, folder
from conceptevo_jax.errors import UsageError, unknown_name

_USUAL_SCALE = "demo"
_LONGEST_NAME = 48
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
Tree = dict[str, Any]


def experiment_summaries() -> list[tuple[str, str]]:
    """Every experiment with the first paragraph of its docstring."""
    return [(name, _summary(_source(name))) for name in experiments()]


def experiment_page(words: Sequence[str]) -> str | None:
    """The help of the experiments that words name; None if they name none.

    Args:
      words: All words of the command line.

    Raises:
      UsageError: for an unknown experiment or scale, with the valid ones.
    """
    choices = dict(word.split("=", 1) for word in words if re.match(r"[\w-]+=", word))
    if "experiment" not in choices:
        return None
    config_folders = [folder("configs")]
    added = _added_folder(words)
    if added is not None:
        config_folders.append(added)
    scale = choices.get("scale", _USUAL_SCALE)
    names = choices["experiment"].split(",")
    return "\n\n".join(_page(name, scale, config_folders) for name in names)


def _page(choice: str, scale: str, config_folders: Sequence[Path]) -> str:
    config = _load("experiment", choice, config_folders)
    name = str(config.pop("name", choice))
    if name not in experiments():
        raise unknown_name("experiment", name, experiments())
    source = _source(name)
    kinds = settings_of_experiment(source)
    values = setting_values(config, _load("scale", scale, config_folders), kinds)
    groups = dict(_chosen_groups(config, scale))
    call = f"conceptevo experiment={choice}"
    examples = {
        f"{call} dry_run=true": "its stages, time and disk space",
        f"{call} scale=smoke": "generated images and tiny networks",
        f"{call} --cfg job": "all settings",
    }
    of_kinds = {key for kind in kinds for key in kind.tree}
    further = {key: value for key, value in values.items() if key not in of_kinds}
    sections = [
        f"usage: {call} [scale=NAME] [key=value ...]",
        docstring(source),
        f"runs and groups with scale={scale}:\n{columns(groups.items())}",
        _setting_section(f"set by configs/experiment/{choice}.yaml", (), further),
        *(
            _setting_section(
                f"settings {', '.join(kind.tree)}",
                kind.documentation.split("\n\n"),
                {key: values[key] for key in kind.tree},
            )
            for kind in kinds
        ),
        f"examples:\n{example_lines(examples)}",
    ]
    return "\n\n".join(filter(None, sections))


def _setting_section(title: str, documentation: Sequence[str], values: Tree) -> str:
    rows = [(key, _text(value)) for key, value in _leaves(values)]
    if not rows:
        return ""
    table = columns(rows, longest_term=_LONGEST_NAME)
    texts = [paragraph(text, "  ") for text in documentation]
    return f"{title}:\n" + "\n\n".join([*texts, table])


def setting_values(
    config: Tree, scale: Tree, kinds: Sequence[DeclaredSettings]
) -> Tree:
    """Values of an experiment's settings, references to other settings replaced.

    Args:
      config: The experiment's file.
      scale: The scale's file, which is composed last.
      kinds: The declarations of its settings.
    """
    declared: Tree = {}
    for kind in kinds:
        declared |= kind.tree
    tree = _overlay(declared, {k: v for k, v in config.items() if k != "defaults"})
    values = _overlay(
        tree,
        {
            key: value if key in declared else _known(value, tree[key])
            for key, value in scale.items()
            if key in tree
        },
    )
    return _replace(values, _overlay(scale, values))


def _overlay(base: Tree, upper: Mapping[str, Any]) -> Tree:
    """Both trees, with values of the upper one where both have them."""
    merged = dict(base)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = _overlay(dict(below), value)
        merged[key] = value
    return merged


def _known(value: Any, base: Any) -> Any:
    """The part of a tree whose keys another one has."""
    if not isinstance(value, Mapping) or not isinstance(base, Mapping):
        return value
    return {key: _known(value[key], base[key]) for key in value if key in base}


def _replace(value: Any, settings: Tree) -> Any:
    """A tree in which `${key}` is replaced by the value of that setting."""
    if isinstance(value, Mapping):
        return {key: _replace(part, settings) for key, part in value.items()}
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    target: Any = settings
    for key in match[1].split("."):
        target = target.get(key) if isinstance(target, Mapping) else None
    return value if target is None else target


def _chosen_groups(config: Tree, scale: str) -> Iterator[tuple[str, str]]:
    """The runs and other groups that an experiment's `defaults` choose."""
    for entry in config.get("defaults", ()):
        for group, choice in entry.items() if isinstance(entry, Mapping) else ():
            name, _, package = str(group).removeprefix("override ").partition("@")
            name = name.strip("/ ")
            yield package or name, f"{name}={choice}".replace("${scale}", scale)


def _leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(dict(value), f"{name}.")
        else:
            yield name, value


def _text(value: Any) -> str:
    """A value as it is typed."""
    import yaml

    if isinstance(value, str):
        return value or "''"
    flow = yaml.safe_dump(value, default_flow_style=True, width=10**6)
    return flow.removesuffix("...\n").strip()


def _source(name: str) -> Path:
    return folder("experiments") / f"{name}.py"


def _summary(path: Path) -> str:
    return " ".join(docstring(path).partition("\n\n")[0].split())


def _load(group: str, name: str, config_folders: Sequence[Path]) -> Tree:
    """The file of a group's configuration.

    Raises:
      UsageError: for an unknown name.
    """
    import yaml

    files = {
        str(path.relative_to(root / group).with_suffix("")): (path, root)
        for root in reversed(config_folders)
        for path in (root / group).rglob("*.yaml")
    }
    if name not in files:
        raise unknown_name(group, name, files)
    path, root = files[name]
    if root == folder("configs"):
        text = path.read_text("utf-8")
    else:
        # Files of others are checked: they may be too large or too deep to read.
        from conceptevo_jax.cli.config_files import read_settings
        from conceptevo_jax.errors import DataError

        try:
            text = read_settings(path, root)
        except DataError as error:
            raise UsageError(str(error)) from error
    return dict(yaml.safe_load(text))


def _added_folder(words: Sequence[str]) -> Path | None:
    """The folder of `--config-dir=FOLDER` or `--config-dir FOLDER`."""
    from conceptevo_jax.places import typed_place

    for word, following in zip(words, [*words[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag in ("--config-dir", "-cd"):
            return typed_place(value if equals else following, flag).absolute()
    return None
