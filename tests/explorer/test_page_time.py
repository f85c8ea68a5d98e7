"""One slider drives everything: dragged, played, and by keys."""

import itertools

import acting
import browsing
import pytest
import world

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def time(page):
    return page.locator(".time")


@pytest.fixture
def slider(page):
    return page.get_by_role("slider", name="epoch")


def chips(page):
    return page.get_by_role("group", name="runs").get_by_role("button")


def test_a_view_of_all_runs_at_the_end(page, time):
    expect(page).to_have_title("planted · page")
    expect(time).to_have_text("epoch 3")
    expect(chips(page)).to_have_text(
        [
            "The run base, epoch 3acc 0.60base",
            "The run long, epoch 3acc 0.60▼ lost",
            "The run short, epoch 1acc 0.35ended",
        ]
    )
    expect(page.locator(".count")).to_have_text("36 neurons")


def test_dragging_the_slider_goes_to_the_nearest_snapshots(page, time, slider):
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, middle)
    page.mouse.down()
    for share, name in ((0.52, "epoch 1"), (0.27, "epoch 0"), (0.0, "init")):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle, steps=5)
        expect(time).to_have_text(name)
        expect(slider).to_have_attribute("aria-valuetext", name)
    page.mouse.up()
    expect(chips(page)).to_contain_text(["base, epoch 3", "long, init", "short, init"])
    expect(page.get_by_text("ended", exact=True)).to_have_count(0)


def test_the_slider_has_keys_of_its_own(page, time, slider):
    slider.focus()
    for key, name in (
        ("ArrowLeft", "epoch 2"),
        ("ArrowDown", "epoch 1"),
        ("ArrowUp", "epoch 2"),
        ("PageDown", "init"),
        ("PageUp", "epoch 3"),
        ("Home", "init"),
        ("ArrowRight", "epoch 0"),
        ("End", "epoch 3"),
        ("ArrowRight", "epoch 3"),
    ):
        page.keyboard.press(key)
        expect(time).to_have_text(name)


def test_a_run_ends_after_its_last_snapshot_and_not_before(page, slider):
    acting.set_epoch(page, 2)
    expect(chips(page).nth(2)).to_have_text("The run short, epoch 1acc 0.35")
    slider.press("ArrowRight")
    expect(chips(page).nth(2)).to_have_text("The run short, epoch 1acc 0.35ended")


def test_playing_goes_through_all_snapshots_and_stops_at_the_end(page, time):
    acting.set_epoch(page, 2)
    browsing.stop_clock(page)
    page.get_by_role("button", name="play").click()
    expect(page.get_by_role("button", name="pause")).to_be_visible()
    for name in ("epoch 2", "epoch 3"):
        page.clock.run_for(acting.PACE)
        expect(time).to_have_text(name)
    expect(page.get_by_role("button", name="play")).to_be_visible()
    page.clock.run_for(2 * acting.PACE)
    expect(time).to_have_text("epoch 3")


def test_playing_from_the_end_begins_anew_and_can_be_paused(page, time):
    browsing.stop_clock(page)
    page.get_by_role("button", name="play").click()
    expect(time).to_have_text("init")
    page.clock.run_for(acting.PACE)
    expect(time).to_have_text("epoch 0")
    page.get_by_role("button", name="pause").click()
    page.clock.run_for(2 * acting.PACE)
    expect(time).to_have_text("epoch 0")


def test_the_points_are_where_they_were_at_the_time_shown(page):
    """The neuron that is planted to move ends above the birds, others stay."""
    acting.choose(page, "long/conv2/0")
    birds, before = acting.ring(page), acting.ring(page)
    acting.choose(page, "long/conv1/0")
    late = acting.ring(page)
    assert late[0] > birds[0]
    assert late[1] == pytest.approx(birds[1], abs=2)
    acting.set_epoch(page, 3)
    expect(
        page.get_by_role("heading", name="The run long, epoch 2: conv1/0")
    ).to_be_visible()
    early = acting.ring(page)
    assert early[0] < birds[0] - 100
    assert early[1] > birds[1] + 100
    acting.choose(page, "long/conv2/0")
    assert acting.ring(page) == pytest.approx(before, abs=1)


PICTURE = """() => document.querySelector(".map canvas").toDataURL()"""


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_points_move_there_unless_motion_is_unwanted(visit, planted_page, wish):
    """With reduced motion nothing is seen between two snapshots."""
    page = visit(planted_page, f"{world.ALL_RUNS}&e=3", reduced_motion=wish)
    acting.drawn(page)
    browsing.stop_clock(page)
    pictures = {page.evaluate(PICTURE)}
    page.get_by_role("button", name="play").click()
    for _ in range(40):
        page.clock.run_for(acting.PACE // 20)
        pictures.add(page.evaluate(PICTURE))
    expect(page.locator(".time")).to_have_text("epoch 3")
    assert len(pictures) == 2 if wish == "reduce" else len(pictures) > 2


def test_maps_tell_whether_they_are_drawn(page):
    acting.drawn(page)
    browsing.stop_clock(page)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".maps[data-drawn]")).to_have_count(0)
    page.clock.run_for(acting.PACE)
    expect(page.locator(".maps[data-drawn='3']")).to_have_count(1)


def test_a_click_on_the_curves_goes_there(page, time):
    plot = page.locator(".plot .u-over")
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 0.26, "y": 20})
    expect(time).to_have_text("epoch 0")


def test_the_alarm_is_told_at_its_epoch_alone(page):
    alarms = page.locator(".alarms")
    for progress, told in ((2, ""), (3, "▼ The run long: lost (one died)"), (4, "")):
        acting.set_epoch(page, progress)
        expect(alarms).to_have_text(told)


def test_hiding_the_run_hides_its_alarm(page):
    acting.set_epoch(page, 3)
    chips(page).nth(1).click()
    expect(page.locator(".alarms")).to_have_text("")


def test_a_run_on_no_map_has_no_alarm(page):
    acting.set_epoch(page, 3)
    page.get_by_label("runs on map 1").select_option("short")
    expect(page.locator(".alarms")).to_have_text("")
    expect(chips(page).nth(1)).to_contain_text("not on any map")


def test_every_curve_can_be_chosen(page):
    choice, plot = page.get_by_label("curve", exact=True), page.locator(".plot")
    seen = []
    for name, empty in (
        ("accuracy, test", ""),
        ("entropy in the space", ""),
        ("effective rank", "not measured for the runs that are shown"),
    ):
        choice.select_option(name)
        expect(plot).to_have_attribute("data-empty", empty)
        acting.drawn(page)
        seen.append(acting.looks(plot))
    assert all((a != b).any() for a, b in itertools.pairwise(seen))
