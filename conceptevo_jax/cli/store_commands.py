"""`conceptevo ls` and `conceptevo clean`: list the store's stages, and free space."""

import datetime
from collections.abc import Mapping

from rich.table import Table

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import Entry, Store


def store_option(option_values: Mapping[str, str]) -> Store:
    """The store that the option `store` names, or that of the current folder."""
    return Store(typed_place(option_values.get("store", "runs/store"), "store"))


def ls(arguments: CommandArguments) -> int:
    """List the stages of a store, newest last."""
    store = store_option(arguments.keywords)
    entries = store.entries()
    if not entries:
        CONSOLE.print(f"{store.root} holds nothing yet.")
        return 0
    table = Table("stage", "key", "about", "size", "changed", "state")
    for entry in entries:
        changed = datetime.datetime.fromtimestamp(entry.modified)
        table.add_row(
            entry.stage,
            entry.key,
            entry.about,
            size(entry.bytes),
            f"{changed:%Y-%m-%d %H:%M}",
            "finished" if entry.finished else "unfinished",
        )
    CONSOLE.print(table)
    total = sum(entry.bytes for entry in entries)
    CONSOLE.print(f"{len(entries)} stages, {size(total)} in {store.root}")
    return 0


def clean(arguments: CommandArguments) -> int:
    """Delete stages: those chosen by stage or key, otherwise the unfinished ones.

    Their names are shown first, and without `yes=true` nothing is deleted. Stages of a
    running job are kept, and so is everything that is not a stage of a store.
    """
    keywords = arguments.keywords
    consent = keywords.get("yes", "false").lower()
    if consent not in ("true", "false"):
        raise unknown_name("yes", consent, ("true", "false"))
    store = store_option(keywords)
    selected_stages = _select_stages(
        store.entries(), keywords.get("stage"), keywords.get("key")
    )
    doomed = []
    for entry in selected_stages:
        state = ""
        if store.is_locked(entry):
            state = "  in use by a running job: left alone"
        else:
            doomed.append(entry)
        entry_line = f"{entry.path.name}  {entry.about}  {size(entry.bytes)}{state}"
        CONSOLE.print(entry_line, soft_wrap=True, markup=False)
    freed = size(sum(entry.bytes for entry in doomed))
    if consent == "false":
        CONSOLE.print(
            f"{len(doomed)} stages, {freed}, would be deleted: repeat with yes=true. "
            "stage=all chooses everything."
        )
        return 0
    for entry in doomed:
        store.remove(entry)
    CONSOLE.print(f"{len(doomed)} stages deleted, {freed} freed.")
    return 0


def _select_stages(
    entries: list[Entry], stage: str | None, key: str | None
) -> list[Entry]:
    if stage is None and key is None:
        return [entry for entry in entries if not entry.finished]
    names = {entry.stage for entry in entries}
    if stage not in (None, "all") and stage not in names:
        raise unknown_name("stage", stage, {*names, "all"})
    keys = {entry.key for entry in entries}
    if key is not None and key not in keys:
        raise unknown_name("key", key, keys)
    return [
        entry
        for entry in entries
        if stage in (None, "all", entry.stage) and key in (None, entry.key)
    ]


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
