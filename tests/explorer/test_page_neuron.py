"""The inspector tells what was planted of a neuron."""

import dataclasses

import acting
import pytest
import world

from conceptevo_jax.explorer import write_page

expect = pytest.importorskip("playwright.sync_api").expect


def inspect(page, neuron):
    acting.choose(page, neuron)
    expect(page.locator("dl.facts")).to_be_visible()


def expect_facts(page, **wanted):
    """That these are told, among others."""
    for name, fact in wanted.items():
        told = page.locator("dl.facts > div", has=page.get_by_text(name, exact=True))
        expect(told.locator("dd")).to_have_text(fact)


def brief(response):
    return f"{response:.0f}" if response >= 10 else f"{response:.1f}"


def section(page, name):
    return page.get_by_role("tabpanel").locator("section", has_text=name)


def test_facts_of_a_neuron_that_moved(page):
    inspect(page, "long/conv1/0")
    expect_facts(
        page,
        state="live",
        coverage="100 %",
        movement="2.00",
    )
    lives = {
        "concept clearest": "epoch 3",
        "concept born": "epoch 0",
        "concept settled": "epoch 1",
        "neuron died": "never",
    }
    expect_facts(page, **lives)
    expect_facts(page, **{"receptive field": "50 % of the image's side"})
    expect(page.locator("dl.facts > div")).to_have_count(9)


def test_facts_of_a_neuron_that_died(page):
    inspect(page, "long/conv2/5")
    expect_facts(
        page, state="dead, shown at its last place", coverage="–", movement="–"
    )
    expect_facts(page, **{"concept born": "init", "neuron died": "epoch 2"})
    expect(section(page, "Classes of its stimuli")).to_contain_text("no stimuli")
    expect(section(page, "In other runs")).to_contain_text("no place in this snapshot")
    acting.set_epoch(page, 2)
    heading = page.get_by_role("heading", name="The run long, epoch 1: conv2/5")
    expect(heading).to_be_visible()
    expect_facts(page, state="live")


def test_its_concept_over_time_has_a_row_of_patches_per_snapshot(page):
    inspect(page, "long/conv1/0")
    rows = page.locator("table.concept tr")
    labels = ["init", *(f"epoch {n}" for n in range(4))]
    expect(rows.locator("th .when")).to_have_text(labels)
    wanted = world.long().image_ids[:, world.MOVER]
    for row, images in enumerate(wanted.tolist()):
        patches = rows.nth(row).locator(".patch")
        expect(patches).to_have_count(len(images))
        for place, i in enumerate(images):
            response = brief(world.peaks_of(5)[row, 0, place])
            told = f"patch of an image of {world.CLASSES[i // 8]}, train/{i:05}"
            title = f"{told}; response {response}"
            expect(patches.nth(place)).to_have_attribute("title", title)


def test_a_row_has_the_range_of_its_responses(page):
    inspect(page, "long/conv1/0")
    rows = page.locator("table.concept tr")
    ranges = ["8.0 to 5.0", "16 to 10", "24 to 15", "32 to 20", "40 to 25"]
    expect(rows.locator(".range")).to_have_text(ranges)
    inspect(page, "long/conv2/5")
    expect(rows.locator(".range")).to_have_text(ranges[:3])


BOX = """(outline) => {
  const image = outline.parentElement.getBoundingClientRect();
  const box = outline.getBoundingClientRect();
  return [box.left - image.left, box.top - image.top, box.width, box.height].map(
    (length) => length / image.width);
}"""


