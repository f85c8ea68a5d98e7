"""Costs of the explorer's page: pages of random scenes, opened and stepped through.

Chromium draws without a GPU (software WebGL), so that numbers of machines with and
without a GPU can be compared.
"""

import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.benchmarks.random_scene import random_scene, scene_size
from conceptevo_jax.benchmarks.rows import upper_bound_claim
from conceptevo_jax.explorer import SavedScene, write_folder
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.types import record

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
"""Options of Chromium: without a GPU, and without requests to a network."""

WIDTH, HEIGHT = 1440, 900
"""Size of the window, in pixels."""

_STEPS = 12

_ALL_RUNS = "e=last&p=*0"
"""The view that is opened: all neurons on one map, at the end."""

_PAUSE = 300
"""Milliseconds between two keys, so that each is drawn before the next."""

_WATCH_SCRIPT = """() => {
  window.paints = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === "keydown") window.paints.push(entry.duration);
    }
  }).observe({ type: "event", durationThreshold: 16 });
}"""
"""Time from a key to the next paint, as reported by the browser, in steps of 8 ms
(Event Timing, https://www.w3.org/TR/event-timing/); quicker ones are not reported."""


@record
class PageCosts:
    """Costs of opening a page.

    Attributes:
      neurons: Points on the map.
      snapshots: Snapshots of each run.
      bytes: Size of the page's files.
      first_view: Seconds from opening the page to its first map.
      steps: Seconds from a key to the next paint, per step; steps below 16 ms are
        missing.
    """

    neurons: int
    snapshots: int
    bytes: int
    first_view: float
    steps: Sequence[float]


def why_no_browser() -> str | None:
    """The reason why pages cannot be measured here; None if they can."""
    if importlib.util.find_spec("playwright") is None:
        return "not run: needs playwright, pip install playwright"
    if shutil.which("chromium") is None:
        return "not run: needs chromium, of which none is in the path"
    return None


def measure_page(neurons: int, snapshots: int) -> PageCosts:
    """Write the page of a random scene to a folder, open it and step through it.

    Args:
      neurons: Number of neurons, in five runs.
      snapshots: Number of snapshots of each run, at least two.
    """
    from playwright.sync_api import sync_playwright  # not every user has it

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        scene = random_scene(neurons, snapshots)
        saved = SavedScene(scene=scene, sheets=())
        page = write_folder([saved], Path(folder), title=scene.title)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.*"))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        view: Any = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        first = _open(view, page)
        steps = _step(view, min(_STEPS, snapshots - 1))
        browser.close()
    return PageCosts(
        neurons=scene_size(scene),
        snapshots=snapshots,
        bytes=size,
        first_view=first,
        steps=steps,
    )


def _open(view: Any, page: Path) -> float:
    """Seconds until the maps of a page are drawn."""
    view.goto(f"{page.as_uri()}#{_ALL_RUNS}")
    view.wait_for_selector(".maps[data-drawn]", timeout=120_000)
    return float(view.evaluate("performance.now()") / 1000)


def _step(view: Any, count: int) -> list[float]:
    """Seconds from a key to the paint of the snapshot before, one per step."""
    view.wait_for_timeout(5 * _PAUSE)
    view.evaluate(_WATCH_SCRIPT)
    for _ in range(count):
        view.keyboard.press("ArrowLeft")
        view.wait_for_timeout(_PAUSE)
    view.wait_for_timeout(5 * _PAUSE)
    return [spent / 1000 for spent in view.evaluate("window.paints")]


def measure_pages(
    *, neurons: int, snapshots: int, many_neurons: int
) -> tuple[list[dict[str, Any]], list[Claim]]:
    """Open the explorer's page with many and with very many neurons, if possible.

    Args:
      neurons: Number of neurons of the first page.
      snapshots: Number of snapshots of each run of the first page.
      many_neurons: Number of neurons of the second page, with two snapshots.
    """
    why = why_no_browser()
    if why is not None:
        return [], [
            upper_bound_claim(name, rule, None, 0, why) for name, rule, _ in _PAGE
        ]
    standard_page = measure_page(neurons, snapshots)
    large_page = measure_page(many_neurons, 2)
    rows = [_page_row(page) for page in (standard_page, large_page)]
    measured = (standard_page.first_view, rows[0]["step"], large_page.first_view)
    claims = []
    for (name, rule, bound), value in zip(_PAGE, measured, strict=True):
        page = large_page if name == "page_with_many" else standard_page
        slowest = f", slowest step {max(page.steps, default=0.0):.2f} s"
        why = f"{page.neurons:,} neurons, {page.snapshots} snapshots{slowest}"
        claims.append(upper_bound_claim(name, rule, value, bound, why))
    return rows, claims


def _page_row(page: PageCosts) -> dict[str, Any]:
    return {
        "neurons": page.neurons,
        "snapshots": page.snapshots,
        "bytes": page.bytes,
        "first_view": page.first_view,
        "step": float(np.median(page.steps)) if page.steps else 0.0,
        "slowest_step": max(page.steps, default=0.0),
    }


_PAGE = (
    ("page_first_view", "the explorer's page shows its first map within 2 s", 2.0),
    ("page_step", "and the next snapshot within .1 s of a key, median", 0.1),
    ("page_with_many", "with very many neurons it opens, within a minute", 60.0),
)
"""Name, rule and bound of each claim about the page, in software WebGL."""
