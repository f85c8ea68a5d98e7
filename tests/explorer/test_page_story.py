"""The page opens on two contrasting runs; its tour says what is counted, or nothing."""

import dataclasses
import re

import acting
import numpy as np
import pytest
import world

from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect

EPOCHS = ["init", 0, 1, 2]
PLACES = [0.0, 1.0, 2.0, 3.0]
PER_NEURON = 5
"""Copies of each planted neuron."""


@pytest.fixture
def opened(save, visit, tmp_path):
    """The page of the base and some runs, at its first view."""

    def opened(*courses, view="", scene=None, **settings):
        path = tmp_path / "page.html"
        scene = scene or world.scene(courses=[world.base(), *courses])
        assert write_page([save(scene)], path, title="story")
        return visit(path, view, **settings)

    return opened


def run(name, *, accuracy=0.5, dead=0):
    """A run with so many dead neurons in its last snapshot."""
    plain = world.course(name, EPOCHS, PLACES, 0.1)
    lost = plain.dead.copy()
    lost[-1, :dead] = True
    points, ids = plain.points.copy(), plain.image_ids.copy()
    points[lost], ids[lost] = np.nan, -1
    table = {"progress": PLACES, "test_top1": [0.1, 0.2, 0.3, accuracy]}
    return dataclasses.replace(
        plain, dead=lost, points=points, image_ids=ids, table=table
    )


def maps(page):
    return [one.input_value() for one in page.get_by_label("runs on map").all()]


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ({"a": (0.5, 0), "b": (0.8, 0), "c": (0.7, 0)}, ["b", "a"]),
        ({"a": (0.7, 0), "b": (0.8, 6), "c": (0.6, 0)}, ["a", "b"]),
        ({"a": (None, 0), "b": (0.8, 0)}, ["b", "a"]),
        ({"a": (0.5, 0)}, ["a"]),
    ],
    ids=["accuracy", "dead share", "diverged", "one run"],
)
def test_the_healthiest_and_the_worst_run_open(opened, runs, shown):
    """By the last test accuracy and the share of neurons that live then."""
    courses = [run(name, accuracy=how[0], dead=how[1]) for name, how in runs.items()]
    page = opened(*courses)
    assert maps(page) == shown
    expect(page.locator(".time")).to_have_text("init")
    expect(page.get_by_label("colour", exact=True)).to_have_value("group")
    expect(page.get_by_label("curve", exact=True)).to_have_value("concepts")


def drifting(name, seed, accuracy):
    """A run of many neurons whose concepts and stimuli are drawn anew each time."""
    plain = world.crowded(run(name, accuracy=accuracy), PER_NEURON)
    rng = np.random.default_rng(seed)
    group = rng.integers(0, len(world.CLASSES), plain.dead.shape).astype(np.int16)
    image = rng.integers(0, world.PER_CLASS * 4, plain.image_ids.shape)
    return dataclasses.replace(plain, group=group, image_ids=image.astype(np.int32))


def counts_of(course):
    """Live neurons per snapshot and concept."""
    live = np.where(course.dead, -1, course.group)
    return np.array([np.bincount(row[row >= 0], minlength=4) for row in live])


def told_growth(course):
    counts = counts_of(course)
    concept = int(np.argmax(counts[-1] - counts[0]))
    first, last = counts[0, concept], counts[-1, concept]
    label = epoch_label(course.epochs[-1])
    return (
        f"{world.CLASSES[concept]} forms in “{course.title}”: "
        f"{first} neurons at init, {last} at {label}."
    )


def losses(course):
    """Every concept that falls to half after its last peak, by at least 5 %."""
    for concept, counts in enumerate(counts_of(course).T):
        peak = len(counts) - 1 - int(np.argmax(counts[::-1]))
        halved = [t for t in range(peak, len(counts)) if 2 * counts[t] <= counts[peak]]
        lost = int(counts[peak] - counts[peak:].min())
        if halved and lost >= 0.05 * course.dead.shape[1]:
            yield {"concept": concept, "at": (peak, halved[0]), "lost": lost}


def told_losses(course):
    """The concept that is lost first, and the one that loses most."""
    found = list(losses(course))
    first = min(found, key=lambda one: (one["at"][1], -one["lost"]))
    most = max(found, key=lambda one: one["lost"])
    parts = [
        f"{world.CLASSES[one['concept']]}: "
        + ", ".join(
            f"{counts_of(course)[t, one['concept']]}{unit} at "
            f"{epoch_label(course.epochs[t])}"
            for t, unit in zip(one["at"], (" neurons", ""), strict=True)
        )
        for one in (first, most)
    ]
    word = "first " if len(found) > 1 else ""
    then = "" if first == most else f"; then {parts[1]}"
    return f"“{course.title}” loses {word}{parts[0]}{then}"


def tour(page):
    return page.get_by_role("list", name="tour").get_by_role("listitem")


def failing(seed):
    """A run that holds a concept which it loses, with all its neurons at last."""
    course = drifting("bad", seed, 0.1)
    group = course.group.copy()
    group[1], group[2] = 2, np.where(group[2] == 2, 0, group[2])
    dead = course.dead.copy()
    dead[-1] = True
    points, ids = course.points.copy(), course.image_ids.copy()
    points[-1], ids[-1] = np.nan, -1
    return dataclasses.replace(
        course, group=group, dead=dead, points=points, image_ids=ids
    )


def test_the_tour_tells_what_is_counted(opened):
    good, bad = drifting("good", 3, 0.9), failing(4)
    assert counts_of(bad)[2, 2] == 0
    page = opened(good, bad)
    assert maps(page) == ["good", "bad"]
    growth, loss = tour(page).all_inner_texts()[:2]
    assert growth == told_growth(good)
    assert loss == f"{told_losses(bad)}; all its neurons are dead from epoch 2 on."


