"""What a reader of the page does, and where things are seen to be."""

import io
import re
import time

import numpy as np
from browsing import WAIT
from PIL import Image

from conceptevo_jax.epochs import snapshot_label


def named(neuron):
    """How the page calls a neuron in a snapshot: `long@3/conv1/0`."""
    snapshot, rest = neuron.split("/", 1)
    run, epoch = snapshot.split("@")
    epoch = int(epoch) if epoch.isdigit() else epoch
    return f"{snapshot_label(f'The run {run}', epoch)}: {rest}"


def find(page, words):
    """Type into the search; what it lists."""
    page.get_by_role("combobox", name="search").fill(words)
    return page.locator("#hits li")


def choose(page, words):
    """Take the first that the search finds."""
    find(page, words)
    page.keyboard.press("Enter")


def set_epoch(page, progress):
    """By keys: from the start on, so many snapshots."""
    page.locator("#epoch").focus()
    page.keyboard.press("Home")
    for _ in range(progress):
        page.keyboard.press("ArrowRight")


RING = """(map) => {
  const own = map.getBoundingClientRect();
  const ring = map.querySelector(".ring.chosen");
  const at = (axis) => Number(ring.getAttribute(axis));
  return [own.left + at("cx"), own.top + at("cy")];
}"""
FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""
"""Until what was changed is on the screen."""


def drawn(page):
    """Wait until the maps have nothing left to draw, and show it."""
    page.wait_for_selector(".maps[data-drawn]")
    page.evaluate(FRAMES)


def until(page, read, holds):
    """Read again, frame by frame, until it holds or the longest wait is over.

    Returns:
      What was read last, for the test to judge.
    """
    end = time.monotonic() + WAIT / 1000
    while not holds(last := read()) and time.monotonic() < end:
        page.evaluate(FRAMES)
    return last


PACE = 1000
"""A little more than a snapshot is shown for while the page plays, in ms."""


def ring(page, place=0):
    """Where a map's ring around the chosen neuron is on the screen."""
    drawn(page)
    shown = page.locator(".map").nth(place)
    shown.locator(".ring.chosen").wait_for(state="attached")
    return shown.evaluate(RING)


def place_of(page, neuron):
    """Where a neuron is on the first map; it is the chosen one then."""
    choose(page, neuron)
    run, rest = neuron.split("/", 1)
    # Its parser takes no slash within a pattern.
    told = re.compile(f"^The run {run}, [^:]*: {rest.replace('/', '.')}$")
    page.locator("h2", has_text=told).wait_for()
    return ring(page)


def draw_around(page, places, *, margin=14, shift=True):
    """Drag a box around places on the screen."""
    xs, ys = zip(*places, strict=True)
    left, right = min(xs) - margin, max(xs) + margin
    top, bottom = min(ys) - margin, max(ys) + margin
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def looks(locator):
    """Pixels of an element as it is drawn."""
    with Image.open(io.BytesIO(locator.screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def differs(patch, ink, edge=4):
    """How far a patch within its edge is from a colour, of 255."""
    shown = looks(patch)
    return np.abs(shown[edge:-edge, edge:-edge] - ink).max()


def shows(page, patch, ink):
    """Whether a patch is of one colour, once its image is there."""
    return until(page, lambda: differs(patch, ink), lambda far: far <= 2) <= 2
