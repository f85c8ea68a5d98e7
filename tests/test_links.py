"""What the pages link to exists: files, and places within pages."""

from pathlib import PurePosixPath

import pytest
from pages import PAGES, ROOT, anchors, links


def _file(page: str, target: str) -> str:
    """The linked file, by its path in the repository."""
    path = target.partition("#")[0]
    if not path:
        return page
    place = (ROOT / PurePosixPath(page).parent / path).resolve()
    assert place.is_relative_to(ROOT), f"{page}: {target} is outside of the repository"
    return str(place.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in links(page):
        if "://" in target:
            continue
        path, anchor = _file(page, target), target.partition("#")[2]
        assert (ROOT / path).exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{page}: {target}"


def test_an_anchor_is_what_code_hosts_make_of_a_heading():
    assert "where-it-departs-from-the-paper-and-why" in anchors("docs/methods.md")
    assert "demo-scale-demo-seed-0" in anchors("experiments/README.md")
    assert "010-unreleased" in anchors("CHANGELOG.md")
    assert "what-is-not-promised" in anchors("docs/records.md")
