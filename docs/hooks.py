"""Adds the Markdown pages and pictures outside of `docs/` to the documentation.

All Markdown files link to each other by their paths in the repository, as code hosts
expect. Here these links become links between pages. Links to files that are no page,
such as sources, become plain text: the documentation does not know where the repository
is hosted.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent

OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "experiments/README.md": "results.md",
}
"""Pages outside of `docs/`, by their path in the repository."""

PICTURES = "experiments/pictures"

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^( *)```.*?^\1```", re.M | re.S)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add what lies outside of `docs/`."""
    for source, page in OUTSIDE.items():
        content = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=content))
    for picture in sorted((ROOT / PICTURES).iterdir()):
        place = f"pictures/{picture.name}"
        files.append(File.generated(config, place, abs_src_path=str(picture)))
    return files


def on_page_markdown(
    markdown: str, *, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Turn links between files of the repository into links between pages."""
    uri = page.file.src_uri
    repository_path = {v: k for k, v in OUTSIDE.items()}.get(uri, f"docs/{uri}")
    folder = os.path.dirname(repository_path)

    def link(match: re.Match[str]) -> str:
        target = urlsplit(match["target"])
        if target.scheme or not target.path:
            return match[0]
        path = os.path.normpath(os.path.join(folder, target.path))
        place = _place(path)
        if place is None:
            if not (ROOT / path).exists():
                return match[0]  # mkdocs names it
            return match["text"]
        relative = os.path.relpath(place, os.path.dirname(uri) or ".")
        anchor = f"#{target.fragment}" if target.fragment else ""
        return f"{match['image']}[{match['text']}]({relative}{anchor})"

    return _outside_code(markdown, lambda text: _LINK.sub(link, text))


def _place(path: str) -> str | None:
    """The page or picture of a file of the repository; None if it has none."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    for folder, place in ((f"{PICTURES}/", "pictures/"), ("docs/", "")):
        if path.startswith(folder):
            return place + path.removeprefix(folder)
    return None


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Apply `change` to the text between fenced blocks."""
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(markdown[end:])])
