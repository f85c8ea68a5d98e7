"""`conceptevo explore` and `conceptevo compare`: pages that show concepts evolving."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.monitor import interval_option, wait_option
from conceptevo_jax.cli.project import config_of
from conceptevo_jax.cli.store_commands import store_option
from conceptevo_jax.cli.words import options
from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.explorer import (
    SCENE,
    SavedScene,
    select_scene,
    write_folder,
    write_whole,
)
from conceptevo_jax.explorer import compare as compare_scenes
from conceptevo_jax.pipeline.training_folder import find_training
from conceptevo_jax.pipeline.worker import use_cache
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.explorer_page.live_page import choose_space, follow_on_map
from conceptevo_jax.reports.explorer_page.page import PAGE, add_study
from conceptevo_jax.store import Store, require_inside_result

COMPARISON_PAGE = "comparison.html"
NO_PATCHES_FLAG, FOLDER_FLAG, TABLES_FLAG, LIVE_FLAG = (
    "--no-patches",
    "--folder",
    "--tables",
    "--live",
)


def explore(words: list[str]) -> int:
    """Write the page of a result folder again, or with `--live` follow a training.

    `RESULT_FOLDER/RUN` shows one run with the base.
    """
    if LIVE_FLAG in words:
        return _follow(words)
    flags, places, option_values = _read(
        words, (NO_PATCHES_FLAG, FOLDER_FLAG, TABLES_FLAG, LIVE_FLAG), ("out",)
    )
    if len(places) != 1:
        raise UsageError(
            "say which: conceptevo explore RESULT_FOLDER, or RESULT_FOLDER/RUN, or "
            "conceptevo explore --live TRAINING."
        )
    path = typed_place(places[0]).absolute()
    with tempfile.TemporaryDirectory() as work:
        saved = add_study(select_scene(path, Path(work)), _result(path))
        page = _page_path(option_values.get("out"), _usual_page(path))
        for path_to_write in (page, _page_folder(page), _tables_folder(page)):
            require_inside_result(path_to_write, _result(path))
        _print_page_path(_write([saved], page, flags, saved.scene.title))
        if TABLES_FLAG in flags:
            _write_tables(saved, _tables_folder(page), flags)
    return 0


def compare(words: list[str]) -> int:
    """Write one page of two results, or of one run of each."""
    flags, places, option_values = _read(
        words, (NO_PATCHES_FLAG, FOLDER_FLAG), ("out",)
    )
    if len(places) != 2:
        raise UsageError(
            "say which two: conceptevo compare A B, each RESULT_FOLDER or "
            "RESULT_FOLDER/RUN."
        )
    first, second = (typed_place(path).absolute() for path in places)
    with tempfile.TemporaryDirectory() as work:
        saved = compare_scenes(first, second, Path(work))
        page = _page_path(option_values.get("out"), Path(COMPARISON_PAGE).absolute())
        for path_to_write in (page, _page_folder(page)):
            for path in (first, second):
                require_inside_result(path_to_write, _result(path))
        _print_page_path(_write(saved, page, flags, f"{first.name} and {second.name}"))
        if len(saved) == 2:
            CONSOLE.print(
                "The two results have different spaces, so each has its own map."
            )
    return 0


def _follow(words: list[str]) -> int:
    """Keep a page of a training up to date until it ends."""
    valid = ("space", "store", "interval", "wait")
    flags, places, option_values = _read(words, (NO_PATCHES_FLAG, LIVE_FLAG), valid)
    if len(places) != 1:
        raise UsageError(
            "say which: conceptevo explore --live TRAINING, a folder or key that "
            "`conceptevo ls` lists, finished or not."
        )
    wait, interval = wait_option(option_values), interval_option(option_values)
    folder = find_training(places[0], store_option(option_values))
    use_cache(Store(folder.parent))
    space_place = option_values.get("space")
    result = (
        typed_place(space_place).absolute()
        if space_place
        else choose_space(folder, config_of)
    )
    CONSOLE.print(
        f"{folder.name} on the map of {result}; end with Ctrl-C", soft_wrap=True
    )
    pages = follow_on_map(
        folder,
        result,
        config_of(result),
        interval=interval,
        wait=wait,
        patches=NO_PATCHES_FLAG not in flags,
    )
    for number, live_page in enumerate(pages):
        if not number:
            _print_page_path(live_page.page)
        ended = "; the training is finished" if live_page.is_finished else ""
        last = epoch_label(live_page.epochs[-1])
        CONSOLE.print(f"{len(live_page.epochs)} snapshots, last {last}{ended}")
    return 0


def _read(
    words: Sequence[str], flags: Sequence[str], keys: Sequence[str]
) -> tuple[set[str], list[str], dict[str, str]]:
    """Separate flags, places and `key=value` words.

    Raises:
      UsageError: for an unknown flag or key, with the valid ones.
    """
    typed_flags = {word for word in words if word.startswith("-")}
    for word in typed_flags.difference(flags):
        raise unknown_name("flag", word, flags)
    plain_words = [word for word in words if word not in typed_flags]
    option_values = options([word for word in plain_words if _is_option(word)], keys)
    return (
        typed_flags,
        [word for word in plain_words if not _is_option(word)],
        option_values,
    )


def _is_option(word: str) -> bool:
    """Whether it is `key=value`; a path may hold a `=`, too."""
    return word.partition("=")[0].isidentifier() and "=" in word


def _result(path: Path) -> Path:
    """The result folder of `RESULT_FOLDER` or `RESULT_FOLDER/RUN`."""
    return path if (path / SCENE).is_dir() else path.parent


def _usual_page(path: Path) -> Path:
    """Where a result's page goes; the page of a single run lies next to it."""
    result_folder = _result(path)
    return result_folder / (
        PAGE if result_folder == path else f"explorer-{path.name}.html"
    )


def _page_path(typed_path: str | None, usual_page: Path) -> Path:
    if typed_path is None:
        return usual_page
    path = typed_place(typed_path).absolute()
    return path / usual_page.name if path.is_dir() else path


def _page_folder(page: Path) -> Path:
    """The folder of a page of many files."""
    return page.with_name(page.name.removesuffix(".html"))


def _tables_folder(page: Path) -> Path:
    """The folder of the tables next to a page."""
    return page.with_name(f"{_page_folder(page).name}-tables")


def _write(
    saved: Sequence[SavedScene], page: Path, flags: set[str], title: str
) -> Path:
    patches = NO_PATCHES_FLAG not in flags
    if FOLDER_FLAG in flags:
        return write_folder(saved, _page_folder(page), title=title, patches=patches)
    return write_whole(saved, page, _page_folder(page), title=title, patches=patches)


def _write_tables(saved: SavedScene, folder: Path, flags: set[str]) -> None:
    # Arrow takes .2 s to import, which the other ways to call this need not wait for.
    from conceptevo_jax.explorer.tables import write_tables

    for table in write_tables(saved, folder, patches=NO_PATCHES_FLAG not in flags):
        CONSOLE.print(f"  {table}", soft_wrap=True)


def _print_page_path(page: Path) -> None:
    CONSOLE.print(f"Open {page} in a browser.", soft_wrap=True)
