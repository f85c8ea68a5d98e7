"""Write the explorer's page: one file, or a folder that can be refreshed.

The page itself is a built template in this package. A single file holds everything, so
that it opens from a disk or as an attachment; a folder loads its parts when they are
needed, which large runs want and live ones must. Nothing is half-written: files get
their names when they are complete, and in a folder the list of them comes last.
"""

import base64
import hashlib
import html
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer.chunks import chunks
from conceptevo_jax.explorer.scene import Saved, Scene, without_patches
from conceptevo_jax.store import (
    parse_json,
    read_file,
    replacing,
    require_closed,
    write_bytes,
    write_text,
)
from conceptevo_jax.store.kinds import fits
from conceptevo_jax.store.reading import LARGEST_TEXT

MARKER = "<!--conceptevo:data-->"
TITLE = "<title>conceptevo explorer</title>"
TEMPLATE = "template.html"
REVISION = "data/revision.js"

LARGEST_PAGE = 64_000_000
"""Bytes above which one file becomes a folder."""

_OWN = re.compile(r"[a-z]*-?\d*(-\d+)?\.[0-9a-f]{12}\.(js|webp)")
"""Names of data files: what else lies beside them is not touched."""

_CALL = "conceptevoRevision("

_KINDS = ("chunks", "sheets")
"""What a page lists, each by name."""


def read_template() -> str:
    """The built page without data.

    Raises:
      DataError: if it is not there or not whole.
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
    saved: Sequence[Saved],
    path: Path,
    *,
    title: str,
    patches: bool = True,
    limit: int | None = None,
) -> bool:
    """Write one self-contained HTML file, whole or not at all.

    Args:
      saved: One scene, or several of different spaces.
      path: The file.
      title: Of the page.
      patches: Whether it holds images.
      limit: Bytes above which it is given up.

    Returns:
      Whether it was written: false where it would have been larger than `limit`.

    Raises:
      DataError: if the template or a sheet cannot be read.
    """
    before, after = _titled(title).split(MARKER)
    try:
        with replacing(path) as file:
            file.write(before.encode())
            for kind, name, data in _parts(title, saved, patches):
                _embed(file, kind, name, data)
                if limit is not None and file.tell() > limit:
                    raise _TooLargeError
            file.write(after.encode())
    except _TooLargeError:
        return False
    return True


class _TooLargeError(Exception):
    """A page has become larger than it may be."""


def write_whole(
    saved: Sequence[Saved],
    page: Path,
    parts: Path,
    *,
    title: str,
    patches: bool = True,
) -> Path:
    """Write a page as the file `page`, or as the folder `parts` where it is too large.

    Returns:
      The page. The rest is as for `write_page` and `write_folder`.
    """
    if write_page(saved, page, title=title, patches=patches, limit=LARGEST_PAGE):
        return page
    return write_folder(saved, parts, title=title, patches=patches)


def write_folder(
    saved: Sequence[Saved],
    folder: Path,
    *,
    title: str,
    patches: bool = True,
    live: bool = False,
    finished: bool = True,
) -> Path:
    """Write `index.html` and the data that it loads, beside what it loads already.

    Args:
      saved: One scene, or several of different spaces.
      folder: May hold an earlier page, which it replaces; a page that is open keeps
        what it knows until it asks again.
      title: Of the page.
      patches: Whether it holds images.
      live: Whether the page shall look for later data.
      finished: Whether there will be none.

    Returns:
      The page.

    Raises:
      DataError: if the template or a sheet cannot be read, or a link leads out of the
        folder.
    """
    template = _titled(title)
    require_closed(folder, folder)
    earlier = _files(_read_revision(folder / REVISION))
    listed: dict[str, dict[str, str]] = {"chunks": {}, "sheets": {}}
    for kind, name, data in _parts(title, saved, patches):
        key = hashlib.blake2b(data, digest_size=6).hexdigest()
        if kind == "chunk":
            text = f"conceptevoChunk({json.dumps(name)}, {json.dumps(_text(data))});"
            own, place = text.encode(), f"data/{name}.{key}.js"
        else:
            own, place = data, f"sheets/{name}.{key}.webp"
        _write_once(folder / place, own)
        listed[f"{kind}s"][name] = place
    names = json.dumps(listed, sort_keys=True).encode()
    revision = hashlib.blake2b(names, digest_size=6).hexdigest()
    index = {"revision": revision, "live": live, **listed}
    page = folder / "index.html"
    write_text(page, template.replace(MARKER, _index(index)))
    if live:
        told = _script_safe({**index, "finished": finished})
        write_text(folder / REVISION, f"{_CALL}{told});")
    else:
        (folder / REVISION).unlink(missing_ok=True)
        earlier = set()
    _forget(folder, _files(index) | earlier | {REVISION})
    return page


def _titled(title: str) -> str:
    shown = f"<title>{html.escape(title)}</title>"
    before, after = read_template().split(MARKER)
    # The data's title must not bring a second marker along.
    return MARKER.join(part.replace(TITLE, shown) for part in (before, after))


def _parts(
    title: str, saved: Sequence[Saved], patches: bool
) -> Iterator[tuple[str, str, bytes]]:
    """Kind, name and bytes of everything a page loads, one at a time."""
    scenes = [_shown(one, patches) for one in saved]
    for name, data in chunks(title, scenes, [one.given for one in saved]):
        yield "chunk", name, data
    for scene, one in enumerate(saved):
        if _shown(one, patches).pictures.tile:
            for number, sheet in enumerate(one.sheets):
                yield "sheet", f"{scene}-{number}", _sheet(sheet)


def _shown(saved: Saved, patches: bool) -> Scene:
    return saved.scene if patches else without_patches(saved.scene)


def _sheet(path: Path) -> bytes:
    try:
        return read_file(path, path.parent)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error}): run the experiment again; finished "
            "stages are reused."
        ) from error


def _embed(file: IO[bytes], kind: str, name: str, data: bytes) -> None:
    start = f'<script type="text/plain" class="conceptevo-{kind}" data-name="{name}">'
    file.write(f"{start}{_text(data)}</script>\n".encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _index(index: dict[str, Any]) -> str:
    start = '<script type="application/json" id="conceptevo-index">'
    return f"{start}{_script_safe(index)}</script>"


def _script_safe(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c")


def _write_once(path: Path, data: bytes) -> None:
    """Write a file that is named by its content."""
    if not path.is_file():
        write_bytes(path, data)


def _read_revision(path: Path) -> dict[str, dict[str, str]]:
    """What an open live page may still load; nothing where that is not known."""
    try:
        text = read_file(path, path.parent, LARGEST_TEXT).decode()
        index = parse_json(text.removeprefix(_CALL).removesuffix(");"))
        listed = {kind: index[kind] for kind in _KINDS}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return listed if fits(listed, Mapping[str, Mapping[str, str]]) else {}


def _files(index: Mapping[str, Any]) -> set[str]:
    return {place for kind in _KINDS for place in index.get(kind, {}).values()}


def _forget(folder: Path, kept: set[str]) -> None:
    """Delete data of earlier pages."""
    for kind in ("data", "sheets"):
        for path in (folder / kind).glob("*"):
            if _OWN.fullmatch(path.name) and f"{kind}/{path.name}" not in kept:
                path.unlink()