def test_large_patches_tell_the_response_and_the_place_in_the_image(
    save, visit, tmp_path
):
    plain = world.long()
    corners = plain.corners.copy()
    corners[4, 0, 1] = 4, 1
    long = dataclasses.replace(plain, corners=corners)
    path = tmp_path / "page.html"
    assert write_page([save(world.scene(courses=[world.base(), long]))], path, title="")
    page = visit(path, "e=last&p=long&n=long/conv1/0")
    expect(page.locator("table.concept")).to_be_visible()
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name="larger patches")
    expect(dialog).to_contain_text("the image of 8 × 8 pixels")
    told = ["40rows 2–5columns 2–5", "35rows 4–7columns 1–4"]
    told += [f"{response}rows 2–5columns 2–5" for response in (30, 25)]
    expect(dialog.locator("figcaption")).to_have_text(told)
    box = dialog.locator(".outline").nth(1).evaluate(BOX)
    assert box == pytest.approx([1 / 8, 4 / 8, 4 / 8, 4 / 8], abs=0.02)


@pytest.mark.parametrize(("row", "label"), [(0, 0), (4, 2)])
def test_a_patch_is_cut_out_of_its_image(page, row, label):
    inspect(page, "long/conv1/0")
    patch = page.locator("table.concept tr").nth(row).locator(".patch").first
    assert acting.shows(page, patch, world.INKS[label])


def test_a_row_leads_to_its_time(page):
    inspect(page, "long/conv1/0")
    current = page.locator("tr[aria-current=true] th .when")
    expect(current).to_have_text("epoch 3")
    page.get_by_role("button", name="epoch 0", exact=True).click()
    expect(page.locator(".time")).to_have_text("epoch 0")
    expect(current).to_have_text("epoch 0")
    expect_facts(page, coverage="50 %")


def test_classes_of_its_stimuli_are_counted(page):
    inspect(page, "long/conv1/1")
    bars = section(page, "Classes of its stimuli").locator(".bar")
    expect(bars).to_have_text(["cat3 of 4", "dog1 of 4"])


def test_its_like_in_other_runs_are_the_nearest_in_the_space(page):
    inspect(page, "long/conv1/3")
    likes = section(page, "In other runs (nearest in the space)").locator(".like")
    expect(likes).to_have_text(
        [
            "The run base, epoch 3: conv1/4cosine 0.80",
            "The run base, epoch 3: conv1/3cosine 0.60",
            "The run short, epoch 1: conv1/3cosine 1.00",
            "The run short, epoch 1: conv1/0cosine 0.00",
        ]
    )
    likes.nth(2).get_by_role("button").click()
    expect(
        page.get_by_role("heading", name="The run short, epoch 1: conv1/3")
    ).to_be_visible()


def test_hidden_runs_are_not_compared(page):
    page.locator(".chip", has_text="base").click()
    inspect(page, "long/conv1/3")
    expect(section(page, "In other runs").locator(".like")).to_have_count(2)


def test_importance_of_its_evolutions_is_told_per_class(page):
    inspect(page, "long/conv1/3")
    parts = section(page, "Importance of its evolutions").locator("div:has(> h4)")
    expect(parts).to_have_text(
        [
            "init → epoch 1dog0.95 [0.90, 0.99]cat0.65 [0.60, 0.69]",
            "epoch 1 → epoch 3cat0.75 [0.70, 0.79]dog0.45 [0.40, 0.49]",
        ]
    )


def test_a_click_on_a_point_inspects_it(page):
    x, y = acting.place_of(page, "short/conv2/4")
    page.keyboard.press("Escape")
    page.mouse.click(x, y)
    expect(
        page.get_by_role("heading", name="The run short, epoch 1: conv2/4")
    ).to_be_visible()


def test_its_name_and_patches_show_beside_the_mouse(page):
    x, y = acting.place_of(page, "long/conv2/0")
    page.mouse.move(x, y, steps=3)
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("The run long, epoch 3: conv2/0")
    expect(tip.locator(".patch")).to_have_count(4)
    page.mouse.move(x, y + 80, steps=3)
    expect(tip).to_be_hidden()


def test_its_way_is_drawn_until_now_and_from_now_on(page):
    inspect(page, "long/conv1/0")
    expect(page.locator(".step.past")).to_have_count(5)
    acting.set_epoch(page, 1)
    expect(page.locator(".step.past")).to_have_count(2)
    expect(page.locator(".step.future")).to_have_count(3)
