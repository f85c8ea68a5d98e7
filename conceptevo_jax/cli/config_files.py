"""Checks that words and files given to Hydra only set keys of the schema.

Hydra runs code that its own part of a configuration names: callbacks, targets,
launchers. On the command line users control that part, except callbacks, targets and
further search paths. A file of `--config-dir` may come from somebody else: it can only
set keys of the schema, cannot change Hydra, and cannot name files outside its folder.
All files are checked before Hydra reads the first, about 1 ms each.
"""

import argparse
import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from hydra._internal.utils import get_args_parser

from conceptevo_jax.cli.locate import folder
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import read_file, require_no_outward_links

MAX_FILE_BYTES = 200_000
"""Largest configuration file in bytes, for which PyYAML takes a second."""

MAX_VALUES = 100_000
"""Largest number of values of a configuration file, with aliases written out."""

MAX_FILES = 10_000
"""Largest number of files and folders below `--config-dir`."""

_SETTINGS_ONLY = "a configuration file can only set keys of the schema"
_PLAIN_INTERPOLATION = re.compile(r"\$\{[\w.]+\}")
_PACKAGE_HEADER = re.compile(r"\s*#.*@\s*package.*hydra")
_HYDRA_GROUP = re.compile(r"hydra([./@].*)?")
_CLOSED_SUBKEYS: tuple[list[str], ...] = ([], ["callbacks"], ["searchpath"])
_NOT_A_FILE_NAME = re.compile(r"\.\.|//|\\")
"""What stands in no name of a configuration, but in paths to other folders."""

_NOT_A_CHOICE = re.compile(r"\.\.|\\|\$|(^|[^\w+-])/")
"""The same of a word that chooses one: a slash follows a name."""


def require_settings_alone(command_words: Sequence[str]) -> None:
    """Refuse words and files with which a configuration would do more than set values.

    Args:
      command_words: All words of the command line, Hydra's flags included.

    Raises:
      UsageError: naming the word, or the file and its content.
    """
    parsed_arguments = arguments(command_words)
    for option in ("config_path", "config_name", "experimental_rerun"):
        if getattr(parsed_arguments, option) is not None:
            raise UsageError(
                f"--{option.replace('_', '-')} cannot be used: configurations are "
                "those "
                "of conceptevo. Add experiments of your own with --config-dir=FOLDER."
            )
    config_dir = parsed_arguments.config_dir
    added_folder = (
        None
        if config_dir is None
        else typed_place(config_dir, "--config-dir").absolute()
    )
    for word in parsed_arguments.overrides:
        _check_word(word, [folder("configs"), *filter(None, [added_folder])])
    if added_folder is not None:
        _check_folder(added_folder)


def arguments(command_words: Sequence[str]) -> argparse.Namespace:
    """All words as Hydra parses them: its own flags, and settings in `overrides`.

    Raises:
      UsageError: for an unknown flag, or a flag without its value.
    """
    parser_output = io.StringIO()
    try:
        with contextlib.redirect_stderr(parser_output):
            return get_args_parser().parse_args(list(command_words))
    except SystemExit as parser_exit:
        if not parser_exit.code:
            raise
        flaw = parser_output.getvalue().rpartition("error: ")[2].strip()
        raise UsageError(
            f"{flaw}. Settings are written key=value, without dashes, such as "
            "dry_run=true; `conceptevo --hydra-help` lists the flags."
        ) from None


def _check_word(word: str, config_folders: Sequence[Path]) -> None:
    name, _, value = word.partition("=")
    group, _, package = name.strip().lstrip("+~").partition("@")
    first, *subkeys = re.split(r"[./]", group)
    if "_target_" in word or "hydra" in package:
        raise UsageError(f"{word!r} cannot be used: words cannot name code for Hydra.")
    if first == "hydra" and subkeys[:1] in _CLOSED_SUBKEYS:
        raise UsageError(
            f"{word!r} cannot be used: Hydra's callbacks, search path and whole "
            "configuration cannot be set. Add a folder with --config-dir=FOLDER."
        )
    is_group = "/" in group or any(
        os.path.isdir(root / group) for root in config_folders
    )
    if is_group and _NOT_A_CHOICE.search(value):
        raise UsageError(
            f"{word!r} names a file: give the name of a configuration, such as "
            "experiment=demo, and add a folder of your own with --config-dir=FOLDER."
        )


