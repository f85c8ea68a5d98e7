"""The evolutions of a class are ranked as planted, before and after."""

import acting
import pytest
import world

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
