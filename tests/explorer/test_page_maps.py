"""Maps side by side look at one place, and what is drawn on one is marked on all."""

import dataclasses

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect


def show_maps(page, count):
    page.get_by_role("combobox", name="maps", exact=True).select_option(str(count))
    expect(page.locator(".map")).to_have_count(count)


def runs_shown(page):
    return [one.input_value() for one in page.get_by_label("runs on map").all()]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (2, ["*0", "long"]),
        (3, ["*0", "long", "short"]),
        (4, ["*0", "long", "short", "*0"]),
    ],
)
def test_further_maps_show_a_run_each(page, count, shown):
    show_maps(page, count)
    assert runs_shown(page) == shown
    sizes = ["36 neurons" if one == "*0" else "12 neurons" for one in shown]
    expect(page.locator(".count")).to_have_text(sizes)
    show_maps(page, 1)
    assert runs_shown(page) == ["*0"]


def test_every_map_shows_the_run_chosen_for_it(page):
    show_maps(page, 2)
    page.get_by_label("runs on map 1").select_option("short")
    expect(page.locator(".count").first).to_have_text("12 neurons")
    acting.choose(page, "long/conv1/0")
    expect(page.locator(".map").nth(1).locator(".ring")).to_have_count(1)


def test_a_region_on_one_map_is_marked_on_all_and_holds_all_their_runs(page):
    show_maps(page, 4)
    acting.choose(page, "long/conv2/1")
    x, y = acting.ring(page, 1)
    acting.draw_around(page, [(x, y)], margin=18)
    pane = page.get_by_role("tabpanel")
    expect(pane).to_contain_text("The run base 3 · The run long 3 · The run short 3")
    for place in range(4):
        expect(page.locator(".map").nth(place).locator(".region")).to_have_count(1)


def test_a_region_holds_only_runs_that_some_map_shows(page):
    show_maps(page, 2)
    page.get_by_label("runs on map 1").select_option("short")
    acting.choose(page, "short/conv2/1")
    x, y = acting.ring(page)
    acting.draw_around(page, [(x, y)], margin=38)
    expect(page.get_by_role("tabpanel")).to_contain_text(
        "The run long 3 · The run short 3"
    )
    expect(page.get_by_role("tabpanel")).not_to_contain_text("The run base")


def places(page):
    """Of the ring in every map, from the map's middle."""
    found = []
    for place in range(page.locator(".map").count()):
        box = page.locator(".map").nth(place).bounding_box()
        x, y = acting.ring(page, place)
        found.append(
            (x - box["x"] - box["width"] / 2, y - box["y"] - box["height"] / 2)
        )
    return np.array(found)


def settled(page, holds):
    """The places of the rings, once they are where they are to be."""
    return acting.until(page, lambda: places(page), holds)


def alike(found):
    """Whether the rings of two maps are at the same place."""
    return found[0] == pytest.approx(found[1], abs=1.5)


def wheel(page, by):
    """Turn the wheel over a map's middle; the places of the rings after it."""
    before = np.hypot(*places(page)[0])
    box = page.locator(".map").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, by)

    def turned(found):
        ratio = np.hypot(*found[0]) / before
        return (ratio > 1.1 if by < 0 else ratio < 0.9) and alike(found[[0, -1]])

    found = settled(page, turned)
    assert turned(found)
    return found


def test_zooming_and_moving_one_map_does_so_to_the_others(page):
    show_maps(page, 2)
    acting.choose(page, "long/conv2/1")
    before = places(page)
    assert before[0] == pytest.approx(before[1], abs=1)
    larger = wheel(page, -200)
    box = page.locator(".map").nth(1).bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 340, steps=6)
    page.mouse.up()

    def moved(found):
        return found[1] - larger[1] == pytest.approx([-60, 40], abs=4)

    found = settled(page, lambda found: moved(found) and alike(found))
    assert moved(found)
    assert alike(found)


def touch(page, *fingers):
    """Put fingers down, move each along its way, and lift them."""
    session = page.context.new_cdp_session(page)

    def send(kind, at):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(at)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", [way[0] for way in fingers])
    for step in np.linspace(0, 1, 7)[1:]:
        send(
            "touchMove",
            [(1 - step) * np.array(a) + step * np.array(b) for a, b in fingers],
        )
    send("touchEnd", [])


def test_one_finger_moves_the_map_and_two_enlarge_it(visit, planted_page):
    page = visit(planted_page, world.ALL_RUNS, has_touch=True)
    acting.choose(page, "long/conv2/1")
    (before,) = places(page)
    box = page.locator(".map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(page, [(x, y), (x + 50, y - 30)])
    there = pytest.approx(np.add(before, [50, -30]), abs=2)
    (moved,) = settled(page, lambda found: found[0] == there)
    assert moved == there
    touch(page, [(x - 40, y), (x - 80, y)], [(x + 40, y), (x + 80, y)])
    twice = pytest.approx(2 * moved, abs=3)
    (larger,) = settled(page, lambda found: found[0] == twice)
    assert larger == twice


def test_buttons_enlarge_the_maps_and_show_all_again(page):
    acting.choose(page, "long/conv2/1")
    (before,) = places(page)
    page.get_by_role("button", name="Zoom in").click()
    (larger,) = places(page)
    assert larger == pytest.approx(1.4 * before, abs=2)
    page.get_by_role("button", name="Zoom out").click()
    (smaller,) = places(page)
    assert smaller == pytest.approx(before, abs=2)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Show all").click()
    (again,) = places(page)
    assert again == pytest.approx(before, abs=1)


def test_points_are_drawn_where_the_ring_is_after_zooming(page):
    """The picture and what lies over it stay together."""
    acting.choose(page, "short/conv2/2")
    wheel(page, 150)
    x, y = acting.ring(page)
    page.keyboard.press("Escape")
    expect(page.locator(".ring")).to_have_count(0)
    acting.drawn(page)
    box = page.locator(".map").bounding_box()
    shown = acting.looks(page.locator(".map"))
    near = shown[int(y - box["y"]) - 2 :, int(x - box["x"]) - 2 :][:5, :5]
    orange = np.abs(near - (0xD5, 0x5E, 0)).sum(axis=2)
    assert orange.min() < 120


def test_hiding_a_run_takes_its_points_away_and_back(page):
    chip = page.locator(".chip", has_text="short")
    x, y = acting.place_of(page, "short/conv2/2")
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    expect(page.locator(".ring")).to_have_count(0)
    acting.drawn(page)
    clip = {"x": x - 8, "y": y - 8, "width": 16, "height": 16}
    shown = page.screenshot(clip=clip)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".count")).to_have_text("24 neurons")
    page.mouse.move(5, 5)
    acting.drawn(page)
    assert page.screenshot(clip=clip) != shown
    chip.click()
    expect(page.locator(".count")).to_have_text("36 neurons")


