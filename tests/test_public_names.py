"""Every name of the package in a page exists, and every public name is on a page."""

import pkgutil
import re

import pytest
from pages import PAGES, text

import conceptevo_jax as ce

NAME = re.compile(r"\b(ce|conceptevo_jax)((?:\.[A-Za-z_]\w*)+)")


def unknown_names(page: str) -> list[str]:
    """Names `ce.NAME` and `conceptevo_jax.NAME` in a text that do not exist.

    Names of the short form must be public; those of the long form may be of a module.
    """
    return [
        package + attributes
        for package, attributes in NAME.findall(page)
        if not _exists(package, attributes)
    ]


def _exists(package: str, attributes: str) -> bool:
    if package == "ce" and attributes.split(".")[1] not in ce.__all__:
        return False
    try:
        pkgutil.resolve_name(f"conceptevo_jax{attributes}")
    except (AttributeError, ImportError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_package_in_a_page_exists(page):
    assert unknown_names(text(page)) == []


def test_names_that_do_not_exist_are_noticed():
    page = (
        "`ce.train(...)`, ce.ConceptMonitor.of_model, conceptevo_jax.data.DecodedImages"
        ", conceptevo_jax.types; but ce.find_concepts, ce.ConceptMonitor.of_models, "
        "ce.data, conceptevo_jax.nothing, conceptevo_jax.data.nothing; performance.md"
    )
    assert unknown_names(page) == [
        "ce.find_concepts",
        "ce.ConceptMonitor.of_models",
        "ce.data",
        "conceptevo_jax.nothing",
        "conceptevo_jax.data.nothing",
    ]
    assert {"README.md", "CHANGELOG.md", "docs/records.md"} <= set(PAGES)


def test_every_public_name_is_documented():
    reference = "".join(text(p) for p in PAGES if p.startswith("docs/reference/"))
    for name in ce.__all__:
        assert getattr(ce, name).__doc__, name
        assert re.search(rf"^::: \S+\.{name}$", reference, re.M), name
