"""The browser's Back and the key Z take back steps; moving in time is none."""

import acting
import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def heading(page):
    return page.get_by_role("tabpanel").get_by_role("heading", level=2)


def back(page):
    page.go_back()


def undo(page):
    page.keyboard.press("z")


@pytest.mark.parametrize("take_back", [back, undo])
def test_steps_are_taken_back_one_by_one(page, take_back):
    acting.choose(page, "long/conv1/3")
    acting.choose(page, "short/conv1/4")
    page.get_by_label("colour", exact=True).select_option("coverage")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("2")
    expect(page.locator(".map")).to_have_count(2)
    take_back(page)
    expect(page.locator(".map")).to_have_count(1)
    expect(page.get_by_label("colour", exact=True)).to_have_value("coverage")
    take_back(page)
    expect(page.get_by_label("colour", exact=True)).to_have_value("run")
    expect(heading(page)).to_have_text(acting.named("short@1/conv1/4"))
    take_back(page)
    expect(heading(page)).to_have_text(acting.named("long@3/conv1/3"))


def test_moving_in_time_and_zooming_is_no_step(page):
    acting.choose(page, "long/conv1/3")
    acting.set_epoch(page, 2)
    page.keyboard.press("+")
    acting.choose(page, "long/conv1/4")
    page.go_back()
    expect(heading(page)).to_have_text(acting.named("long@1/conv1/3"))
    expect(page.locator(".time")).to_have_text("epoch 1")
    page.go_back()
    expect(page.get_by_text("Click a point, or search for a neuron.")).to_be_visible()
    page.go_forward()
    expect(heading(page)).to_have_text(acting.named("long@1/conv1/3"))


def test_a_selection_that_no_address_holds_comes_back(page):
    """A saved group is in this browser alone."""
    acting.choose(page, "long/conv1")
    page.get_by_label("name of the group").fill("mine")
    page.get_by_role("button", name="Save group").click()
    page.get_by_role("button", name="mine", exact=True).click()
    expect(heading(page)).to_have_text("6 neurons of the group mine")
    page.get_by_role("button", name="Clear").click()
    page.go_back()
    expect(heading(page)).to_have_text("6 neurons of the group mine")
    page.go_back()
    expect(heading(page)).to_have_text("6 neurons of The run long, conv1")
