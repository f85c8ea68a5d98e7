"""Nothing overlaps, nothing is cut; the first view looks as it did."""

import io
from pathlib import Path

import acting
import browsing
import numpy as np
import pytest
import world
from PIL import Image, ImageFilter

from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect

SIZES = {"laptop": browsing.LAPTOP, "phone": browsing.PHONE}

MEASURE = """(selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility())
  .map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const cut = one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0;
    return { what: one.outerHTML.slice(0, 90), left, top, right, bottom, cut };
  })"""

GROUPS = {
    "bar": "header > *",
    "choices": "header button, header select, header input",
    "tabs": "[role=tab]",
    "controls": ".controls > *",
    "chips": ".chip",
    "legend": ".legend > *",
    "map heads": ".frame-head > *",
    "parts": "header, .maps, .legend, .tabs, .timeline, .strip",
    "strip": ".strip-head > *",
}


def overlapping(boxes):
    return [
        (a["what"], b["what"])
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if min(a["right"], b["right"]) - max(a["left"], b["left"]) > 0.5
        and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 0.5
    ]


@pytest.fixture(params=SIZES)
def sized(request, visit, planted_page):
    """The page on a laptop and on a phone, at an alarm, a neuron and a class chosen."""
    view = f"{world.ALL_RUNS}&e=3&n=long/conv1/0&k=cat&c=importance"
    return visit(planted_page, view, viewport=SIZES[request.param])


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_overlaps_and_nothing_is_cut(sized, group):
    expect(sized.locator("table.concept")).to_be_visible()
    # On a phone the time stays in sight over what is scrolled; at the end it does not.
    sized.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    boxes = sized.evaluate(MEASURE, GROUPS[group])
    assert boxes
    assert overlapping(boxes) == []
    width = sized.viewport_size["width"]
    # A row of runs may be scrolled.
    scrolled = group == "chips" and width < 760
    for box in boxes:
        assert not box["cut"], box
        assert scrolled or (box["left"] >= -0.5 and box["right"] <= width + 0.5), box


@pytest.mark.parametrize("tab", ["Neuron", "Class", "Selection"])
def test_nothing_is_scrolled_sideways(sized, tab):
    sized.get_by_role("tab", name=tab).click()
    wide = "() => document.documentElement.scrollWidth - innerWidth"
    assert sized.evaluate(wide) <= 0
    pane = sized.get_by_role("tabpanel")
    assert pane.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0


def test_four_maps_have_room(sized):
    sized.keyboard.press("4")
    expect(sized.locator(".map")).to_have_count(4)
    boxes = sized.evaluate(MEASURE, ".map, .frame-head")
    assert overlapping(boxes) == []
    maps = sized.evaluate(MEASURE, ".map")
    assert all(one["right"] - one["left"] > 120 for one in maps)
    assert all(one["bottom"] - one["top"] > 120 for one in maps)


def test_on_a_phone_a_tapped_neuron_is_told_below_the_map(visit, planted_page):
    """Its heading and its first patches are seen beside the whole map."""
    page = visit(planted_page, world.ALL_RUNS, viewport=browsing.PHONE, has_touch=True)
    shown = page.locator(".map")
    sheet = page.get_by_role("complementary")
    first = page.locator("table.concept .patch").first
    x, y = acting.place_of(page, "long/conv1/0")
    box = shown.bounding_box()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tabpanel")).to_be_hidden()
    again = shown.bounding_box()
    page.touchscreen.tap(x - box["x"] + again["x"], y - box["y"] + again["y"])
    heading = sheet.get_by_role("heading", level=2)
    expect(heading).to_have_text(acting.named("long@3/conv1/0"))
    for part in (heading, first, shown):
        expect(part).to_be_in_viewport(ratio=1)
    drawn, side = shown.bounding_box(), sheet.bounding_box()
    assert drawn["y"] + drawn["height"] <= side["y"]
    assert overlapping(page.evaluate(MEASURE, ".timeline, .side")) == []


def test_the_sheet_of_a_phone_opens_and_closes_by_keys(visit, planted_page):
    page = visit(
        planted_page, f"{world.ALL_RUNS}&n=long/conv1/0", viewport=SIZES["phone"]
    )
    body = page.get_by_role("tabpanel")
    expect(body).to_be_visible()
    page.get_by_role("button", name="Hide details").focus()
    page.keyboard.press("Enter")
    expect(body).to_be_hidden()
    handle = page.get_by_role("button", name="Show details")
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Space")
    expect(body).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    expect(body).to_contain_text("Choose a class above")


def test_help_fits(sized):
    sized.get_by_role("button", name="Help").click()
    dialog = sized.get_by_role("dialog", name="How to read the map")
    expect(dialog).to_contain_text("a point keeps 71 % of its 15 nearest neighbours")
    box = dialog.bounding_box()
    size = sized.viewport_size
    assert 0 <= box["x"] <= box["x"] + box["width"] <= size["width"]
    assert 0 <= box["y"] <= box["y"] + box["height"] <= size["height"]
    assert dialog.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


FIRST = Path(__file__).with_name("first_view.png")
SMALL = (480, 300)


def small(picture):
    with Image.open(io.BytesIO(picture)) as image:
        reduced = image.convert("RGB").resize(SMALL, Image.Resampling.BOX)
    return reduced


def difference(one, other):
    """Mean absolute difference of two blurred pictures, of 255."""
    soft = [
        np.asarray(picture.filter(ImageFilter.GaussianBlur(2))).astype(float)
        for picture in (one, other)
    ]
    return np.abs(soft[0] - soft[1]).mean()


@pytest.fixture(scope="module")
def crowded(save, tmp_path_factory):
    """A page of many neurons."""
    scene = world.crowded_scene(100)
    path = tmp_path_factory.mktemp("crowd") / "page.html"
    assert write_page([save(scene)], path, title="planted · page")
    return path


@pytest.fixture
def crowd(crowded, visit):
    """Their first view, one of them chosen."""
    page = visit(crowded, f"{world.ALL_RUNS}&n=long/conv1/0")
    expect(page.locator("table.concept tr")).to_have_count(5)
    acting.drawn(page)
    patch = page.locator("table.concept .patch").first
    assert acting.shows(page, patch, world.INKS[0])
    return page


TOLERANCE = 1.7
"""Another font makes .8; without the points it is 4.2, without the pane 4.7."""


def test_the_first_view_looks_as_it_did(crowd, tmp_path):
    """A wanted change of the page changes the picture: look at the new one, keep it."""
    now = small(crowd.screenshot())
    fresh = tmp_path / FIRST.name
    now.save(fresh)
    with Image.open(FIRST) as kept:
        assert difference(now, kept.convert("RGB")) < TOLERANCE, f"see {fresh}"


@pytest.mark.parametrize(
    ("selector", "style", "same"),
    [
        ("body *", "font-family: serif !important", True),
        (".map canvas", "visibility: hidden", False),
        (".side", "visibility: hidden", False),
        (".patch", "visibility: hidden", False),
    ],
)
def test_the_picture_tells_what_is_missing_and_bears_another_font(
    crowd, selector, style, same
):
    before = small(crowd.screenshot())
    crowd.add_style_tag(content=f"{selector} {{ {style} }}")
    crowd.evaluate(acting.FRAMES)
    after = small(crowd.screenshot())
    assert (difference(before, after) < TOLERANCE) == same
    assert (np.asarray(before) != np.asarray(after)).any()