def test_of_two_losses_the_first_is_told_first(opened):
    """Concept 0 falls before concept 2, which has more neurons to lose."""
    course = drifting("bad", 5, 0.1)
    neurons = course.dead.shape[1]
    few, many = np.full(neurons, 1), np.full(neurons, 1)
    few[: neurons // 4], many[: neurons // 2] = 0, 2
    group = np.stack([few, np.where(few == 0, 1, many), many, few * 0 + 1])
    page = opened(
        drifting("good", 3, 0.9),
        dataclasses.replace(course, group=group[: len(course.epochs)].astype(np.int16)),
    )
    text = tour(page).all_inner_texts()[1]
    assert " loses first cat: " in text
    assert f"; then bird: {neurons // 2} neurons at " in text


def test_concepts_of_one_class_are_told_as_one(opened):
    """Neurons that go from a concept of cats to another one have lost no concept."""
    good, bad = drifting("good", 3, 0.9), drifting("bad", 5, 0.1)
    group = np.full(bad.dead.shape, 3)
    quarter = bad.dead.shape[1] // 4
    group[0, :quarter], group[1, :quarter], group[2, :quarter] = 0, 1, 1
    bad = dataclasses.replace(bad, group=group.astype(np.int16))
    scene = world.scene(courses=[world.base(), good, bad])
    first, second, *others = scene.groups
    twins = [first | {"name": "cat 1"}, second | {"name": "cat 2", "label": 0}]
    page = opened(scene=dataclasses.replace(scene, groups=[*twins, *others]))
    text = tour(page).all_inner_texts()[1]
    assert (
        text == f"“The run bad” loses cat: {quarter} neurons at epoch 1, 0 at epoch 2."
    )


def test_death_is_told_from_its_first_snapshot_on(opened):
    course = failing(4)
    dead = course.dead.copy()
    dead[-2:] = True
    points, ids = course.points.copy(), course.image_ids.copy()
    points[-2:], ids[-2:] = np.nan, -1
    page = opened(
        drifting("good", 3, 0.9),
        dataclasses.replace(course, dead=dead, points=points, image_ids=ids),
    )
    label = epoch_label(course.epochs[-2])
    expect(tour(page).nth(1)).to_contain_text(
        f"all its neurons are dead from {label} on"
    )


def test_a_neuron_whose_stimuli_change_their_class_is_told(opened):
    """The healthy run of the planted ones has one, and none loses a concept."""
    page = opened(world.long(), world.short())
    expect(tour(page)).to_have_text(
        [
            "bird forms in “The run long”: 3 neurons at init, 4 at epoch 3.",
            "Neuron conv1/0 of “The run long” goes from images of cat to images of "
            "bird: 4 of 4 stimuli at epoch 2, 4 of 4 at epoch 3.",
        ]
    )


def test_one_stimulus_is_no_change_of_class(opened):
    course = world.long()
    ids = course.image_ids.copy()
    ids[:, :, 1:] = -1
    page = opened(dataclasses.replace(course, image_ids=ids), world.short())
    expect(tour(page)).to_have_count(1)
    expect(tour(page)).to_contain_text("bird forms")


def test_nothing_is_told_of_runs_in_which_nothing_happens(opened):
    page = opened(world.short())
    expect(page.get_by_text("Click a point, or search for a neuron.")).to_be_visible()
    expect(tour(page)).to_have_count(0)


def test_links_of_the_tour_are_addresses_of_their_views(opened, visit):
    page = opened(world.long(), world.short())
    link = tour(page).first.get_by_role("link", name="4 at epoch 3")
    view = link.get_attribute("href")
    link.click()
    expect(page.locator(".time")).to_have_text("epoch 3")
    expect(page).to_have_url(re.compile(re.escape(view)))
    expect(tour(page)).to_have_count(2)
    page.get_by_role("tab", name="Selection").click()
    told = page.get_by_role("tabpanel").get_by_role("heading", level=2)
    expect(told).to_have_text("4 neurons of The run long that hold bird at epoch 3")
    page.get_by_role("tab", name="Neuron").click()
    tour(page).last.get_by_role("link", name="4 of 4 stimuli at epoch 2").click()
    expect(told).to_have_text(acting.named("long@2/conv1/0"))
    expect(page.locator(".time")).to_have_text("epoch 2")


def test_a_neuron_chosen_on_a_phone_comes_into_sight(opened):
    page = opened(world.long(), world.short(), viewport={"width": 390, "height": 844})
    acting.choose(page, "long/conv1/0")
    heading = page.get_by_role("tabpanel").get_by_role("heading", level=2)
    expect(heading).to_be_in_viewport()


def test_a_run_whose_responses_are_not_finite_is_flagged(opened):
    plain = run("bad", dead=world.NEURONS)
    nonfinite = plain.nonfinite.copy()
    nonfinite[-1] = True
    page = opened(dataclasses.replace(plain, nonfinite=nonfinite), view="e=last")
    chip = page.locator(".chip", has_text="The run bad")
    expect(chip).to_contain_text("diverged")
    acting.set_epoch(page, 0)
    expect(chip).not_to_contain_text("diverged")


def test_patches_are_seen_larger_with_a_key_and_a_click(opened):
    page = opened(world.long(), world.short(), view="e=last&n=long/conv1/1")
    row = page.get_by_label("4 patches: 3 cat, 1 dog")
    expect(row).to_be_visible()
    dialog = page.get_by_role("dialog", name="larger patches")
    row.click()
    expect(dialog).to_contain_text("3 cat, 1 dog")
    assert dialog.locator(".patch").first.bounding_box()["width"] > 100
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("p")
    expect(dialog.get_by_role("heading")).to_have_text(acting.named("long@3/conv1/1"))
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
