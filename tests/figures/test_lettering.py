"""Names in figures are text, whatever they hold, in every script there is."""

import inspect

import numpy as np
import pytest
from matplotlib.text import Text

from conceptevo_jax import figures
from conceptevo_jax.figures import (
    Curve,
    Factor,
    MeasuredNumber,
    MethodDots,
    TaskPicture,
    draw_curves,
    draw_factors,
    draw_label_similarity,
    draw_methods,
    draw_tasks,
    lettering,
    save_figure,
    undrawable_note,
)

NAMES = (
    "$x$ costs $5",
    r"\frac{ \$ ^_",
    "_private",
    "__",
    "漢字の名前",
    "caf\udce9\x1b[31m",
    "right\u202eleft",
    "a\tb",
    "",
    " ",
)
"""What people's folders are called, and what nobody's should be."""


def curves(rng):
    lines = [
        Curve(name=n, progress=np.arange(3.0), values=rng.random(3)) for n in NAMES
    ]
    return draw_curves([(name, lines) for name in NAMES[:3]], title=", ".join(NAMES))


def methods(rng):
    values = rng.random(len(NAMES))
    dots = [MethodDots(name=n, values=values, low=values, high=values) for n in NAMES]
    return draw_methods([("_$AUC$", dots)], NAMES, title="$t$")


def factors(rng):
    lines, count = NAMES[:4], len(NAMES)
    factor = Factor(
        name="$f$",
        values=NAMES,
        centre=0,
        quality=rng.random((4, count)),
        seconds=10.0 ** np.arange(count),
    )
    return draw_factors([factor], lines, quality="$q$", title="_t")


def labels(rng):
    rows = [MeasuredNumber(name=name, value=0.5, low=0.4, high=0.6) for name in NAMES]
    return draw_label_similarity(rows, rows[0], encoder="$e$", who="_w")


def tasks(rng):
    patches = rng.integers(0, 255, (len(NAMES), 2, 4, 4, 3), np.uint8)
    task = TaskPicture(title="$t$", patches=patches, names=NAMES, intruder=1)
    return draw_tasks([task], title="漢")


@pytest.mark.parametrize("draw", [curves, methods, factors, labels, tasks])
def test_names_are_drawn_as_text(draw, rng, tmp_path):
    """Without a warning, which here is an error: neither formulae nor boxes."""
    figure = draw(rng)
    save_figure(figure, tmp_path / "figure")
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_visible()]
    joined = "\n".join(texts)
    assert "$" in joined
    for text in figure.findobj(Text):
        assert not (text.get_parse_math() and "$" in text.get_text())
    assert "\x1b" not in joined
    assert "\u202e" not in joined


def test_a_legend_has_every_name(rng):
    (legend,) = curves(rng).legends
    shown = [text.get_text().strip() for text in legend.get_texts()]
    assert shown == [lettering.drawable_text(name).strip() for name in NAMES if name]


def test_every_drawing_function_has_drawable_texts():
    drawing = [name for name in figures.__all__ if name.startswith("draw_")]
    assert drawing
    for name in drawing:
        source = inspect.getsource(inspect.unwrap(getattr(figures, name)))
        assert source.startswith("@with_drawable_texts\n"), name


@pytest.fixture
def only_fallback(monkeypatch):
    """Choose the fonts beside matplotlib's own."""

    def choose(*names):
        monkeypatch.setattr(lettering, "FALLBACKS", names)
        for cached in (lettering.font_families, lettering._fonts, lettering._has_glyph):
            cached.cache_clear()

    yield choose
    for cached in (lettering.font_families, lettering._fonts, lettering._has_glyph):
        cached.cache_clear()


def test_what_no_font_has_stands_as_its_code_and_that_is_told(only_fallback):
    only_fallback()
    assert lettering.drawable_text("漢 cat\nelk") == "\\u6f22 cat\nelk"
    assert undrawable_note(["cat", "naïve", "ελιά"]) == ()
    (note,) = undrawable_note(["cat", "漢", "字"])
    assert note.startswith("2 class names are in a script without an installed font")
    assert r"\u6f22 for 漢." in note
    assert undrawable_note(["cat", "漢"])[0].startswith("1 class name is in a script")


def test_an_installed_font_gives_the_characters_that_the_first_one_lacks(
    only_fallback, rng, tmp_path
):
    """STIX, which comes with matplotlib, stands for a font of another script."""
    rare = "Ⓐ"
    only_fallback("Not Installed", "STIXGeneral")
    assert lettering.font_families() == ("DejaVu Sans", "STIXGeneral")
    assert lettering.drawable_text(rare) == rare
    line = Curve(name=rare, progress=np.arange(2.0), values=np.zeros(2))
    save_figure(draw_curves([(rare, [line])], title=rare), tmp_path / "figure")
    only_fallback()
    assert lettering.drawable_text(rare) == lettering.escape_character(rare)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("漢字漢字漢字", ["漢字漢字", "漢字"]),
        ("one 漢字 two", ["one 漢字", "two"]),
        ("a\n漢", ["a 漢"]),
        ("", []),
    ],
)
def test_lines_are_broken_by_what_is_seen(text, lines):
    assert lettering.wrap_lines(text, 8) == lines
    assert lettering.wrap_text(text, 8) == "\n".join(lines)


def test_values_that_are_no_text_stay_as_they_are():
    numbers = np.arange(2.0)
    given = Factor(
        name="_a",
        values=("$", "b"),
        centre=None,
        quality=np.ones((1, 2)),
        seconds=numbers,
    )
    shown, *others = lettering._make_drawable([given, numbers, 3, None])
    assert (shown.name, shown.values) == (" _a", ("$", "b"))
    assert shown.seconds is others[0] is numbers
    assert others[1:] == [3, None]
