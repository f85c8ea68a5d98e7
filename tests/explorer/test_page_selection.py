"""A region holds exactly what was planted there; groups and files keep it."""

import csv
import io
import json

import acting
import numpy as np
import pytest
import world
from PIL import Image

expect = pytest.importorskip("playwright.sync_api").expect

BIRDS = [
    *(f"base@3/conv2/{n}" for n in range(3)),
    "long@3/conv1/0",
    *(f"long@3/conv2/{n}" for n in range(3)),
    *(f"short@1/conv2/{n}" for n in range(3)),
]
"""Last in the top right corner."""
NAMED = {acting.named(bird) for bird in BIRDS}
AROUND = ("base/conv2/0", "short/conv2/2", "long/conv1/0")


def members(page):
    sheet = page.get_by_role("region", name="selected neurons")
    return sheet.locator(".like > .link")


def select_birds(page, **how):
    places = [acting.place_of(page, neuron) for neuron in AROUND]
    page.keyboard.press("Escape")
    acting.draw_around(page, places, **how)
    expect_birds(page)


def expect_birds(page):
    expect(members(page)).to_have_count(len(BIRDS))
    assert set(members(page).all_inner_texts()) == NAMED


def suggestion(page):
    return page.locator(".suggestion")


def test_dragging_with_shift_selects_what_lies_within(page):
    select_birds(page)
    expect(page.get_by_role("tab", name="Selection")).to_have_attribute(
        "aria-selected", "true"
    )
    pane = page.get_by_role("tabpanel")
    expect(pane.get_by_role("heading", level=2)).to_have_text(
        "10 neurons in the region at epoch 3"
    )
    expect(pane).to_contain_text("The run base 3 · The run long 4 · The run short 3")


def test_what_is_typed_stays_while_time_goes_on(page):
    select_birds(page)
    name = page.get_by_label("name of the group")
    name.fill("my birds")
    acting.set_epoch(page, 0)
    early = "The run long, init: conv2/0"
    expect(members(page).filter(has_text=early)).to_have_count(1)
    expect(name).to_have_value("my birds")


def test_the_button_draws_one_region(page):
    button = page.get_by_role("button", name="Draw a region")
    places = [acting.place_of(page, neuron) for neuron in AROUND]
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    acting.draw_around(page, places, shift=False)
    expect_birds(page)
    expect(button).to_have_attribute("aria-pressed", "false")


def test_dead_neurons_are_selected_where_they_are_seen_and_counted(page):
    x, y = acting.place_of(page, "long/conv2/5")
    acting.draw_around(page, [(x, y)], margin=10)
    expect(members(page)).to_have_text(["The run long, epoch 3: conv2/5"])
    expect(page.get_by_role("tabpanel")).to_contain_text("The run long 1 (1 dead)")
    expect(suggestion(page)).to_contain_text("none (no live neuron)")


def test_an_empty_region_is_told(page):
    x, y = acting.place_of(page, "long/conv2/0")
    acting.draw_around(page, [(x, y + 150)])
    expect(page.get_by_text("No neuron lies in the region.")).to_be_visible()


def test_the_label_is_the_class_of_the_stimuli(page):
    select_birds(page)
    expect(suggestion(page)).to_have_text(
        "Suggested label: bird (bird 100 % of the stimuli; 4.0× the average)"
    )
    expect(page.get_by_label("name of the group")).to_have_value("bird")


def test_the_label_names_classes_beyond_chance(page):
    acting.choose(page, "long/conv1")
    expect(suggestion(page)).to_have_text(
        "Suggested label: dog (dog 54 % of the stimuli; 2.2× the average)"
    )
    acting.choose(page, "short/conv1")
    expect(suggestion(page).locator("strong")).to_have_text("cat / dog")
    corners = [acting.place_of(page, f"{n}") for n in ("base/conv1/0", "short/conv2/2")]
    acting.draw_around(page, corners)
    expect(suggestion(page).locator("strong")).to_have_text("mixed")


def cards(page):
    """The card whose patches are no birds', and one whose are; no word tells which."""
    found = page.get_by_role("button", name="is the intruder")
    expect(found).to_have_count(6)
    expect(found.last.locator(".patch")).to_have_count(4)

    def read():
        first = [one.locator(".patch").first for one in found.all()]
        return [acting.differs(patch, world.INKS[2], 8) <= 2 for patch in first]

    birds = acting.until(page, read, lambda birds: birds.count(False) == 1)
    assert birds.count(False) == 1
    assert not any("bird" in one.inner_html() for one in found.all())
    return found.nth(birds.index(False)), found.nth(birds.index(True))


def test_the_intruder_is_told_apart(page):
    select_birds(page)
    page.get_by_role("button", name="Find the intruder").click()
    odd, bird = cards(page)
    odd.click()
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("Right: the intruder is ")
    expect(verdict).to_contain_text("1 of 1 found so far")
    verdict.get_by_role("button", name="Again").click()
    odd, bird = cards(page)
    bird.click()
    expect(verdict).to_contain_text("No: the intruder is ")
    expect(verdict).to_contain_text("1 of 2 found so far")


