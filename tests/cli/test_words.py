"""What is typed means what it says, though Hydra has a grammar of its own."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st

from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.cli.words import interpret_words, typed_names

SMOKE = ("experiment=unified_space", "scale=smoke")

PATHS = [
    "~/photos",
    "/x/photos (copy)",
    "/x/it's",
    "2026_11_29",
    "12e4567",
    "$5",
    "/x/Été",
    "/x/a&b",
    "/x/#1",
    "/x/lr=0.1",
    "a,b",
    "true",
    "[x]",
    "{a: 1}",
    'say "hi"',
    "写真",
    "x;y",
    "inf",
    "-1",
    "trailing ",
    "glob(*)",
    "range(3)",
]


def read(word):
    """What Hydra makes of a word."""
    return OverridesParser.create().parse_override(word).value()


@pytest.mark.parametrize("text", PATHS)
@pytest.mark.parametrize("setting", ["run_dir", "dataset.data_dir", "runs.base.title"])
def test_text_is_what_was_typed(setting, text):
    (word,) = interpret_words([f"{setting}={text}"], PackageSettings)
    assert read(word) == text


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\$"))
)
@example("'")
@example("it's")
def test_any_folder_is_what_was_typed(name):
    (word,) = interpret_words([f"dataset.name=folder:{name}"], PackageSettings)
    assert read(word) == f"folder:{name}"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("run_dir=null", None),
        ("run_dir='/x/a b'", "/x/a b"),
        ('run_dir="2026_11_29"', "2026_11_29"),
        ("run_dir=a\\,b", "a,b"),
        ("run_dir=${name}", "${name}"),
        ("seed=3", 3),
        ("importance.classes=null", None),
        ("runs.base.milestones=[0,2]", [0, 2]),
        ("runs.base.optimizer.learning_rate=12e-4", 12e-4),
        ("monitor=true", True),
    ],
)
def test_what_is_hydra_s_stays(word, value):
    assert interpret_words([word], PackageSettings) == [word]
    assert read(word) == value


def test_values_to_sweep_over_stay_where_there_is_a_sweep():
    words = ["-m", "dataset.name=shapes,fashion_mnist", "seed=0,1"]
    assert interpret_words(words, PackageSettings) == words
    assert interpret_words(["dataset.name=shapes,fashion_mnist"], PackageSettings) == [
        "dataset.name='shapes,fashion_mnist'"
    ]


def test_flags_and_what_cannot_be_read_stay():
    words = ["--cfg", "job", "runs.vgg16.epochs", "~base", "x y=1"]
    assert interpret_words(words, PackageSettings) == words


def test_settings_that_were_typed_have_names():
    words = ["experiment=demo", "+runs.a.epochs=3", "~runs.b", "dataset.side=32", "-m"]
    assert typed_names(words) == {
        "experiment",
        "runs.a.epochs",
        "runs.b",
        "dataset.side",
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", PATHS)
def test_a_folder_that_is_not_there_is_named_as_it_was_typed(
    call, tmp_path, monkeypatch, name
):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ("dataset=folder", f"dataset.name=folder:{name}", "dry_run=true")
    code, _, err = call(*SMOKE, *words)
    assert code == 3
    assert name.removeprefix("~").strip() in err
    assert "is not a folder" in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_results_go_where_was_typed(call, tmp_path):
    """Not to a folder called 20261129."""
    code, out, _ = call(*SMOKE, "run_dir=2026_11_29", "dry_run=true")
    assert code == 0
    assert "Results would go to 2026_11_29" in out
