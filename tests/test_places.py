"""Places that are typed mean what they say, or are refused by name."""

from pathlib import Path

import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.places import typed_place


def test_home_is_found_where_shells_leave_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert typed_place("~/x") == tmp_path / "x"
    assert typed_place(Path("~")) == tmp_path


@pytest.mark.parametrize("text", ["a~b", " a", "it's", "写真", "./~x"])
def test_other_names_are_what_was_typed(text):
    assert typed_place(text) == Path(text)


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_what_names_nothing_is_refused(text):
    with pytest.raises(UsageError, match=r"^run_dir is empty: name one\."):
        typed_place(text, "run_dir")


def test_the_home_of_nobody_is_refused():
    with pytest.raises(UsageError, match=r"~nobody-here/x: ~nobody-here is the home"):
        typed_place("~nobody-here/x")
