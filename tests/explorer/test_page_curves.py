"""Curves count neurons per concept and of the selection; a band selects its neurons."""

import acting
import numpy as np
import pytest
import world

expect = pytest.importorskip("playwright.sync_api").expect

ONE_RUN = "e=last&p=long&c=group&m=concepts"


def heading(page):
    return page.get_by_role("tabpanel").get_by_role("heading", level=2)


def plot(page):
    return page.locator(".plot .u-over")


def holders(snapshot):
    """Live neurons per concept of the run `long`."""
    course = world.long()
    group = course.group[snapshot][~course.dead[snapshot]]
    return np.bincount(group, minlength=len(world.CLASSES))


def pick(page, snapshot, concept):
    """Click in the middle of a band."""
    counts = holders(snapshot)
    height = counts[:concept].sum() + counts[concept] / 2
    box = plot(page).bounding_box()
    share = snapshot / (len(world.long().epochs) - 1)
    at = {
        "x": (0.02 + 0.96 * share) * box["width"],
        "y": box["height"] * (1 - height / world.NEURONS),
    }
    plot(page).click(position=at)


@pytest.mark.parametrize(("snapshot", "concept"), [(0, 0), (2, 3), (4, 2)])
def test_a_band_is_as_high_as_its_concept_has_neurons(
    visit, planted_page, snapshot, concept
):
    page = visit(planted_page, ONE_RUN)
    pick(page, snapshot, concept)
    label = "init" if snapshot == 0 else f"epoch {snapshot - 1}"
    count, name = holders(snapshot)[concept], world.CLASSES[concept]
    expect(heading(page)).to_have_text(
        f"{count} neurons of The run long that hold {name} at {label}"
    )
    expect(page.locator(".time")).to_have_text(label)


def test_counts_of_the_time_and_of_the_cursor_are_beside_the_bands(visit, planted_page):
    page = visit(planted_page, ONE_RUN)

    def listed(snapshot):
        pairs = zip(holders(snapshot), world.CLASSES, strict=True)
        return [f"{count} {name}" for count, name in pairs][::-1]

    values = page.locator(".band-values")
    expect(values.locator("p")).to_have_text("epoch 3")
    expect(values.locator("li")).to_have_text(listed(4))
    box = plot(page).bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=2)
    expect(values.locator("p")).to_have_text("epoch 1")
    expect(values.locator("li")).to_have_text(listed(2))
    page.mouse.move(5, 5)
    expect(values.locator("p")).to_have_text("epoch 3")
    page.get_by_label("curve", exact=True).select_option("entropy in the space")
    expect(values.locator("li")).to_have_count(0)


def test_another_run_that_is_shown_can_be_counted(visit, planted_page):
    page = visit(planted_page, "p=long,short&m=concepts&t=selection")
    choice = page.get_by_label("run whose concepts are counted")
    expect(choice).to_have_value("long")
    choice.select_option("The run short")
    pick(page, 0, 1)
    expect(heading(page)).to_have_text(
        "3 neurons of The run short that hold dog at init"
    )
    page.get_by_label("curve", exact=True).select_option("accuracy, test")
    expect(choice).to_be_hidden()


def points(page):
    """Heights of the small chart's lines, as shares of all that are selected."""
    chart = page.locator(".counts")
    height = float(chart.get_attribute("viewBox").split()[3])
    lines = chart.locator("polyline").all()
    return [
        [
            round((height - 2 - float(point.split(",")[1])) / (height - 4), 3)
            for point in line.get_attribute("points").split()
        ]
        for line in lines
    ]


def test_a_regions_neurons_are_counted_over_time(page):
    """One of four comes from the cats in the last snapshot."""
    places = [acting.place_of(page, f"long/{n}") for n in ("conv2/0", "conv1/0")]
    acting.choose(page, "long")
    page.keyboard.press("Escape")
    acting.draw_around(page, places)
    expect(heading(page)).to_have_text("4 neurons in the region at epoch 3")
    live, within = points(page)
    assert live == [1, 1, 1, 1, 1]
    assert within == [0.75, 0.75, 0.75, 0.75, 1]
    acting.set_epoch(page, 0)
    pane = page.get_by_role("tabpanel")
    expect(pane).to_contain_text("at init 4 are live, 3 of them in the region")
    page.get_by_role("button", name="show below").click()
    expect(page.get_by_label("curve", exact=True)).to_have_value("selection")
    expect(page.locator(".plot")).to_have_attribute("data-empty", "")


def test_those_that_die_are_no_longer_live(page):
    acting.choose(page, "long/conv2")
    (live,) = points(page)
    assert live == pytest.approx([1, 1, 1, 5 / 6, 5 / 6], abs=1e-3)


def test_a_label_is_that_of_the_time_shown(page):
    """The mover is among the cats until the last snapshot."""
    acting.choose(page, "long/conv1/0")
    page.keyboard.press("r")
    label = page.locator(".suggestion strong")
    expect(label).to_have_text("bird")
    acting.choose(page, "long/conv1")
    before = page.locator(".suggestion").inner_text()
    acting.set_epoch(page, 0)
    expect(page.locator(".suggestion")).not_to_have_text(before)


def test_the_sheet_begins_with_what_lies_in_the_middle(page):
    """The dead one is the last."""
    acting.choose(page, "long/conv2")
    rows = page.get_by_role("region", name="selected neurons").locator(".link")
    places = world.long().points[-1, 6:]
    apart = np.linalg.norm(places - np.nanmean(places, axis=0), axis=1)
    order = np.argsort(apart)
    assert order[-1] == world.DYING - 6
    expect(rows).to_have_text(
        [acting.named(f"long@3/conv2/{neuron}") for neuron in order]
    )


def test_chips_tell_every_runs_value_where_the_mouse_is(page):
    box = plot(page).bounding_box()
    page.mouse.move(box["x"] + 0.26 * box["width"], box["y"] + 20, steps=2)
    chip = page.locator(".chip", has_text="The run long")
    expect(chip).to_contain_text("acc 0.23 at epoch 0")
    page.get_by_label("curve", exact=True).select_option("entropy in the space")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=2)
    expect(chip).to_contain_text("entropy in the space 3.00 at epoch 1")
    page.mouse.move(5, 5)
    expect(chip).to_contain_text("acc 0.60")


def test_without_a_run_the_curves_say_so(page):
    for name in ("long", "short"):
        page.locator(".chip", has_text=name).click()
    expect(page.locator(".plot")).to_have_attribute("data-empty", "no run is shown")


def test_curves_can_be_folded_and_stay_so(page):
    page.get_by_role("button", name="Hide curves").click()
    expect(page.locator(".plot")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Show curves").click()
    expect(plot(page)).to_be_visible()
    assert plot(page).bounding_box()["width"] > 600
