"""Where an experiment's results go, so that each folder belongs to one call.

A result folder belongs to one call: its settings and its images, by content, stored in
`call.json`. The same call finds its folder again. A call with other settings or images
gets a separate folder, named by a key, so that nothing is overwritten and no
files of different calls are mixed.
"""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conceptevo_jax.config import Config
from conceptevo_jax.errors import DataError
from conceptevo_jax.places import typed_place
from conceptevo_jax.printable import printable_name
from conceptevo_jax.store import (
    content_key,
    read_sealed,
    require_no_outward_links,
    versions,
    write_sealed,
)
from conceptevo_jax.store.files import drop_abandoned
from conceptevo_jax.store.keys import flatten_settings, json_values
from conceptevo_jax.store.stages import MARKER

CALL_FILE = "call.json"
"""File in a result folder with the settings and images of its call."""

_EXECUTION_SETTINGS = ("run_dir", "workers", "time_limit", "dry_run", "distributed")
"""Settings that change how a call is executed, but not its results."""

_SYSTEM_FOLDERS = frozenset(
    map(Path, ("/", "/dev", "/home", "/opt", "/run", "/tmp", "/usr", "/var"))
)
"""Folders that hold unrelated files."""

_SYSTEM_ROOTS = frozenset(
    Path(f"/{name}")
    for name in (
        *("bin", "boot", "etc", "lib", "lib64", "proc", "sbin", "sys"),
        *("usr/bin", "usr/include", "usr/lib", "usr/sbin", "usr/share"),
    )
)
"""Folders in which no result folder may lie, at any depth."""

_MAX_SHOWN = 3
"""Largest number of differences that a message names."""


def default_folder(config: Config) -> Path:
    """`runs/<experiment>-<scale>`, or the value of `run_dir`.

    The name includes a method other than the default, and several seeds.
    """
    parts = [config.name, config.scale_name]
    if config.seeds > 1:
        parts.append(f"seeds{config.seeds}")
    if config.method.name != "default":
        parts.append(config.method.name)
    if config.run_dir is not None:
        return typed_place(config.run_dir, "run_dir").absolute()
    return Path("runs", "-".join(parts)).absolute()


def require_place(config: Config) -> None:
    """Refuse an impossible result folder before any work; nothing is created.

    Raises:
      DataError: for a file, a system folder, a name that is too long, or a place
        that cannot be written to.
    """
    folder = default_folder(config)
    remedy = "choose another run_dir"
    resolved_folder = folder.resolve()
    if resolved_folder in (*_SYSTEM_FOLDERS, Path.home()):
        raise DataError(f"{folder} holds unrelated files: {remedy}.")
    for path in (resolved_folder, *resolved_folder.parents):
        if path in _SYSTEM_ROOTS:
            raise DataError(f"{folder} lies in the system folder {path}: {remedy}.")
    longest = os.pathconf("/", "PC_NAME_MAX") - len("-0123456789ab")
    for part in folder.parts:
        if len(os.fsencode(part)) > longest:
            raise DataError(
                f"the name {part[:20]}… has {len(os.fsencode(part))} bytes, but at "
                f"most {longest} are possible: {remedy}."
            )
    for path in (resolved_folder, *resolved_folder.parents):
        if (path / MARKER).is_file() or path == resolved_folder.with_name("store"):
            raise DataError(f"{folder} is, or lies in, a store of stages: {remedy}.")
    existing_folder = next(p for p in (folder, *folder.parents) if os.path.lexists(p))
    if existing_folder.is_symlink() and not existing_folder.exists():
        raise DataError(
            f"{existing_folder} is a link to {os.readlink(existing_folder)}, which "
            "does not exist: "
            f"make that folder, or {remedy}."
        )
    if not existing_folder.is_dir():
        raise DataError(f"{existing_folder} is a file, not a folder: {remedy}.")
    if not os.access(existing_folder, os.W_OK | os.X_OK):
        raise DataError(f"{existing_folder} cannot be written to: {remedy}.")


def keyed_folder(config: Config) -> Path:
    """The default folder with the key of the call's settings, as in sweeps."""
    return _add_key(default_folder(config), _settings(config))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClaimedFolder:
    """A call's result folder.

    Attributes:
      folder: The folder of its results.
      note: A message why it is not the default folder; None if it is.
    """

    folder: Path
    note: str | None


