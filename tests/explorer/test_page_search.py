"""Everything that has a name is found by it, with the keyboard alone."""

import acting
import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def heading(page):
    return page.get_by_role("tabpanel").get_by_role("heading", level=2)


RUNS = ("base", "long", "short")
LAYERS = [f"layerThe run long, conv{n}" for n in (1, 2)]


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        ("ca", ["classcat", "conceptcat, in The run long"]),
        ("LONG", ["runThe run long", *LAYERS]),
        ("run long", ["runThe run long", *LAYERS]),
        ("short/conv1", ["layerThe run short, conv1"]),
        ("conv2/5", [f"neuronThe run {run}: conv2/5" for run in RUNS]),
        ("long/conv1/0", ["neuronThe run long: conv1/0"]),
        ("long@3/conv1/0", ["neuronThe run long, epoch 3: conv1/0"]),
        ("epoch 2", ["epochepoch 2"]),
        ("init", ["epochinit"]),
        ("long/conv1/6", ["no match"]),
        ("zebra", ["no match"]),
    ],
)
def test_what_is_found(page, words, hits):
    expect(acting.find(page, words)).to_have_text(hits)


def test_arrows_go_through_the_list_and_stop_at_its_ends(page):
    hits = acting.find(page, "conv1")
    box = page.get_by_role("combobox", name="search")
    expect(hits).to_have_count(3)
    for key, active in (
        ("ArrowUp", 0),
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowDown", 2),
    ):
        page.keyboard.press(key)
        expect(hits.nth(active)).to_have_attribute("aria-selected", "true")
        expect(box).to_have_attribute("aria-activedescendant", f"hit-{active}")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("6 neurons of The run short, conv1")
    expect(hits.first).to_be_hidden()


def test_a_class_is_ranked(page):
    acting.choose(page, "bird")
    expect(page.get_by_label("class", exact=True)).to_have_value("bird")
    expect(heading(page)).to_have_text("bird")


def test_a_run_is_shown_alone(page):
    acting.choose(page, "short")
    expect(page.get_by_label("runs on map 1")).to_have_value("short")
    expect(page.locator(".count")).to_have_text("12 neurons")


def test_a_neuron_of_a_hidden_run_is_shown(page):
    page.locator(".chip", has_text="long").click()
    expect(page.locator(".count")).to_have_text("24 neurons")
    acting.choose(page, "long/conv2/3")
    expect(heading(page)).to_have_text("The run long, epoch 3: conv2/3")
    expect(page.locator(".count")).to_have_text("36 neurons")


def test_a_hit_can_be_clicked(page):
    acting.find(page, "long@0/conv1/2").first.click()
    expect(heading(page)).to_have_text("The run long, epoch 0: conv1/2")
    expect(page.locator(".time")).to_have_text("epoch 0")


def test_a_concept_is_selected_and_an_epoch_is_shown(page):
    acting.choose(page, "epoch 1")
    expect(page.locator(".time")).to_have_text("epoch 1")
    acting.find(page, "bird").last.click()
    expect(heading(page)).to_have_text(
        "3 neurons of The run long that hold bird at epoch 1"
    )


def test_escape_forgets_what_was_typed(page):
    hits = acting.find(page, "cat")
    page.keyboard.press("Escape")
    expect(hits.first).to_be_hidden()
    expect(page.get_by_role("combobox", name="search")).to_have_value("")


def test_with_nothing_found_enter_does_nothing(page):
    acting.choose(page, "zebra")
    expect(page.get_by_text("Click a point, or search for a neuron.")).to_be_visible()
