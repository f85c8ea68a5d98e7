"""Maps name concepts, count them as tables do, and show one alone if wanted."""

import dataclasses

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.analysis.dynamics.concept_flow import concept_flow
from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect

TOLD = """(maps) => [...maps.querySelectorAll(".label .words")]
  .map((one) => one.textContent).sort()"""


def told(page):
    """Names and numbers on the first map."""
    acting.drawn(page)
    return page.locator(".map").first.evaluate(TOLD)


def words(counts):
    return sorted(
        f"{name} · {count}" for name, count in zip(world.CLASSES, counts, strict=True)
    )


def held(course):
    """Live neurons by concept at each snapshot, as `tables/concepts.csv` has them."""
    return concept_flow(course.group, course.dead, len(world.CLASSES)).neurons


def test_labels_count_the_live_neurons_of_the_shown_run(visit, planted_page):
    page = visit(planted_page, "e=last&p=long")
    counts = held(world.long())
    assert len({tuple(row) for row in counts}) > 1
    for snapshot, row in enumerate(counts):
        acting.set_epoch(page, snapshot)
        expect(page.locator(".maps[data-drawn]")).to_have_count(1)
        assert told(page) == words(row)


@pytest.mark.parametrize("colour", ["run", "depth", "group", "movement", "dead"])
def test_on_a_map_of_all_runs_they_count_those_beside_the_base(
    visit, planted_page, colour
):
    page = visit(planted_page, f"e=last&p=*0&c={colour}")
    assert told(page) == words(held(world.long())[-1] + held(world.short())[-1])
    shown = page.locator(".label:not(.covered)")
    expect(shown).to_have_count(4)
    for label in shown.all():
        ink = world.INKS[int(label.get_attribute("data-concept"))]
        assert acting.shows(page, label.locator(".patch"), ink)


def test_a_label_lies_at_the_median_place_of_the_bases_members(visit, planted_page):
    page = visit(planted_page, "e=last&p=long")
    x, y = acting.place_of(page, "long/conv2/1")
    box = page.locator(".label[data-concept='2']").bounding_box()
    scale = acting.place_of(page, "long/conv2/2")[0] - x
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # The base lies a tenth lower than the run; neurons are .12 apart.
    assert middle == pytest.approx((x, y + scale * 0.1 / 0.12), abs=2)


def click_label(page, concept):
    """On the first map; the label moves once its patch is there."""
    patch = page.locator(f".label[data-concept='{concept}'] .patch").first
    patch.wait_for()
    acting.drawn(page)
    box = patch.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


HOLDING_CAT = "2 neurons of The run long that hold cat at epoch 3"


def test_a_click_on_a_label_selects_the_neurons_it_counts(visit, planted_page):
    page = visit(planted_page, "e=last&p=long")
    click_label(page, 0)
    heading = page.get_by_role("heading", name=HOLDING_CAT)
    expect(heading).to_be_visible()
    sheet = page.get_by_role("region", name="selected neurons")
    expect(sheet).to_contain_text(acting.named("long@3/conv1/1"))
    expect(sheet).not_to_contain_text(acting.named("long@3/conv1/0"))


@pytest.mark.parametrize("maps", ["p=long", "p=*0"])
def test_what_a_label_selects_is_in_the_address(visit, planted_page, maps):
    page = visit(planted_page, f"e=2&{maps}")
    click_label(page, 0)
    pane = page.get_by_role("tabpanel")
    expect(pane.get_by_role("heading", level=2)).to_contain_text("that hold cat at")
    page.wait_for_url("**t=selection**")
    again = visit(planted_page, page.url.split("#")[1])
    sheet = again.get_by_role("region", name="selected neurons")
    expect(sheet).to_be_visible()
    assert again.get_by_role("tabpanel").inner_text() == pane.inner_text()


@pytest.fixture(scope="module")
def crossed(save, tmp_path_factory):
    """A page whose fifth concept, of one neuron, lies close to the first."""
    plain = world.scene()
    group = plain.courses[0].group.copy()
    group[:, 2] = 4
    base = dataclasses.replace(plain.courses[0], group=group)
    small = {"name": "kitten", "label": 0, "share": 0.9, "size": 1, "exemplar": 2}
    scene = dataclasses.replace(
        plain, groups=[*plain.groups, small], courses=[base, *plain.courses[1:]]
    )
    path = tmp_path_factory.mktemp("crossed") / "page.html"
    assert write_page([save(scene)], path, title="planted · page")
    return path


