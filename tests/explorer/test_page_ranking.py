"""The evolutions of a class are ranked as planted, before and after."""

import dataclasses

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect


def rank(page, name):
    page.get_by_label("class", exact=True).select_option(name)


def lists(page):
    return page.get_by_role("tabpanel").locator("section:has(ol)")


def names(neurons):
    return [f"conv{1 + n // 6}/{n % 6}" for n in neurons]


@pytest.mark.parametrize("label", range(4))
def test_the_order_is_that_of_the_planted_ranks(page, label):
    rank(page, world.CLASSES[label])
    expect(lists(page).locator("h3")).to_contain_text(
        ["long, init → epoch 1", "long, epoch 1 → epoch 3"]
    )
    for evolution in range(2):
        rows = lists(page).nth(evolution).locator("li > .link")
        expect(rows).to_have_text(names(world.order_of(evolution, label)))


def test_every_score_has_its_interval(page):
    rank(page, "dog")
    scores = [world.BEST - world.STEP * place for place in range(world.RANKED)]
    expect(lists(page).first.locator(".number")).to_have_text(
        [f"{s:.2f} [{s - 0.05:.2f}, {s + 0.04:.2f}]" for s in scores]
    )


def test_patches_before_and_after_are_those_of_the_two_snapshots(page):
    """The neuron that went from the cats to the birds, last for the cats then."""
    rank(page, "cat")
    row = lists(page).nth(1).locator("li").last
    expect(row).to_contain_text("conv1/0")
    sides = row.locator(".patches")
    for side, name in ((sides.first, "cat"), (sides.last, "bird")):
        expect(side).to_have_attribute("aria-label", f"4 patches: 4 {name}")
        expect(side.get_by_title(f"patch of an image of {name},")).to_have_count(4)


def test_either_end_of_an_evolution_can_be_shown(page):
    rank(page, "cat")
    lists(page).nth(1).get_by_role("button", name="before").click()
    expect(page.locator(".time")).to_have_text("epoch 1")
    lists(page).nth(1).get_by_role("button", name="after").click()
    expect(page.locator(".time")).to_have_text("epoch 3")


def test_it_says_for_which_runs_importance_was_measured(page):
    rank(page, "cat")
    expect(page.get_by_role("tabpanel")).to_contain_text(
        "Importance, measured for The run long only: share of 50 images of cat"
    )


def test_the_row_pointed_at_is_ringed_on_the_map(page):
    x, y = acting.place_of(page, "long/conv2/4")
    page.keyboard.press("Escape")
    rank(page, "fish")
    lists(page).first.locator("li").nth(1).hover()
    ring = page.locator(".ring.hovered")
    expect(ring).to_have_count(1)
    box = page.locator(".map").bounding_box()
    assert box["x"] + float(ring.get_attribute("cx")) == pytest.approx(x, abs=1)
    assert box["y"] + float(ring.get_attribute("cy")) == pytest.approx(y, abs=1)
    page.mouse.move(5, 5)
    expect(ring).to_have_count(0)


def contrasted(course, count=30):
    """A run of many neurons with importance, of which one class has every value."""
    crowd = world.crowded(course, count)
    n = crowd.dead.shape[1]
    scores = np.linspace(0, 1, n, dtype=np.float32)
    importance = np.full((1, 4, 3, n), np.nan, np.float32)
    importance[0, 0] = scores
    rank_of = np.full((1, 4, n), -1, np.int32)
    rank_of[0, 0] = np.arange(n)[::-1]
    return dataclasses.replace(
        crowd,
        evolutions=[{"before": 0, "after": 2, "classes": [0, 1, 2, 3], "images": 9}],
        importance=importance,
        rank=rank_of,
    )


def test_evolutions_that_do_not_matter_are_shown_for_contrast(save, visit, tmp_path):
    scene = world.scene(courses=[world.base(), contrasted(world.long())])
    path = tmp_path / "page.html"
    assert write_page([save(scene)], path, title="contrast")
    page = visit(path, "k=cat&t=class")
    numbers = page.locator("ul.ranking .number")
    expect(numbers).to_have_count(3)
    values = [float(text.split()[0]) for text in numbers.all_inner_texts()]
    assert values == pytest.approx([0.5] * 3, abs=0.02)


