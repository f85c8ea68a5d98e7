"""The page fits every screen, and says so where its file or the browser fails it."""

import re

import pytest
from asked import TITLE
from browsing import LAPTOP, PHONE
from filling import begin, pass_by, seen

expect = pytest.importorskip("playwright.sync_api").expect

SMALL = {"width": 320, "height": 568}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUTS = {
    "pictures": lambda text: text[: text.index('"pictures"') + 500],
    "data": lambda text: text[: text.rindex("conceptevo-study") + 20],
    "no data": lambda text: text[: text.rindex('<script type="application/json"')],
    "no forms": lambda text: text.replace('"forms": [', '"farms": ['),
    "version": lambda text: text.replace('"schema": 1', '"schema": 2'),
    "other task": lambda text: re.sub('"tasks": {"[0-9a-f]+"', '"tasks": {"0"', text),
    "no picture": lambda text: re.sub(r'"pictures": \[.*?\]', '"pictures": []', text),
    "null": lambda text: re.sub('(id="conceptevo-study">).*?<', r"\1null<", text),
}
"""What can befall a file on its way."""


def test_a_title_stays_text(enter, file):
    page = enter(file)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    begin(page)
    expect(page.locator("#named")).to_have_text(TITLE)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("size", [LAPTOP, PHONE, SMALL])
def test_nothing_is_cut(enter, build, study, size):
    word = "Donaudampfschifffahrtsgesellschaft" * 3
    page = enter(build(study, contact=word, complete=word), size=size)
    assert page.evaluate(WIDER) <= 0
    begin(page)
    seen(page)
    assert page.evaluate(WIDER) <= 0
    for place in range(6):
        page.keyboard.press(str(place + 1))
        for part in (".card", ".card .head span", ".card canvas"):
            box = page.locator(part).nth(place).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"]
    boxes = [one.bounding_box() for one in page.locator(".card").all()]
    assert len({(round(one["width"]), round(one["height"])) for one in boxes}) == 1
    for _ in range(9):
        pass_by(page)
    expect(page.locator("#code")).to_be_visible()
    assert page.evaluate(WIDER) <= 0


def test_the_bar_of_a_phone_does_not_hide_what_is_asked(enter, file):
    page = enter(file, size=PHONE)
    begin(page)
    seen(page)
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.get_by_role("button", name="Next").click()
    label = page.get_by_role("textbox")
    expect(label).to_be_focused()
    box, bar = label.bounding_box(), page.locator(".bar").bounding_box()
    assert box["y"] + box["height"] <= bar["y"]
    assert bar["y"] + bar["height"] <= PHONE["height"]


def test_a_laptop_shows_a_task_without_scrolling(enter, file):
    page = enter(file, size={"width": 1280, "height": 720})
    begin(page)
    seen(page)
    height = "document.documentElement.scrollHeight"
    assert page.evaluate(height) <= 720


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_damaged_file_says_so(enter, file, cut):
    text = file.read_text("utf-8")
    assert cut(text) != text
    file.write_text(cut(text), "utf-8")
    page = enter(file)
    expect(page.get_by_role("alert")).to_contain_text(
        re.compile("incomplete|another version")
    )


def test_a_file_that_ends_in_its_program_says_so(enter, file):
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("readStudy") + 500], "utf-8")
    expect(enter(file).get_by_text("the file is incomplete")).to_be_visible()


def test_a_damaged_picture_says_so(enter, file):
    text = file.read_text("utf-8")
    file.write_text(re.sub('"UklG[^"]{40}', '"UklG' + "A" * 40, text), "utf-8")
    page = enter(file)
    begin(page)
    expect(page.get_by_role("alert")).to_contain_text(
        "A picture in the file is damaged"
    )


def test_a_full_storage_warns_and_goes_on(enter, file):
    full = "Storage.prototype.setItem = (key) => { if (key !== 'conceptevo') throw 1; }"
    page = enter(file, script=full)
    expect(page.get_by_text("keeps nothing on this device")).to_be_hidden()
    begin(page)
    expect(page.get_by_text("keeps nothing on this device")).to_be_visible()
