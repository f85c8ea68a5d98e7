"""Public docstrings: their examples run, and their sections hold for the code."""

import builtins
import inspect
import re

import numpy as np
import pytest
from docstring_examples import DocstringExamples
from torchvision_states import torchvision_state

import conceptevo_jax as ce
from conceptevo_jax.models import build_model

DOCSTRINGS = {name: inspect.getdoc(getattr(ce, name)) or "" for name in ce.__all__}
FUNCTIONS = [name for name in ce.__all__ if inspect.isfunction(getattr(ce, name))]

MOST_STATEMENTS = 6


def section(name, title):
    """The text of a docstring's section, without its title; empty if it has none."""
    pattern = rf"^{title}:\n((?:[ ]+.*\n|\n)+)"
    matches = re.findall(pattern, DOCSTRINGS[name] + "\n", flags=re.M)
    assert len(matches) <= 1, f"{name} has several sections {title}"
    return inspect.cleandoc(matches[0]) if matches else ""


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    model = build_model("vgg16", preset="tiny", classes=10)
    namespace = {
        "ce": ce,
        "np": np,
        "state": torchvision_state(model, np.random.default_rng(0)),
    }
    folder = tmp_path_factory.mktemp("examples")
    return DocstringExamples(DOCSTRINGS, namespace, folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", ce.__all__)
def test_the_example_runs_and_gives_what_it_shows(examples, name):
    assert examples.report(name) == ""


@pytest.mark.parametrize("name", ce.__all__)
def test_every_public_name_has_a_short_example_that_uses_it(examples, name):
    statements = examples.statements[name]
    example = section(name, "Example")
    assert example.count(">>>") == len(statements) <= MOST_STATEMENTS
    assert statements
    uses_of_a_result = {"Model": "model.", "ConceptMonitor": "ce.ConceptMonitor."}
    error = name.endswith("Error")
    assert (
        (name in example)
        if error
        else uses_of_a_result.get(name, f"ce.{name}(") in example
    )


def test_a_wrong_result_and_a_missing_name_are_reported(tmp_path):
    planted = {
        "maker": ">>> a = 2",
        "right": ">>> a + 1\n3",
        "wrong": ">>> b = a + 1\n>>> b\n4",
        "after": ">>> b\n3",
        "lost": ">>> nowhere",
    }
    examples = DocstringExamples(planted, {}, tmp_path)
    assert examples.report("right") == ""
    assert "Expected:\n    4\nGot:\n    3" in examples.report("wrong")
    assert examples.report("after") == "", "what it needs was run before"
    with pytest.raises(AssertionError, match="'nowhere' is made by the examples of"):
        examples.report("lost")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_docstring_describes_every_argument_and_the_result(name):
    parameters = inspect.signature(getattr(ce, name)).parameters
    described = re.findall(r"^\**(\w+): ", section(name, "Args"), flags=re.M)
    assert described == list(parameters)
    assert section(name, "Returns")
    assert section(name, "Raises")


@pytest.mark.parametrize("name", ce.__all__)
def test_the_errors_that_a_docstring_names_are_public(name):
    for error in re.findall(r"\b\w+Error\b", section(name, "Raises")):
        assert error in ce.__all__ or hasattr(builtins, error), error
