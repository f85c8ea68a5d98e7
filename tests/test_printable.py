"""Names become text on one line, and text stays what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.printable import printable_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud83d half", r"\ud83d half"),
        ("right\u202eleft\u2066", r"right\u202eleft\u2066"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028break", r"line\u2028break"),
    ],
)
def test_what_is_no_text_is_escaped(name, shown):
    assert printable_name(name) == shown


@pytest.mark.parametrize(
    "name", ["", "cat", "$x$ _{}%", "漢字", "a\u3000b", "می\u200cخواهم", "naïve \\n"]
)
def test_text_stays(name):
    assert printable_name(name) == name


@given(name=st.text(st.characters(codec=None), max_size=20))
def test_every_name_is_one_line_that_utf8_can_write(name):
    shown = printable_name(name)
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown
    assert printable_name(shown) == shown