def _check_folder(root: Path) -> None:
    if not root.is_dir():
        raise UsageError(f"--config-dir={root} is not a folder: name one that exists.")
    files = [path for path in _walk_files(root) if path.name.endswith(".yaml")]
    try:
        require_no_outward_links(root, root)
        for path in files:
            if path.relative_to(root).parts[0] in ("hydra", "hydra.yaml"):
                raise UsageError(
                    f"{path} is a file of Hydra's settings: {_SETTINGS_ONLY}."
                )
            read_settings(path, root)
    except DataError as error:
        raise UsageError(f"--config-dir={root} cannot be used: {error}") from error


def _walk_files(root: Path) -> Iterator[Path]:
    count = 0
    for directory, folders, files in os.walk(root):
        count += len(folders) + len(files)
        if count > MAX_FILES:
            raise UsageError(
                f"--config-dir={root} holds more than {MAX_FILES} files: name a "
                "folder that holds only configurations."
            )
        yield from (Path(directory, name) for name in files)


def read_settings(path: Path, allowed_folder: Path) -> str:
    """The text of a YAML file that sets values and does nothing else.

    Args:
      path: The file.
      allowed_folder: Folder that no link may lead out of.

    Raises:
      DataError: naming the file and what is wrong with it.
    """
    try:
        text = read_file(path, allowed_folder, MAX_FILE_BYTES).decode()
        node = yaml.compose(text, yaml.SafeLoader)
        flaw = _flaw_of_header(text)
        if flaw is None and node is not None:
            flaw = _flaw_of_values(node)
    except RecursionError:
        raise DataError(
            f"{path} nests its values too deeply: {_SETTINGS_ONLY}."
        ) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise DataError(
            f"{path} is not a readable YAML file ({problem}): correct or remove it."
        ) from error
    if flaw is not None:
        raise DataError(f"{path} {flaw}: {_SETTINGS_ONLY}.")
    return text


def _flaw_of_header(text: str) -> str | None:
    """Where a `# @package hydra` would put all that a file sets."""
    for line in text.splitlines():
        if _PACKAGE_HEADER.match(line):
            return f"says {line.strip()!r}"
    return None


def _flaw_of_values(root: yaml.Node) -> str | None:
    """The part of a file that is not a setting; None if there is none."""
    if not isinstance(root, yaml.MappingNode):
        return "has no settings with names, such as 'seed: 3'"
    if _count(root, {}) > MAX_VALUES:
        return f"expands to more than {MAX_VALUES} values"
    for text, role in _texts(root, "value"):
        flaw = _flaw_of_text(text, role)
        if flaw is not None:
            return flaw
    return None


def _count(node: yaml.Node, counts: dict[int, int]) -> int:
    """Values of a node once its aliases are written out; too many in a circle."""
    if id(node) not in counts:
        # Met again before it is counted, it lies within itself.
        counts[id(node)] = MAX_VALUES + 1
        counts[id(node)] = 1 + sum(_count(child, counts) for child in _parts(node))
    return counts[id(node)]


def _parts(node: yaml.Node) -> list[yaml.Node]:
    """What a list holds, keys and values of a mapping, nothing of a scalar."""
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _texts(node: yaml.Node, role: str) -> Iterator[tuple[str, str]]:
    """All texts of a file, each a `key`, a `value`, or a word of its `defaults`."""
    if isinstance(node, yaml.ScalarNode):
        yield node.value, role
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _texts(key, "defaults" if role == "defaults" else "key")
            is_choice = role == "defaults" or key.value == "defaults"
            yield from _texts(value, "defaults" if is_choice else "value")
    else:
        for value in node.value:
            yield from _texts(value, role)


def _flaw_of_text(text: str, role: str) -> str | None:
    if text == "_target_" or (role == "key" and _HYDRA_GROUP.fullmatch(text)):
        return f"sets {text!r}"
    if "${" in _PLAIN_INTERPOLATION.sub("", text):
        return f"calls a resolver in {text!r}"
    if role == "defaults" and ("hydra" in text or _NOT_A_FILE_NAME.search(text)):
        return f"names {text!r} in its defaults"
    return None
