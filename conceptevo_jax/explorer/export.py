"""Write the explorer's page: one file, or a folder that can be refreshed.

The page itself is a built template in this package. A single file holds everything, so
that it opens from a disk or as an attachment; a folder loads its parts when they are
needed, as large runs should and live runs must. Files are never half-written: they get
their names when they are complete, and in a folder their list is written last.
"""

import base64
import dataclasses
import hashlib
import html
import importlib.resources
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer.chunks import page_chunks
from conceptevo_jax.explorer.revisions import (
    KINDS,
    delete_stale_files,
    escape_script,
    listed_files,
    read_revision,
    remove_revision,
    write_once,
    write_revision,
)
from conceptevo_jax.explorer.scene import SavedScene, drop_patches
from conceptevo_jax.store import (
    open_replacement,
    read_file,
    require_no_outward_links,
    write_text,
)

MARKER = "<!--conceptevo:data-->"
TITLE = "<title>conceptevo explorer</title>"
TEMPLATE = "template.html"

LARGEST_PAGE = 64_000_000
"""Size in bytes above which a page is written as a folder."""


def read_template() -> str:
    """The built page without data.

    Raises:
      DataError: if it is missing or incomplete.
    """
    path = importlib.resources.files("conceptevo_jax.explorer") / TEMPLATE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{path}, the page without data, cannot be read ({error}). Install "
            "conceptevo_jax again, or build the page in conceptevo_jax/explorer/web."
        ) from error
    for part in (MARKER, TITLE):
        if text.count(part) != 1:
            raise DataError(
                f"{path} holds {part} {text.count(part)} times, not once: it is no "
                "built page. Install conceptevo_jax again."
            )
    return text


def write_page(
    saved: Sequence[SavedScene],
    path: Path,
    *,
    title: str,
    patches: bool = True,
    limit: int | None = None,
) -> bool:
    """Write one self-contained HTML file, completely or not at all.

    Args:
      saved: One scene, or several of different spaces.
      path: The file.
      title: Title of the page.
      patches: Whether it holds images.
      limit: Bytes above which writing is abandoned.

    Returns:
      Whether it was written: false if it would have been larger than `limit`.

    Raises:
      DataError: if the template or a sheet cannot be read.
    """
    before, after = _titled_template(title).split(MARKER)
    try:
        with open_replacement(path) as file:
            file.write(before.encode())
            for kind, name, content in _page_parts(title, saved, patches):
                _embed(file, kind, name, content)
                if limit is not None and file.tell() > limit:
                    raise _TooLargeError
            file.write(after.encode())
    except _TooLargeError:
        return False
    return True


class _TooLargeError(Exception):
    """A page is larger than its limit."""


def write_whole(
    saved: Sequence[SavedScene],
    page: Path,
    parts: Path,
    *,
    title: str,
    patches: bool = True,
) -> Path:
    """Write a page as one file, or as a folder if the file would be too large.

    Args:
      saved: One scene, or several of different spaces.
      page: The file.
      parts: The folder.
      title: Of the page.
      patches: Whether it holds images.

    Returns:
      The page.

    Raises:
      DataError: as `write_page` and `write_folder`.
    """
    if write_page(saved, page, title=title, patches=patches, limit=LARGEST_PAGE):
        return page
    return write_folder(saved, parts, title=title, patches=patches)


def write_folder(
    saved: Sequence[SavedScene],
    folder: Path,
    *,
    title: str,
    patches: bool = True,
    live: bool = False,
    finished: bool = True,
) -> Path:
    """Write `index.html` and the data that it loads, next to those of an open page.

    Args:
      saved: One scene, or several of different spaces.
      folder: May hold an earlier page, which is replaced; an open page shows the old
        data until it reloads.
      title: Of the page.
      patches: Whether it holds images.
      live: Whether the page should look for later data.
      finished: Whether no later data will follow.

    Returns:
      The page.

    Raises:
      DataError: if the template or a sheet cannot be read, or a link leads out of the
        folder.
    """
    template = _titled_template(title)
    require_no_outward_links(folder, folder)
    # An open page may still load what the revision before this one lists.
    earlier = listed_files(read_revision(folder))
    listed: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for kind, name, content in _page_parts(title, saved, patches):
        key = hashlib.blake2b(content, digest_size=6).hexdigest()
        if kind == "chunk":
            call = (
                f"conceptevoChunk({json.dumps(name)}, {json.dumps(_base64(content))});"
            )
            path, content = f"data/{name}.{key}.js", call.encode()
        else:
            path = f"sheets/{name}.{key}.webp"
        write_once(folder / path, content)
        listed[f"{kind}s"][name] = path
    names = json.dumps(listed, sort_keys=True).encode()
    revision = hashlib.blake2b(names, digest_size=6).hexdigest()
    index = {"revision": revision, "live": live, **listed}
    page = folder / "index.html"
    write_text(page, template.replace(MARKER, _index_block(index)))
    if live:
        write_revision(folder, {**index, "finished": finished})
    else:
        remove_revision(folder)
        earlier = set()
    delete_stale_files(folder, listed_files(index) | earlier)
    return page


def _titled_template(title: str) -> str:
    title_element = f"<title>{html.escape(title)}</title>"
    before, after = read_template().split(MARKER)
    # The data's title must not bring a second marker along.
    return MARKER.join(part.replace(TITLE, title_element) for part in (before, after))


def _page_parts(
    title: str, saved_scenes: Sequence[SavedScene], patches: bool
) -> Iterator[tuple[str, str, bytes]]:
    """Kind, name and bytes of everything a page loads, one at a time."""
    if not patches:
        saved_scenes = [
            dataclasses.replace(saved_scene, scene=drop_patches(saved_scene.scene))
            for saved_scene in saved_scenes
        ]
    scenes = [saved_scene.scene for saved_scene in saved_scenes]
    study_groups = [saved_scene.study_groups for saved_scene in saved_scenes]
    for name, chunk in page_chunks(title, scenes, study_groups):
        yield "chunk", name, chunk
    for scene_number, saved_scene in enumerate(saved_scenes):
        if saved_scene.scene.pictures.tile:
            for number, sheet in enumerate(saved_scene.sheets):
                yield "sheet", f"{scene_number}-{number}", _read_sheet(sheet)


def _read_sheet(path: Path) -> bytes:
    try:
        return read_file(path, path.parent)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error}): run the experiment again; finished "
            "stages are reused."
        ) from error


def _embed(file: IO[bytes], kind: str, name: str, content: bytes) -> None:
    start = f'<script type="text/plain" class="conceptevo-{kind}" data-name="{name}">'
    file.write(f"{start}{_base64(content)}</script>\n".encode())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _index_block(index: dict[str, Any]) -> str:
    start = '<script type="application/json" id="conceptevo-index">'
    return f"{start}{escape_script(index)}</script>"
