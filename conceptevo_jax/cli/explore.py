"""`conceptevo explore` and `conceptevo compare`: pages that show concepts evolving."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.monitor import interval_option, wait_option
from conceptevo_jax.cli.project import config_of
from conceptevo_jax.cli.store_commands import store_option
from conceptevo_jax.epochs import epoch_label
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
NO_PATCHES_FLAG, FOLDER_FLAG, TABLES_FLAG = "--no-patches", "--folder", "--tables"


def explore(arguments: CommandArguments) -> int:
    """Write the page of a result folder again.

    `RESULT_FOLDER/RUN` shows one run with the base.
    """
    flags = arguments.flags
    path = typed_place(arguments.places[0]).absolute()
    with tempfile.TemporaryDirectory() as work:
        saved = add_study(select_scene(path, Path(work)), _result(path))
        page = _page_path(arguments.keywords.get("out"), _usual_page(path))
        for path_to_write in (page, _page_folder(page), _tables_folder(page)):
            require_inside_result(path_to_write, _result(path))
        _print_page_path(_write([saved], page, flags, saved.scene.title))
        if TABLES_FLAG in flags:
            _write_tables(saved, _tables_folder(page), flags)
    return 0


def compare(arguments: CommandArguments) -> int:
    """Write one page of two results, or of one run of each."""
    flags, keywords = arguments.flags, arguments.keywords
    first, second = (typed_place(path).absolute() for path in arguments.places)
    with tempfile.TemporaryDirectory() as work:
        saved = compare_scenes(first, second, Path(work))
        page = _page_path(keywords.get("out"), Path(COMPARISON_PAGE).absolute())
        for path_to_write in (page, _page_folder(page)):
            for path in (first, second):
                require_inside_result(path_to_write, _result(path))
        _print_page_path(_write(saved, page, flags, f"{first.name} and {second.name}"))
        if len(saved) == 2:
            CONSOLE.print(
                "The two results have different spaces, so each has its own map."
            )
    return 0


def follow_live(arguments: CommandArguments) -> int:
    """Keep a page of a training up to date until it ends."""
    keywords = arguments.keywords
    wait, interval = wait_option(keywords), interval_option(keywords)
    folder = find_training(arguments.places[0], store_option(keywords))
    use_cache(Store(folder.parent))
    space_place = keywords.get("space")
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
        patches=NO_PATCHES_FLAG not in arguments.flags,
    )
    for number, live_page in enumerate(pages):
        if not number:
            _print_page_path(live_page.page)
        ended = "; the training is finished" if live_page.is_finished else ""
        last = epoch_label(live_page.epochs[-1])
        CONSOLE.print(f"{len(live_page.epochs)} snapshots, last {last}{ended}")
    return 0


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
    saved: Sequence[SavedScene], page: Path, flags: frozenset[str], title: str
) -> Path:
    patches = NO_PATCHES_FLAG not in flags
    if FOLDER_FLAG in flags:
        return write_folder(saved, _page_folder(page), title=title, patches=patches)
    return write_whole(saved, page, _page_folder(page), title=title, patches=patches)


def _write_tables(saved: SavedScene, folder: Path, flags: frozenset[str]) -> None:
    # Arrow takes .2 s to import, which the other ways to call this need not wait for.
    from conceptevo_jax.explorer.tables import write_tables

    for table in write_tables(saved, folder, patches=NO_PATCHES_FLAG not in flags):
        CONSOLE.print(f"  {table}", soft_wrap=True)


def _print_page_path(page: Path) -> None:
    CONSOLE.print(f"Open {page} in a browser.", soft_wrap=True)
