"""What the page calls snapshots is what `conceptevo_jax.epochs` does."""

import re

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.epochs import epoch_label, epoch_tick, progress, snapshot_label
from conceptevo_jax.explorer import write_page
from conceptevo_jax.figures.epoch_axis import labelled_epochs

expect = pytest.importorskip("playwright.sync_api").expect

STEPS = {"long": 8, "short": 16}
EPOCHS = ["init", "step4", "step8", 0, 1]
"""Step 8 is the end of epoch 0 in `long`, and in the middle of it in `short`."""
LIVES = np.array([[4, 4, 4], [0, 1, 3], [1, 3, 4], [3, -1, -1], [-1, 4, -1]])
"""Clearest, born, settled, left and dead, of the first neurons."""


def early(course):
    """The run with snapshots within its first epoch, and neurons with lives."""
    names = EPOCHS if course.name == "short" else [e for e in EPOCHS if e != "step8"]
    places = [progress(epoch, STEPS[course.name]) for epoch in names]
    lives = world.lives_of(len(names))
    if course.name == "short":
        lives[:, : LIVES.shape[1]] = LIVES
    return world.course(course.name, names, places, 0.1, lives=lives)


@pytest.fixture(scope="module")
def courses():
    return {name: early(getattr(world, name)()) for name in STEPS}


@pytest.fixture(scope="module")
def early_page(save, courses, tmp_path_factory):
    folder = save(world.scene(courses=[world.base(), *courses.values()]))
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert write_page([folder], path, title="early")
    return path


@pytest.fixture
def page(visit, early_page):
    return visit(early_page, world.ALL_RUNS)


def shown_at(course, place):
    """The epoch of the run that is shown, and whether it is from that very time."""
    index = int(np.flatnonzero(course.progress <= place)[-1])
    return course.epochs[index], course.progress[index] == place


def test_slider_and_chips_call_every_snapshot_as_the_package_does(page, courses):
    slider = page.get_by_role("slider", name="epoch")
    stops = sorted({at for course in courses.values() for at in course.progress})
    assert len(stops) == 5
    page.keyboard.press("Home")
    for place in stops:
        shown = [shown_at(course, place) for course in courses.values()]
        labels = dict.fromkeys(epoch_label(epoch) for epoch, fresh in shown if fresh)
        told = " / ".join(labels)
        expect(page.locator(".time")).to_have_text(told)
        expect(slider).to_have_attribute("aria-valuetext", told)
        chips = [
            snapshot_label(f"The run {name}", epoch)
            for name, (epoch, _) in zip(courses, shown, strict=True)
        ]
        expect(page.locator(".chip")).to_contain_text(
            [snapshot_label("The run base", 3), *chips]
        )
        slider.press("ArrowRight")


def test_a_time_of_different_steps_is_called_by_both(page):
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".time")).to_have_text("step 4 / step 8")


def test_a_neurons_life_is_told_in_the_names_of_its_rows(page, courses):
    course = courses["short"]
    for neuron in range(LIVES.shape[1]):
        acting.choose(page, f"short/conv1/{neuron}")
        rows = page.locator("table.concept th .when")
        expect(rows).to_have_text([epoch_label(epoch) for epoch in course.epochs])
        facts = ("concept born", "concept settled", "concept left", "neuron died")
        for name, place in zip(facts, LIVES[1:, neuron], strict=True):
            told = "never" if place < 0 else epoch_label(course.epochs[place])
            fact = page.locator(
                "dl.facts > div", has=page.get_by_text(name, exact=True)
            )
            expect(fact.locator("dd")).to_have_text(told)


WRITTEN = """() => {
  const told = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    told.push(String(text));
    return write.call(this, text, ...rest);
  };
  window.written = told;
}"""
OTHER_CURVE = "entropy in the space"


def axis_texts(page):
    """What is written when the curves are drawn again, the horizontal axis first."""
    page.evaluate(WRITTEN)
    page.get_by_label("curve", exact=True).select_option(OTHER_CURVE)
    return acting.until(page, lambda: page.evaluate("window.written"), bool)


def test_the_axis_of_the_curves_has_the_ticks_of_the_figures(page, courses):
    end = max(course.progress[-1] for course in courses.values())
    ticks = [epoch_tick(epoch) for epoch in labelled_epochs(end)]
    assert ticks == ["init", "0", "1"]
    assert axis_texts(page)[: len(ticks)] == ticks


def test_a_long_training_has_ticks_at_some_epochs(visit, save, tmp_path):
    names = ["init", *range(60)]
    places = [progress(epoch, 1) for epoch in names]
    run = world.course("long", names, places, 0.1)
    path = tmp_path / "page.html"
    write_page([save(world.scene(courses=[world.base(), run]))], path, title="long")
    first, *ticks = axis_texts(visit(path, world.ALL_RUNS))
    assert first == epoch_tick("init")
    assert ticks[:11] == [epoch_tick(epoch) for epoch in range(5, 60, 5)]


OTHER_NAMES = re.compile(r"\d epochs?\b|untrained|(?<![\w-])@")


@pytest.mark.parametrize("tab", ["neuron", "class", "selection"])
def test_nothing_on_the_page_calls_a_snapshot_otherwise(visit, planted_page, tab):
    page = visit(planted_page, f"e=3&t={tab}&k=dog&n=long/conv1/3&s=long/conv1&c=born")
    expect(page.get_by_role("tabpanel")).not_to_be_empty()
    acting.drawn(page)
    assert OTHER_NAMES.findall(page.locator("#app").inner_text()) == []