def test_too_few_neurons_have_no_intruder(page):
    x, y = acting.place_of(page, "long/conv2/5")
    acting.draw_around(page, [(x, y)], margin=10)
    page.get_by_role("button", name="Find the intruder").click()
    expect(page.get_by_text("Too few live neurons to ask.")).to_be_visible()


def save_group(page, name):
    page.get_by_label("name of the group").fill(name)
    page.get_by_role("button", name="Save group").click()


def test_a_group_is_kept_selected_again_and_deleted(page):
    select_birds(page)
    save_group(page, "my <b>birds</b>")
    page.get_by_role("button", name="Clear").click()
    page.reload()
    page.get_by_role("tab", name="Selection").click()
    shelf = page.get_by_role("region", name="saved groups")
    expect(shelf).to_contain_text("my <b>birds</b>10 neurons")
    shelf.get_by_role("button", name="my <b>birds</b>", exact=True).click()
    expect_birds(page)
    name = "10 neurons of the group my <b>birds</b>"
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    shelf.get_by_role("button", name="delete the group my <b>birds</b>").click()
    expect(shelf).to_contain_text("none yet")
    page.reload()
    expect(shelf).to_contain_text("none yet")


def test_groups_go_into_a_file_and_come_back(page, tmp_path):
    select_birds(page)
    save_group(page, "birds")
    shelf = page.get_by_role("region", name="saved groups")
    with page.expect_download() as told:
        shelf.get_by_role("button", name="Save as JSON").click()
    path = tmp_path / "groups.json"
    told.value.save_as(path)
    wanted = [name.split("@")[0] + name[name.index("/") :] for name in BIRDS]
    assert json.loads(path.read_text()) == [{"name": "birds", "neurons": wanted}]
    shelf.get_by_role("button", name="delete the group birds").click()
    with page.expect_file_chooser() as asked:
        shelf.get_by_role("button", name="Read JSON").click()
    asked.value.set_files(path)
    expect(shelf).to_contain_text("birds10 neurons")


def test_a_file_without_groups_is_told(page, tmp_path):
    page.get_by_role("tab", name="Selection").click()
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    page.locator("input[type=file]").set_input_files(path)
    shelf = page.get_by_role("region", name="saved groups")
    expect(shelf).to_contain_text("other.json holds no groups")


def downloaded(page, button):
    with page.expect_download() as told:
        page.get_by_role("button", name=button, exact=True).click()
    return told.value.suggested_filename, told.value.path().read_bytes()


def planted_rows():
    found = {}
    for course in world.scene().courses:
        last = len(course.epochs) - 1
        for n, (x, y) in enumerate(course.points[last].tolist()):
            site = f"conv{1 + n // 6}/{n % 6}"
            found[f"{course.name}@{course.epochs[last]}/{site}"] = (course, n, x, y)
    return found


def test_csv_and_json_hold_the_planted_facts(page):
    select_birds(page)
    name, data = downloaded(page, "CSV")
    assert name == "neurons.csv"
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    name, data = downloaded(page, "JSON")
    assert name == "neurons.json"
    values = json.loads(data)
    assert [row["id"] for row in rows] == [one["id"] for one in values] == BIRDS
    planted = planted_rows()
    for row, value in zip(rows, values, strict=True):
        course, n, x, y = planted[row["id"]]
        assert (row["x"], row["y"]) == (str(value["x"]), str(value["y"]))
        assert (value["x"], value["y"]) == pytest.approx((x, y), abs=2e-4)
        assert (value["run"], value["site"]) == (course.name, f"conv{1 + n // 6}")
        assert (value["index"], value["epochs_trained"]) == (n % 6, course.progress[-1])
        assert (value["dead"], value["top_class"]) == (False, "bird")
        assert value["coverage"] == course.coverage[-1, n]


def test_what_is_not_known_of_a_dead_neuron_stays_empty(page):
    x, y = acting.place_of(page, "long/conv2/5")
    acting.draw_around(page, [(x, y)], margin=10)
    _, data = downloaded(page, "CSV")
    (row,) = csv.DictReader(io.StringIO(data.decode()))
    assert row["dead"] == "true"
    assert {row[name] for name in ("x", "y", "coverage", "top_class")} == {""}
    _, data = downloaded(page, "JSON")
    assert json.loads(data)[0]["coverage"] is None


def test_the_picture_holds_the_maps_and_their_legend(page):
    select_birds(page)
    name, data = downloaded(page, "PNG of the maps")
    assert name == "planted-page-all-runs-by-run-epoch-3.png"
    with Image.open(io.BytesIO(data)) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    box = page.get_by_role("region", name="maps").bounding_box()
    assert shown.shape[1] == pytest.approx(2 * box["width"], abs=1)
    assert shown.shape[0] > 2 * box["height"]
    # Points of the run `long`, and its mark in the legend below the map.
    for part, least in ((shown[:-128], 100), (shown[-128:], 50)):
        blue = np.abs(part - (0, 0x72, 0xB2)).sum(axis=2) < 120
        assert blue.sum() > least