COLOURINGS = {
    "run": ["The run base", "The run long", "The run short"],
    "depth of the site": ["first site", "last site"],
    "concept": ["cat", "fish"],
    "importance for a class": ["for cat", "not known"],
    "movement": ["0.25", "2.0", "each part of the scale is a quarter"],
    "coverage": ["share of the stimuli that have a vector"],
    "birth of the concept": ["init", "epoch 3"],
    "live, dead or not finite": ["live", "dead", "not finite"],
}


def test_every_colouring_draws_another_picture_with_its_legend(visit, planted_page):
    page = visit(planted_page, f"{world.ALL_RUNS}&k=cat")
    legend = page.get_by_label("legend")
    seen = {}
    for name, told in COLOURINGS.items():
        page.get_by_label("colour", exact=True).select_option(name)
        expect(legend).to_contain_text(f"Colour: {name}")
        for part in told:
            expect(legend).to_contain_text(part)
        acting.drawn(page)
        seen[name] = page.locator(".map").screenshot()
    assert len(set(seen.values())) == len(seen) == 8


def coloured(page, neuron):
    """The strongest colour within a few pixels of a neuron, with nothing over it."""
    page.add_style_tag(content=".labels { visibility: hidden }")
    x, y = acting.place_of(page, neuron)
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    expect(page.locator(".ring")).to_have_count(0)
    acting.drawn(page)
    box = page.locator(".map").bounding_box()
    shown = acting.looks(page.locator(".map"))
    row, column = int(y - box["y"]), int(x - box["x"])
    near = shown[row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3)
    return near[np.argmax(np.ptp(near, axis=1))]


@pytest.mark.parametrize(
    ("colour", "neuron", "ink"),
    [
        ("run", "long/conv2/1", (0x00, 0x72, 0xB2)),
        ("run", "short/conv2/1", (0xD5, 0x5E, 0x00)),
        ("group", "long/conv1/0", (0x00, 0x9E, 0x73)),
        ("group", "long/conv1/4", (0xD5, 0x5E, 0x00)),
        ("movement", "long/conv1/0", (0xFD, 0xE7, 0x25)),
        ("movement", "long/conv1/4", (0x23, 0x88, 0x8E)),
        ("movement", "short/conv1/4", (0x23, 0x88, 0x8E)),
        ("coverage", "long/conv1/0", (0xFD, 0xE7, 0x25)),
        ("depth", "long/conv1/4", (0x44, 0x01, 0x54)),
        ("depth", "long/conv2/1", (0xFD, 0xE7, 0x25)),
        ("importance", "long/conv1/5", (0xFD, 0xE7, 0x25)),
        ("dead", "long/conv1/4", (0x00, 0x72, 0xB2)),
    ],
)
def test_points_have_the_colour_of_what_was_planted(
    visit, planted_page, colour, neuron, ink
):
    """But for what shines through, a seventh."""
    others = {"base", "long", "short"} - {neuron.split("/", 1)[0]}
    hidden = ",".join(sorted(others))
    page = visit(planted_page, f"{world.ALL_RUNS}&c={colour}&k=cat&h={hidden}")
    assert np.abs(coloured(page, neuron) - ink).max() < 50


def test_movements_of_all_runs_have_one_scale_by_quantiles(save, visit, tmp_path):
    """A run that hardly moves has its part in the scale of one that does."""
    sizes = np.repeat(np.array([0.5, 1, 2, 4, 64]), [12, 12, 11, 12, 1])
    movements = np.full((5, world.NEURONS), np.nan, np.float32)
    movements[1:] = sizes.reshape(12, 4).T
    calm = dataclasses.replace(world.short(), movement=movements[:3] * 0)
    wild = dataclasses.replace(world.long(), movement=movements)
    path = tmp_path / "page.html"
    for courses, stops in (
        ([wild], ["0.50", "1.0", "2.0", "4.0", "64"]),
        ([wild, calm], ["0", "0", "1.0", "2.0", "64"]),
    ):
        saved = save(world.scene(courses=[world.base(), *courses]))
        assert write_page([saved], path, title="movements")
        page = visit(path, "p=long&e=last&c=movement")
        scale = page.get_by_label("legend").locator(".entry", has=page.locator(".ramp"))
        expect(scale).to_have_text("".join(stops))


def test_a_dead_neuron_is_paler_than_a_live_one(page):
    dead = coloured(page, "long/conv2/5")
    live = coloured(page, "long/conv2/1")
    assert dead[0] > live[0] + 80
    assert dead[2] > dead[0]
