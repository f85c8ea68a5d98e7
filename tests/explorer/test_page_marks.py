"""What lies over the points follows time, size and enlargement of the maps."""

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect


def painted(page):
    """How many patches lie on the first map's canvas."""
    return int(page.locator("canvas.thumbs").first.get_attribute("data-painted") or 0)


def test_enlarged_maps_show_patches_in_place_of_points(visit, planted_page):
    page = visit(planted_page, "e=last&p=long&v=0.75,0.75,5.9")
    acting.drawn(page)
    assert painted(page) == 0
    page.keyboard.press("+")
    assert acting.until(page, lambda: painted(page), lambda count: count >= 3) == 3
    x, y = acting.place_of(page, "long/conv2/1")
    page.add_style_tag(content=".labels, .overlay { visibility: hidden }")
    box = page.locator(".map").bounding_box()
    row, column = int(y - box["y"]), int(x - box["x"])
    near = acting.looks(page.locator(".map"))[
        row - 5 : row + 6, column - 5 : column + 6
    ]
    assert np.abs(near - world.INKS[2]).max() <= 2


def test_a_way_is_coloured_by_time_and_names_epochs_at_its_bends(visit, planted_page):
    page = visit(planted_page, "e=last&p=long&n=long/conv1/0")
    steps = page.locator(".trail")
    expect(steps).to_have_count(4)
    colours = [step.get_attribute("stroke") for step in steps.all()]
    assert len(set(colours)) == 4
    expect(page.locator(".head")).to_have_count(1)
    epochs = page.locator(".epoch")

    def unpainted():
        return epochs.count() - painted(page)

    assert acting.until(page, unpainted, lambda count: count == 0) == 0
    names = set(epochs.all_text_contents())
    assert {"init", "3"} <= names <= {"init", "0", "1", "2", "3"}


BOXES = """(map) => [...map.querySelectorAll(".epoch, .label:not(.covered)")]
  .map((name) => name.getBoundingClientRect().toJSON())"""


def test_names_of_epochs_and_concepts_cover_no_other(visit, planted_page):
    page = visit(planted_page, "e=last&p=long&n=long/conv1/0")
    expect(page.locator(".epoch").first).to_be_attached()
    page.locator(".label .patch").first.wait_for()
    acting.drawn(page)
    boxes = page.locator(".map").evaluate(BOXES)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            across = min(a["right"], b["right"]) - max(a["left"], b["left"])
            down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
            assert min(across, down) <= 4


def test_the_outline_of_a_region_stays_when_time_moves(page):
    x, y = acting.place_of(page, "long/conv2/1")
    acting.draw_around(page, [(x, y)], margin=18)
    expect(page.locator(".region.now")).to_have_count(1)
    acting.set_epoch(page, 1)
    expect(page.locator(".region.before")).to_have_count(1)


def test_what_is_not_selected_is_dimmed_on_every_map(visit, planted_page):
    page = visit(planted_page, "e=last&p=long,short&c=group")
    page.add_style_tag(content=".labels, .overlay { visibility: hidden }")
    other = page.locator(".map").nth(1)
    acting.drawn(page)
    before = acting.looks(other).sum()
    acting.choose(page, "long/conv1")

    def lighter():
        return acting.looks(other).sum() - before

    assert acting.until(page, lighter, lambda change: change > 0) > 0


@pytest.fixture(scope="module")
def crowded(save, tmp_path_factory):
    scene = world.crowded_scene(60)
    path = tmp_path_factory.mktemp("crowd") / "page.html"
    assert write_page([save(scene)], path, title="planted · page")
    return path


NARROW = {"width": 900, "height": 800}


def test_a_map_made_smaller_looks_as_a_map_opened_small(visit, crowded):
    """Dots too large for their map would hide each other."""
    page = visit(crowded, world.ALL_RUNS)
    small = visit(crowded, world.ALL_RUNS, viewport=NARROW)
    acting.drawn(small)
    wanted = acting.looks(small.locator(".map"))
    page.set_viewport_size(NARROW)

    def apart():
        acting.drawn(page)
        shown = acting.looks(page.locator(".map"))
        return np.abs(shown - wanted).mean() if shown.shape == wanted.shape else 255

    assert acting.until(page, apart, lambda far: far < 0.5) < 0.5


def test_the_dark_look_has_dark_maps(visit, planted_page):
    page = visit(planted_page, world.ALL_RUNS, color_scheme="dark")
    acting.drawn(page)
    shown = acting.looks(page.locator(".map"))
    assert np.median(shown) < 40
    assert shown.max() > 150


NO_WEBGL = """const before = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.includes("webgl") ? null : before.call(this, kind, ...rest);
};"""


def test_a_browser_without_webgl_is_told_so_first(page):
    page.add_init_script(NO_WEBGL)
    page.reload()
    told = page.get_by_role("alert").locator("p").first
    expect(told).to_contain_text("WebGL is missing or switched off")
