"""The smoke demo's own page, in a browser: it shows what the demo's records say."""

import re

import numpy as np
import pytest
from browsing import stop_clock

from conceptevo_jax.epochs import epoch_label, snapshot_label
from conceptevo_jax.explorer import load_scene
from conceptevo_jax.types import neuron_ids

expect = pytest.importorskip("playwright.sync_api").expect

MOST = 15_000_000


@pytest.fixture(scope="module")
def scene(demo):
    return load_scene(demo.folder / "scene").scene


@pytest.fixture
def page(demo, visit):
    return visit(demo.folder / "explorer.html", "e=last&p=*0&c=run")


def test_the_file_is_small(demo):
    assert (demo.folder / "explorer.html").stat().st_size <= MOST


def test_every_run_is_on_the_map(scene, page):
    names = [snapshot_label(one.title, one.epochs[-1]) for one in scene.courses]
    expect(page.locator(".chip")).to_contain_text(names)
    places = sum(int(one.dead.shape[1]) for one in scene.courses)
    never = sum(int(np.isnan(one.points).any(2).all(0).sum()) for one in scene.courses)
    expect(page.locator(".count")).to_have_text(f"{places - never:,} neurons")


def test_it_plays_to_its_end(scene, page):
    time = page.locator(".time")
    page.keyboard.press("Home")
    expect(time).to_have_text("init")
    stop_clock(page)
    page.get_by_role("button", name="play").click()
    expect(page.get_by_role("button", name="pause")).to_be_visible()
    page.clock.run_for(30_000)
    expect(page.get_by_role("button", name="play")).to_be_visible()
    last = max(one.epochs[-1] for one in scene.courses if not one.is_base)
    expect(time).to_have_text(epoch_label(last))


def test_a_neuron_is_found_with_its_patches(scene, page):
    course = next(one for one in scene.courses if one.name == "vgg16")
    live = int(np.flatnonzero(~course.dead[-1])[0])
    name = neuron_ids(f"vgg16@{course.epochs[-1]}", course.sites)[live]
    page.get_by_role("combobox", name="search").fill(name)
    page.keyboard.press("Enter")
    rest = name.split("/", 1)[1]
    told = f"{snapshot_label(course.title, course.epochs[-1])}: {rest}"
    expect(page.get_by_role("heading", name=told)).to_be_visible()
    last = page.locator("table.concept tr").last.locator(".patch")
    label = scene.pictures.labels[course.image_ids[-1, live, 0]]
    expect(last.first).to_have_attribute(
        "title",
        re.compile(
            f"patch of an image of {re.escape(scene.classes[label])}, "
            f"{re.escape(scene.pictures.names[course.image_ids[-1, live, 0]])}; "
            r"response \d"
        ),
    )


def test_classes_are_ranked_as_the_importance_record_says(scene, page):
    course = next(one for one in scene.courses if one.evolutions)
    ids = neuron_ids(course.name, course.sites)
    for place, label in enumerate(course.evolutions[0]["classes"][:2]):
        page.get_by_label("class", exact=True).select_option(scene.classes[label])
        expect(page.get_by_role("heading", level=2)).to_have_text(scene.classes[label])
        for evolution in range(len(course.evolutions)):
            ranks = course.rank[evolution, place]
            shown = page.locator("ol.ranking").nth(evolution).locator("li > .link")
            for first in range(10):
                (neuron,) = np.flatnonzero(ranks == first)
                expect(shown.nth(first)).to_have_text(ids[neuron].split("/", 1)[1])
