"""All Markdown pages of the repository: their code, links and anchors."""

import functools
import re
import shlex
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent

PAGES = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "experiments", "docs", "docs/reference")
    for path in (ROOT / folder).glob("*.md")
)

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)


@functools.cache
def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def prose(page: str) -> str:
    """Without its fenced blocks."""
    return _FENCE.sub("", text(page))


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and code of each fenced block."""
    return [
        (lang, textwrap.dedent(code)) for _, lang, code in _FENCE.findall(text(page))
    ]


def code(page: str, language: str) -> list[str]:
    return [block for kind, block in blocks(page) if kind == language]


def links(page: str) -> list[str]:
    """The targets of links and pictures, without code in which brackets mean others."""
    plain = re.sub(r"`[^`]*`", "", prose(page))
    return re.findall(r"\]\(([^)\s]+)\)", plain)


def anchors(page: str) -> set[str]:
    """The anchors that code hosts and the documentation make of its headings."""
    slugs: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        same = (f"{slug}-{number}" for number in range(1, 100))
        slugs.add(next(same) if slug in slugs else slug)
    return slugs


def shell_lines(page: str) -> list[str]:
    """The lines of its shell blocks; a line that ends with a backslash goes on."""
    joined = "\n".join(code(page, "sh")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and line[0] != "#"]


def calls(line: str) -> list[list[str]]:
    """The words after `conceptevo`, wherever a line of a shell calls it."""
    # In double quotes a shell reads `\$` as `$`, which `shlex` does not.
    words = shlex.split(line.replace(r"\$", "$"), comments=True)
    nested = [call for w in words if "conceptevo " in w for call in calls(w)]
    if "conceptevo" in words:
        nested.append(words[words.index("conceptevo") + 1 :])
    return nested


def page_calls(page: str) -> list[list[str]]:
    """All calls of its shell blocks, and those within its text."""
    within = re.findall(r"`(conceptevo\s[^`]+)`", prose(page))
    lines = [*shell_lines(page), *(" ".join(line.split()) for line in within)]
    return [call for line in lines for call in calls(line)]
