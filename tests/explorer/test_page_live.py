"""A page follows a training, and shows runs of different spaces beside each other."""

import dataclasses

import acting
import browsing
import pytest
import world

from conceptevo_jax.explorer import compare, write_folder, write_page

expect = pytest.importorskip("playwright.sync_api").expect


def until(course, count):
    """A run as it was after so many snapshots."""
    of_time = (
        "points",
        "vectors",
        "dead",
        "nonfinite",
        "coverage",
        "movement",
        "group",
        "image_ids",
        "peaks",
        "corners",
    )
    cut = {name: getattr(course, name)[:count] for name in of_time}
    return dataclasses.replace(
        course, epochs=course.epochs[:count], progress=course.progress[:count], **cut
    )


def training(count):
    """The base, and a run of so many snapshots, of which nothing else is known."""
    plain = world.scene()
    run = until(
        dataclasses.replace(
            world.long(),
            lives=world.lives_of(count),
            reports=[],
            evolutions=[],
            importance=world.base().importance,
            rank=world.base().rank,
        ),
        count,
    )
    return dataclasses.replace(plain, courses=[plain.courses[0], run])


def test_a_live_page_follows_the_training_and_tells_its_end(save, visit, tmp_path):
    saved = {count: save(training(count)) for count in (3, 4, 5)}

    def write(count, finished=False):
        return write_folder(
            [saved[count]],
            tmp_path / "live",
            title="a run",
            live=True,
            finished=finished,
        )

    page = visit(write(3))
    badge = page.locator(".badge")
    expect(badge).to_have_text("live")
    expect(page.locator(".chip").nth(1)).to_contain_text("long, epoch 1")
    acting.choose(page, "long/conv1/4")
    page.get_by_label("colour", exact=True).select_option("coverage")
    write(4)
    expect(page.locator(".chip").nth(1)).to_contain_text("long, epoch 2")
    expect(page.locator(".time")).to_have_text("epoch 2")
    expect(
        page.get_by_role("heading", name="The run long, epoch 2: conv1/4")
    ).to_be_visible()
    expect(page.locator("table.concept tr")).to_have_count(4)
    expect(page.get_by_label("colour", exact=True)).to_have_value("coverage")
    expect(badge).to_have_text("live")
    write(5)
    expect(page.locator(".chip").nth(1)).to_contain_text("long, epoch 3")
    write(5, finished=True)
    expect(badge).to_have_text("training finished")
    expect(
        page.get_by_role("heading", name="The run long, epoch 3: conv1/4")
    ).to_be_visible()


def test_a_live_page_leaves_a_reader_at_an_earlier_time_there(save, visit, tmp_path):
    folder = tmp_path / "live"
    saved = [save(training(count)) for count in (3, 4)]
    how = {"title": "a run", "live": True, "finished": False}
    page = visit(write_folder(saved[:1], folder, **how))
    acting.set_epoch(page, 1)
    write_folder(saved[1:], folder, **how)
    expect(page.get_by_role("slider")).to_have_attribute("max", "3")
    expect(page.locator(".time")).to_have_text("epoch 0")


ASK = """() => {
  const script = document.createElement("script");
  script.src = "data/revision.js?asked";
  document.head.append(script);
}"""


def test_what_was_changed_last_is_kept_when_the_training_goes_on(save, visit, tmp_path):
    """Though the address, which tells it, is written a moment after a change."""
    folder = tmp_path / "live"
    saved = [save(training(count)) for count in (3, 4)]
    how = {"title": "a run", "live": True, "finished": False}
    page = visit(write_folder(saved[:1], folder, **how))
    browsing.stop_clock(page)
    page.get_by_label("colour", exact=True).select_option("coverage")
    write_folder(saved[1:], folder, **how)
    page.evaluate(ASK)
    expect(page.locator(".chip").nth(1)).to_contain_text("long, epoch 2")
    expect(page.get_by_label("colour", exact=True)).to_have_value("coverage")


@pytest.fixture
def compared(save, tmp_path):
    """Two results of different spaces: the second has one run, and one other class."""
    other = world.scene(
        title="other",
        space_id="another space",
        classes=("cat", "dog", "bird", "horse"),
        courses=[world.base(), world.short()],
    )
    folders = [save(scene).sheets[0].parents[1] for scene in (world.scene(), other)]
    path = tmp_path / "page.html"
    assert write_page(compare(*folders, tmp_path / "new"), path, title="A and B")
    return path


def test_two_spaces_are_two_maps_with_their_own_runs(compared, visit):
    page = visit(compared, "e=last")
    expect(page.locator(".map")).to_have_count(2)
    choices = page.get_by_label("runs on map")
    for place, title in enumerate(("A: planted", "B: other")):
        chosen = choices.nth(place).locator("option:checked")
        expect(chosen).to_have_text(f"all runs of {title}")
    expect(page.locator(".count")).to_have_text(["36 neurons", "24 neurons"])
    runs = (
        "A: The run base, epoch 3",
        "The run long, epoch 3",
        "A: The run short, epoch 1",
        "B: The run base, epoch 3",
        "B: The run short, epoch 1",
    )
    for place, name in enumerate(runs):
        expect(page.locator(".chip").nth(place)).to_contain_text(name)


def test_regions_and_neighbours_stay_within_a_space(compared, visit):
    page = visit(compared, "e=last")
    acting.choose(page, "B: short/conv1/2")
    expect(page.locator(".map").nth(0).locator(".ring")).to_have_count(0)
    expect(page.locator(".like > .link")).to_have_text(
        ["B: The run base, epoch 3: conv1/3", "B: The run base, epoch 3: conv1/2"]
    )
    x, y = acting.ring(page, 1)
    acting.draw_around(page, [(x, y)], margin=55)
    expect(page.get_by_role("tabpanel")).to_contain_text(
        "B: The run base 3 · B: The run short 3"
    )
    expect(page.get_by_role("tabpanel")).not_to_contain_text("long")


def test_classes_of_both_spaces_can_be_chosen(compared, visit):
    page = visit(compared, "e=last")
    options = page.get_by_label("class", exact=True).locator("option")
    expect(options).to_have_text(["none", "cat", "dog", "bird", "fish", "horse"])
    acting.choose(page, "B: short/conv2/3")
    bars = page.locator("section", has_text="Classes of its stimuli").locator(".bar")
    expect(bars).to_have_text(["horse4 of 4"])


def test_stability_is_told_of_each_map(compared, visit):
    page = visit(compared, "e=last")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Stability (A: planted): with another random seed")
    expect(dialog).to_contain_text("Stability (B: other): with another random seed")
