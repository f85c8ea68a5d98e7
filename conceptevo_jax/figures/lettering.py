r"""Text in figures: names are shown unchanged, in every script.

Matplotlib treats `$` as the start of a formula, leaves names that begin with `_`
out of legends, and draws boxes for characters that its font lacks. Here a name looks as
in the folder. Characters that matplotlib's own font lacks are taken from
the installed fonts of `FALLBACKS`; characters missing from all are shown as their code,
`\u6f22`. Text with formulae is not supported: figures have none.
"""

import dataclasses
import functools
import logging
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from conceptevo_jax.printable import escape_character, printable_name

P = ParamSpec("P")

_WIDE_CHARACTERS = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff00-\uff60\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
"""East Asian scripts and pictures, which take the place of two Latin letters."""

FIRST_FONT = "DejaVu Sans"
"""Comes with matplotlib."""

FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans TC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "IPAexGothic",
    "IPAGothic",
    "TakaoGothic",
    "VL Gothic",
    "AR PL UMing CN",
    "NanumGothic",
    "UnDotum",
    "Hiragino Sans",
    "PingFang SC",
    "PingFang HK",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "MS Gothic",
    "SimHei",
    "Malgun Gothic",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Thai",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Lohit Devanagari",
    "Loma",
    "Arial Unicode MS",
    "Noto Sans Symbols",
    "Noto Emoji",
    "FreeSans",
    "Unifont",
)
"""Families with the scripts that matplotlib's font lacks, of the usual systems."""


@functools.cache
def font_families() -> tuple[str, ...]:
    """Matplotlib's font and those of `FALLBACKS` that are installed."""
    installed_fonts = set(fontManager.get_font_names())
    # Many of them have one weight, which serves for bold: nothing to warn of.
    logging.getLogger("matplotlib.font_manager").addFilter(_is_not_about_weight)
    return (FIRST_FONT, *(name for name in FALLBACKS if name in installed_fonts))


def _is_not_about_weight(message: logging.LogRecord) -> bool:
    return "Failed to find font weight" not in str(message.msg)


def with_drawable_texts(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A drawing function that gets all its texts, also those in records, drawable."""

    @functools.wraps(draw)
    def draw_lettered(*args: P.args, **kwargs: P.kwargs) -> Figure:
        arguments: Any = _make_drawable(args)
        keywords: Any = {name: _make_drawable(kwargs[name]) for name in kwargs}
        return draw(*arguments, **keywords)

    return draw_lettered


def drawable_text(text: str) -> str:
    """A text as figures show it; its line breaks stay."""
    glyphs = "\n".join(
        "".join(
            c if _has_glyph(c) else escape_character(c) for c in printable_name(line)
        )
        for line in text.split("\n")
    )
    # A legend leaves out what begins with an underscore.
    return f" {glyphs}" if glyphs.startswith("_") else glyphs


def undrawable_note(names: Iterable[str]) -> tuple[str, ...]:
    """A sentence on names in scripts without an installed font, if there are any.

    Args:
      names: Of classes, as text.
    """
    undrawable_names = [name for name in names if not all(map(_has_glyph, name))]
    if not undrawable_names:
        return ()
    example = undrawable_names[0]
    number = (
        "1 class name is"
        if len(undrawable_names) == 1
        else f"{len(undrawable_names)} class names are"
    )
    return (
        f"{number} in a script without an installed font: "
        f"figures show codes for its characters, {drawable_text(example)} for "
        f"{example}. "
        "Install one that has them, such as Noto Sans CJK for Chinese, Japanese and "
        "Korean.",
    )


def wrap_lines(text: str, width: int) -> list[str]:
    """Break a text into lines.

    Characters of East Asian scripts count as two, and lines may be broken between them.

    Args:
      text: One paragraph.
      width: Of a line at most, in Latin letters.
    """
    if "\\u" in text:
        width = width * 3 // 4  # codes are digits, wider than letters
    if not re.search(f"[{_WIDE_CHARACTERS}]", text):
        return textwrap.wrap(text, width)
    lines, line = [], ""
    for word in re.findall(rf"\s+|[{_WIDE_CHARACTERS}]|[^\s{_WIDE_CHARACTERS}]+", text):
        if line and _text_width(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += " " if word.isspace() and line else word.strip()
    return [*lines, line.rstrip()] if line else lines


def wrap_text(text: str, width: int) -> str:
    """A text with line breaks where `wrap_lines` puts them.

    Args:
      text: One paragraph.
      width: Of a line at most, in Latin letters.
    """
    return "\n".join(wrap_lines(text, width))


def _text_width(text: str) -> int:
    """Width in Latin letters."""
    return len(text) + len(re.findall(f"[{_WIDE_CHARACTERS}]", text))


@functools.cache
def _has_glyph(character: str) -> bool:
    """Whether one of the families has it, in both of the weights that figures use."""
    return all(
        any(font.get_char_index(ord(character)) for font in _fonts(weight))
        for weight in ("normal", "bold")
    )


@functools.cache
def _fonts(weight: str) -> tuple[Any, ...]:
    return tuple(
        get_font(findfont(FontProperties(family=[name], weight=weight)))
        for name in font_families()
    )


def _make_drawable(argument: Any) -> Any:
    """The argument with drawable texts: a text, or sequences and records of texts."""
    if isinstance(argument, str):
        return drawable_text(argument)
    if isinstance(argument, list | tuple):
        # A named tuple takes its fields as separate arguments, except in this method.
        make = getattr(argument, "_make", type(argument))
        return make(_make_drawable(part) for part in argument)
    if dataclasses.is_dataclass(argument) and not isinstance(argument, type):
        names = [field.name for field in dataclasses.fields(argument)]
        fields = {name: _make_drawable(getattr(argument, name)) for name in names}
        return dataclasses.replace(argument, **fields)
    return argument