def find_folder(config: Config, images: str | None) -> ClaimedFolder:
    """Where the results of a call go; nothing is written.

    Args:
      config: The call's configuration.
      images: Content key of its images; None if they are not known yet.

    Raises:
      DataError: if a file has the folder's name, or a folder's `call.json` is
        damaged.
    """
    settings, folder = _settings(config), default_folder(config)
    difference = _difference(folder, settings, images)
    if difference is None:
        return ClaimedFolder(folder=folder, note=None)
    keyed = _add_key(folder, settings)
    if _difference(keyed, settings, images) is not None:
        keyed = _add_key(folder, settings, images)
    note = printable_name(
        f"{folder} {difference}: results of this call go to {keyed.name}."
    )
    return ClaimedFolder(folder=keyed, note=note)


def claim_folder(config: Config, images: str) -> ClaimedFolder:
    """The same, but the folder is created and marked as the call's.

    Args:
      config: The call's configuration.
      images: Content key of its images.

    Raises:
      DataError: as in `find_folder`, and if a link leads out of it.
    """
    claimed_folder = find_folder(config, images)
    # What is written there would go wherever a link leads.
    require_no_outward_links(claimed_folder.folder, claimed_folder.folder)
    drop_abandoned(claimed_folder.folder)
    if not (claimed_folder.folder / CALL_FILE).is_file():
        content = {"settings": _settings(config), "images": images}
        write_sealed(claimed_folder.folder / CALL_FILE, content)
    return claimed_folder


def require_settings(folder: Path, config: Config) -> None:
    """Refuse a result folder whose configuration was changed after its call.

    Args:
      folder: A result folder.
      config: The content of its `config.yaml`.

    Raises:
      DataError: if `config.yaml` and `call.json` differ, or the latter is missing.
    """
    remedy = f"Run the experiment of {folder} again; finished stages are reused."
    stored_settings = _read_call(folder, remedy)["settings"]
    flat_stored, flat_current = (
        flatten_settings(stored_settings),
        flatten_settings(_settings(config)),
    )
    names = [
        name
        for name in dict.fromkeys((*flat_stored, *flat_current))
        if flat_stored.get(name) != flat_current.get(name) and name != "version"
    ]
    if names:
        raise DataError(
            f"{folder / 'config.yaml'} is not the configuration of the results "
            f"({', '.join(names[:_MAX_SHOWN])}): it was damaged or edited. {remedy}"
        )


def _read_call(folder: Path, remedy: str) -> dict[str, Any]:
    """The record of a result folder's call: `settings` and `images`."""
    call = read_sealed(folder / CALL_FILE, remedy)
    if not isinstance(call.get("settings"), dict) or "images" not in call:
        raise DataError(f"{folder / CALL_FILE} has no settings and images. {remedy}")
    return call


def _settings(config: Config) -> dict[str, Any]:
    values = {
        k: v for k, v in json_values(config).items() if k not in _EXECUTION_SETTINGS
    }
    return {**values, "version": versions()["conceptevo-jax"]}


def _add_key(folder: Path, *parts: object) -> Path:
    return folder.with_name(f"{folder.name}-{content_key('call', *parts)}")


def _difference(
    folder: Path, settings: Mapping[str, Any], images: str | None
) -> str | None:
    """Why a folder belongs to another call; None if it is free or this call's."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: choose another run_dir.")
    if not (folder / CALL_FILE).is_file():
        is_used = folder.is_dir() and any(folder.iterdir())
        return "holds unrelated files" if is_used else None
    remedy = "Delete the folder, or choose another run_dir."
    stored_call = _read_call(folder, remedy)
    flat_stored, flat_current = (
        flatten_settings(stored_call["settings"]),
        flatten_settings(settings),
    )
    names = [
        n
        for n in dict.fromkeys((*flat_stored, *flat_current))
        if flat_stored.get(n) != flat_current.get(n)
    ]
    if names:
        examples = [f"{n} is {flat_stored.get(n)} there" for n in names[:_MAX_SHOWN]]
        more_text = f" and {len(names) - _MAX_SHOWN} more" if names[_MAX_SHOWN:] else ""
        return f"holds results of other settings ({', '.join(examples)}{more_text})"
    if images is not None and stored_call["images"] != images:
        return "holds results of other images"
    return None