def test_of_labels_that_would_cover_each_other_the_larger_concept_shows(visit, crossed):
    cat, kitten = ".label[data-concept='0']", ".label[data-concept='4']"
    size = {"width": 1000, "height": 600}
    page = visit(crossed, "e=last&p=long", viewport=size)
    expect(page.locator(cat)).to_be_visible()
    expect(page.locator(kitten)).to_be_hidden()
    enlarged = visit(crossed, "e=last&p=long&v=-0.8,-0.8,5", viewport=size)
    expect(enlarged.locator(cat)).to_be_visible()
    expect(enlarged.locator(kitten)).to_be_visible()


def test_a_concept_is_shown_alone_and_all_again(visit, planted_page):
    page = visit(planted_page, "e=last&p=long&c=group")
    entry = page.get_by_label("legend").get_by_role("button", name="bird")
    x, y = acting.place_of(page, "long/conv1/4")
    page.keyboard.press("Escape")
    entry.focus()
    page.keyboard.press("Enter")
    expect(entry).to_have_attribute("aria-pressed", "true")
    expect(entry).to_be_focused()
    acting.drawn(page)
    page.mouse.click(x, y + 1)
    expect(
        page.get_by_role("heading", name=acting.named("long@3/conv1/4"))
    ).to_have_count(0)
    page.keyboard.press("Escape")
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    acting.drawn(page)
    page.mouse.click(x, y)
    expect(
        page.get_by_role("heading", name=acting.named("long@3/conv1/4"))
    ).to_be_visible()


def test_a_run_is_shown_alone_above_the_base(page):
    entry = page.get_by_label("legend").get_by_role("button", name="short")
    entry.click()
    expect(page.locator(".count")).to_have_text("24 neurons")
    assert told(page) == words(held(world.short())[-1])
    entry.click()
    expect(page.locator(".count")).to_have_text("36 neurons")


def test_the_base_lies_in_grey_below_a_map_of_one_run(visit, planted_page):
    page = visit(planted_page, "e=last&p=long&c=group")
    page.add_style_tag(content=".labels { visibility: hidden }")
    x, y = acting.place_of(page, "long/conv2/1")
    scale = acting.place_of(page, "long/conv2/2")[0] - x
    page.keyboard.press("Escape")
    expect(page.locator(".ring")).to_have_count(0)
    acting.drawn(page)
    box = page.locator(".map").bounding_box()
    row, column = int(y + scale * 0.1 / 0.12 - box["y"]), int(x - box["x"])
    near = acting.looks(page.locator(".map"))[
        row - 2 : row + 3, column - 2 : column + 3
    ]
    darkest = near.reshape(-1, 3)[np.argmin(near.sum(axis=2))]
    assert np.ptp(darkest) < 6
    assert 200 < darkest.mean() < 240
    expect(page.locator(".count")).to_have_text("12 neurons")
    expect(page.get_by_label("legend")).to_contain_text("The run base")
    base, _, short = page.locator(".chip").all_inner_texts()
    assert "not on any map" in short
    assert "not on any map" not in base


def test_runs_have_colours_where_something_has_them(visit, planted_page):
    page = visit(planted_page, "p=long&c=group&m=concepts")
    swatches = page.locator(".chip .swatch")
    expect(swatches).to_have_count(0)
    page.get_by_label("curve", exact=True).select_option("test_top1")
    expect(swatches).to_have_count(3)


def test_runs_that_hide_each_other_are_named(save, visit, tmp_path):
    plain = world.scene()
    twin = dataclasses.replace(world.long(), name="twin", title="The twin")
    scene = dataclasses.replace(plain, courses=[*plain.courses, twin])
    path = tmp_path / "page.html"
    assert write_page([save(scene)], path, title="planted · page")
    page = visit(path, world.ALL_RUNS)
    expect(page.locator(".same")).to_have_text(
        "The run long = The twin: in the same places"
    )
