"""A map can stay in a snapshot while others follow the slider."""

import acting
import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def test_a_pinned_map_stays_while_the_other_follows(visit, planted_page):
    page = visit(planted_page, "e=last&p=long,long&c=run")
    acting.choose(page, "long/conv1/0")
    page.get_by_label("epoch of map 2").select_option("init")
    early = acting.ring(page, 1)
    late = acting.ring(page, 0)
    left = [page.locator(".map").nth(i).bounding_box()["x"] for i in range(2)]
    assert late[0] - left[0] > early[0] - left[1] + 60
    acting.set_epoch(page, 1)
    assert acting.ring(page, 1) == pytest.approx(early, abs=1)
    moved = acting.until(
        page, lambda: acting.ring(page, 0), lambda at: at[0] < late[0] - 60
    )
    assert moved[0] - left[0] == pytest.approx(early[0] - left[1], abs=2)
    page.get_by_label("epoch of map 2").select_option("follows slider")
    expect(page.get_by_label("epoch of map 2")).to_have_value("")


def test_a_region_drawn_on_a_pinned_map_is_of_its_time(visit, planted_page):
    page = visit(planted_page, "e=last&p=long@init&c=run")
    acting.choose(page, "long/conv2/1")
    x, y = acting.ring(page)
    acting.draw_around(page, [(x, y)], margin=38)
    expect(page.get_by_role("heading", name="in the region at init")).to_have_text(
        "3 neurons in the region at init"
    )


def test_runs_by_epochs_are_a_row_of_maps_per_run(visit, planted_page):
    page = visit(planted_page)
    page.get_by_role("combobox", name="maps", exact=True).select_option("runs × epochs")
    expect(page.locator(".map")).to_have_count(10)
    shown = [one.input_value() for one in page.get_by_label("epoch of map").all()]
    assert shown == ["init", "init", "0", "1", "3", "init", "init", "0", "1", "1"]
    boxes = [one.bounding_box() for one in page.locator(".map").all()]
    assert len({round(box["y"]) for box in boxes}) == 2
    assert len({round(box["x"]) for box in boxes}) == 5
    page.keyboard.press("2")
    runs = [one.input_value() for one in page.get_by_label("runs on map").all()]
    assert runs == ["long", "short"]
