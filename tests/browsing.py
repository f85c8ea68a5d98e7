"""A real browser, in which every page that a test opens is watched."""

import shutil
from pathlib import Path

import pytest

from conceptevo_jax.benchmarks.page_costs import FLAGS

WAIT = 60_000
"""For a condition, in ms; a core that is shared with other tests is slow at times."""
LAPTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


# For a file of tests only: playwright's event loop must be gone before others begin.
@pytest.fixture(scope="module")
def browser():
    """Debian's chromium."""
    needed = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium: apt-get install chromium")
    needed.expect.set_options(timeout=WAIT)
    with needed.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


def watch(page, folder: Path, tolerated: tuple[str, ...]) -> list[str]:
    """A list that grows with all that a page must not do."""
    troubles = []
    own = f"{folder.resolve().as_uri()}/"

    def tell(trouble):
        if not any(part in trouble for part in tolerated):
            troubles.append(trouble)

    def told(message):
        if message.type == "error":
            tell(f"console: {message.text}")

    def requested(request):
        if not request.url.startswith((own, "blob:", "data:")):
            troubles.append(f"request: {request.url[:200]}")

    def asked(dialog):
        troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", told)
    page.on("pageerror", lambda error: tell(f"error: {error}"))
    page.on("request", requested)
    page.on("dialog", asked)
    return troubles


def stop_clock(page):
    """From now on time goes on in the page by `page.clock.run_for` alone."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)


@pytest.fixture
def visit(browser):
    """Open a page from the disk; at the end it has had no error and asked nothing.

    `view` is the part of its address after `#`; `broken` does not wait for maps;
    `tolerated` are parts of messages that the browser itself must give.
    """
    contexts, troubles = [], []

    def opened(path, view="", *, broken=False, tolerated=(), **settings):
        context = browser.new_context(**{"viewport": LAPTOP, **settings})
        contexts.append(context)
        context.set_default_timeout(WAIT)
        page = context.new_page()
        troubles.append(watch(page, path.parent, tolerated))
        page.goto(f"{path.resolve().as_uri()}{'#' if view else ''}{view}")
        if not broken:
            page.wait_for_selector("#app[data-ready=true] .maps[data-drawn]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [trouble for one in troubles for trouble in one] == []