@pytest.fixture
def crowd(save, visit, tmp_path):
    """Of 36 ranked neurons three are tied as the first; the last become birds."""
    plain = world.crowded(world.long(), 3)
    n = plain.dead.shape[1]
    scores = np.linspace(0.6, 1, n, dtype=np.float32)
    scores[-3:] = 1
    importance = np.full((1, 4, 3, n), np.nan, np.float32)
    importance[0, [0, 2]] = scores
    rank_of = np.full((1, 4, n), -1, np.int32)
    rank_of[0, [0, 2]] = np.arange(n)[::-1]
    evolution = {"before": 2, "after": 4, "classes": [0, 1, 2, 3], "images": 128}
    long = dataclasses.replace(
        plain, evolutions=[evolution], importance=importance, rank=rank_of
    )
    saved = save(world.scene(courses=[world.base(), long]))
    path = tmp_path / "page.html"
    assert write_page([saved], path, title="crowd")
    return lambda view: visit(path, f"p=long&{view}")


def test_equal_importances_share_a_place_and_are_said_to_be_tied(crowd):
    rows = lists(crowd("k=bird&t=class")).locator("ol > li")
    expect(rows).to_have_count(20)
    places = [row.get_attribute("value") for row in rows.all()]
    assert places == ["1", "1", "1", *(str(place) for place in range(4, 21))]
    expect(rows.filter(has_text="tied with 2 others")).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("1.000 [1.00, 1.00]")
    expect(rows.nth(3)).to_contain_text(f"{0.6 + 0.4 * 32 / 35:.3f} [")


def test_only_evolutions_that_become_the_class_are_listed(crowd):
    page = crowd("k=bird&t=class")
    box = page.get_by_label("only neurons that become bird")
    rows = lists(page).locator("ol > li")
    box.check()
    expect(rows.locator("> .link")).to_have_text(["conv1/2", "conv1/1", "conv1/0"])
    assert [row.get_attribute("value") for row in rows.all()] == ["34", "35", "36"]
    expect(box).to_be_focused()
    other = crowd(page.url.split("#", 1)[1])
    expect(lists(other).locator("li")).to_have_count(3)
    page.keyboard.press("z")
    expect(rows).to_have_count(20)
    expect(box).not_to_be_checked()
    page.keyboard.press("Space")
    expect(rows).to_have_count(3)


def test_a_class_that_no_neuron_becomes_is_said_to_be_so(crowd):
    page = crowd("k=cat&t=class&f=becomes")
    pane = page.get_by_role("tabpanel")
    expect(pane).to_contain_text("No ranked neuron becomes cat in this evolution.")
    expect(lists(page)).to_have_count(0)


def test_a_row_leads_to_its_neuron(page):
    rank(page, "fish")
    lists(page).first.locator("li > .link").nth(1).click()
    expect(
        page.get_by_role("heading", name="The run long, epoch 1: conv2/4")
    ).to_be_visible()


def test_without_importance_neurons_are_ranked_by_their_stimuli(page):
    """Of the long run in its last snapshot: the run is hidden, so of the short one."""
    rank(page, "dog")
    page.locator(".chip", has_text="long").click()
    pane = page.get_by_role("tabpanel")
    expect(pane).to_contain_text("Importance was not measured for these runs.")
    expect(lists(page).locator("h3")).to_have_text(["The run short, epoch 1"])
    expect(lists(page).locator("li > .link")).to_have_text(
        [f"conv1/{n}" for n in (3, 4, 5)]
    )
    expect(lists(page).locator("li > .faint").first).to_have_text(
        "4 of 4, born at init"
    )


def test_choosing_none_ranks_nothing(page):
    rank(page, "dog")
    rank(page, "none")
    expect(page.get_by_text("Choose a class above")).to_be_visible()
    expect(lists(page)).to_have_count(0)


def test_the_chosen_class_is_marked_in_the_inspector(page):
    rank(page, "cat")
    acting.choose(page, "long/conv1/3")
    marked = page.get_by_role("tabpanel").locator(".bar.marked .name")
    expect(marked).to_have_text(["cat", "cat"])
