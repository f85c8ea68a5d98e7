"""Groups of a study are listed, chosen as a whole, and their intruder is marked."""

import csv
import dataclasses
import io

import acting
import pytest
import world

from conceptevo_jax.explorer import locate_study_group, write_page

expect = pytest.importorskip("playwright.sync_api").expect

HOSTILE = "<img src=x onerror=alert(1)>"
SPANNING = [
    "long@0/conv2/0",
    "long@1/conv2/1",
    "short@1/conv2/2",
    "base@3/conv2/0",
    "long@1/conv1/4",
]
"""The last is the intruder. At epoch 1 four are in their own snapshots."""


def listed(name, *neurons, category="base model"):
    return locate_study_group(
        world.scene().courses,
        name=name,
        category=category,
        members=neurons[:-1],
        intruder=neurons[-1],
    )


NAMED = [acting.named(neuron) for neuron in SPANNING]
GROUPS = [
    listed("base-1", "base@3/conv1/0", "base@3/conv1/1", "base@3/conv2/5"),
    listed("gone", "other@3/conv1/0", "other@3/conv1/1"),
    listed("partly", "long@9/conv1/0", "long@3/conv1/1", "short@7/conv1/0"),
    listed(HOSTILE, *SPANNING, category=HOSTILE),
]


@pytest.fixture
def opened(visit, planted, tmp_path):
    """A page of the planted scene with some groups, at the selection."""

    def opened(study_groups, view=f"t=selection&{world.ALL_RUNS}", **settings):
        path = tmp_path / "page.html"
        saved = dataclasses.replace(planted, study_groups=study_groups)
        assert write_page([saved], path, title="study")
        return visit(path, view, **settings)

    return opened


def shelf(page):
    return page.get_by_role("region", name="study groups")


def sheet(page):
    return page.get_by_role("region", name="selected neurons")


def group(page, name):
    return shelf(page).get_by_role("button", name=name, exact=True)


def heading(page):
    return page.get_by_role("tabpanel").get_by_role("heading", level=2)


def test_groups_are_listed_by_category_with_what_is_missing(opened):
    page = opened(GROUPS)
    expect(shelf(page).locator("summary")).to_have_text(
        ["base model 3", f"{HOSTILE} 1"]
    )
    rows = [
        "base-13 neurons",
        "gone0 of 2 neurons",
        "partly1 of 3 neurons",
        f"{HOSTILE}5 neurons",
    ]
    expect(shelf(page).locator(".group")).to_have_text(rows)
    expect(shelf(page)).to_contain_text(
        "4 of their neurons are in no snapshot of this page."
    )
    expect(group(page, "gone")).to_be_disabled()


def test_choosing_one_selects_its_neurons_and_marks_the_intruder(opened):
    page = opened(GROUPS, "t=selection&p=*0,long&c=run")
    group(page, HOSTILE).click()
    expect(heading(page)).to_have_text(f"5 neurons of the study group {HOSTILE}")
    expect(page.locator(".time")).to_have_text("epoch 1")
    expect(sheet(page).locator(".link")).to_have_text(NAMED)
    odd = sheet(page).locator(".like", has_text="intruder")
    expect(odd.locator(".link")).to_have_text(NAMED[-1:])
    pane = page.get_by_role("tabpanel")
    expect(pane).to_contain_text(
        "The run long 3 · The run short 1 · The run base 1; the maps show 4 in"
    )
    expect(group(page, HOSTILE)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".ring.intruder")).to_have_count(2)
    odd.locator(".link").click()
    expect(heading(page)).to_have_text(NAMED[-1])
    ring = page.locator(".map").first.locator(".ring.intruder")
    centre = [float(ring.get_attribute(axis)) for axis in ("cx", "cy")]
    box = page.locator(".map").first.bounding_box()
    found = [box["x"] + centre[0], box["y"] + centre[1]]
    assert acting.ring(page) == pytest.approx(found, abs=0.1)


def test_a_name_goes_to_the_snapshot_that_was_asked_about(opened):
    page = opened(GROUPS)
    group(page, HOSTILE).click()
    sheet(page).get_by_role("button", name=NAMED[0]).click()
    expect(heading(page)).to_have_text(NAMED[0])
    expect(page.locator(".time")).to_have_text("epoch 0")
    page.get_by_role("tab", name="Selection").click()
    sheet(page).get_by_role("button", name=NAMED[3]).click()
    expect(heading(page)).to_have_text(NAMED[3])
    expect(page.locator(".time")).to_have_text("epoch 0")


def test_what_is_not_shown_is_told_of_the_group_chosen(opened):
    page = opened(GROUPS)
    group(page, "partly").click()
    expect(heading(page)).to_have_text(
        "1 neurons of the study group partly (2 not in this page)"
    )
    expect(sheet(page).locator(".link")).to_have_text(
        ["The run long, epoch 3: conv1/1"]
    )
    expect(sheet(page).locator(".intruder")).to_have_count(0)
    expect(page.locator(".ring.intruder")).to_have_count(0)


def test_many_groups_are_opened_chosen_and_walked_by_keys(opened):
    many = [
        listed(f"g-{n}", f"long@3/conv1/{n % 6}", "base@3/conv2/5") for n in range(9)
    ]
    page = opened([*many, *GROUPS])
    expect(group(page, "g-0")).to_be_hidden()
    summary = shelf(page).locator("summary").first
    summary.focus()
    page.keyboard.press(" ")
    expect(group(page, "g-0")).to_be_visible()
    expect(page.get_by_role("button", name="play")).to_be_visible()
    page.keyboard.press("Tab")
    expect(group(page, "g-0")).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("2 neurons of the study group g-0")
    expect(group(page, "g-0")).to_be_focused()
    after = page.get_by_role("button", name="Next study group")
    after.focus()
    for name in ("g-1", "g-2"):
        page.keyboard.press("Enter")
        expect(heading(page)).to_have_text(f"2 neurons of the study group {name}")
        expect(after).to_be_focused()
    before = page.get_by_role("button", name="Previous study group")
    for name in ("g-1", "g-0", HOSTILE, "partly", "base-1"):
        before.press("Enter")
        expect(heading(page)).to_contain_text(f"study group {name}")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Draw a region on a map (L")).to_be_visible()
    expect(shelf(page).locator("[aria-pressed=true]")).to_have_count(0)


def test_what_is_chosen_in_the_list_comes_into_sight(opened):
    page = opened(GROUPS, viewport={"width": 390, "height": 844})
    group(page, "base-1").click()
    expect(heading(page)).to_be_in_viewport()
    expect(sheet(page).locator(".link").first).to_be_in_viewport()


def test_files_hold_the_snapshots_that_were_asked_about(opened):
    page = opened(GROUPS)
    group(page, HOSTILE).click()
    acting.set_epoch(page, 0)
    with page.expect_download() as told:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(told.value.path().read_text())))
    assert [row["id"] for row in rows] == SPANNING


def test_a_page_without_a_study_says_nothing_of_one(page):
    page.get_by_role("tab", name="Selection").click()
    expect(page.get_by_role("region", name="saved groups")).to_be_visible()
    expect(shelf(page)).to_have_count(0)
