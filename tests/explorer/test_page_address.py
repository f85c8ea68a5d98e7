"""The address holds the view: opened elsewhere it shows the same."""

import re

import acting
import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def state(page):
    """All that the address is to hold, as it is seen."""
    acting.drawn(page)
    pane = page.get_by_role("tabpanel")
    return {
        "time": page.locator(".time").inner_text(),
        "runs": [one.inner_text() for one in page.locator(".chip").all()],
        "shown": [
            one.get_attribute("aria-pressed") for one in page.locator(".chip").all()
        ],
        "maps": [one.input_value() for one in page.get_by_label("runs on map").all()],
        "counts": page.locator(".count").all_inner_texts(),
        "colour": page.get_by_label("colour", exact=True).input_value(),
        "curve": page.get_by_label("curve", exact=True).input_value(),
        "class": page.get_by_label("class", exact=True).input_value(),
        "tab": page.locator("[role=tab][aria-selected=true]").inner_text(),
        "pane": pane.locator("h2, .like > .link, li > .link").all_inner_texts(),
        "rings": [acting.ring(page, i) for i in range(page.locator(".map").count())],
        "regions": page.locator(".region").count(),
    }


def address(page, part):
    """What follows `#`, once it holds what was changed last."""
    expect(page).to_have_url(re.compile(f"#.*{re.escape(part)}"))
    return page.url.split("#", 1)[1]


def set_many(page):
    page.get_by_role("combobox", name="maps", exact=True).select_option("2")
    page.get_by_label("runs on map 1").select_option("long")
    page.get_by_label("runs on map 2").select_option("*0")
    page.locator(".chip", has_text="base").click()
    page.get_by_label("colour", exact=True).select_option("concept")
    page.get_by_label("curve", exact=True).select_option("entropy in the space")
    page.get_by_label("class", exact=True).select_option("dog")
    acting.choose(page, "long/conv1/4")
    acting.set_epoch(page, 3)
    page.keyboard.press("+")
    expect(
        page.get_by_role("heading", name="The run long, epoch 2: conv1/4")
    ).to_be_visible()


def same(one, other):
    """Whether two views are the same, but for what is less than a point."""
    return one == {**other, "rings": [pytest.approx(r, abs=2) for r in other["rings"]]}


def test_a_view_opened_anew_is_the_same(page, visit, planted_page):
    set_many(page)
    view = address(page, "&v=")
    before, other = state(page), visit(planted_page, view)
    after = acting.until(other, lambda: state(other), lambda now: same(now, before))
    assert same(after, before)
    assert (before["time"], before["tab"]) == ("epoch 2", "Neuron")


@pytest.mark.parametrize("alone", [False, True])
def test_a_region_opened_anew_holds_the_same(page, visit, planted_page, alone):
    """Also where only one run was on the map as it was drawn."""
    x, y = acting.place_of(page, "long/conv2/1")
    if alone:
        acting.choose(page, "long")
    acting.draw_around(page, [(x, y)], margin=38)
    expect(page.get_by_role("heading", name="neurons in the region")).to_be_visible()
    other = visit(planted_page, address(page, "&l="))
    for one in (page, other):
        expect(one.get_by_role("heading", name="neurons in the region")).to_be_visible()
        expect(one.locator(".region")).to_have_count(1)
    mine = state(page)["pane"]
    assert len(mine) == (4 if alone else 10)
    theirs = acting.until(other, lambda: state(other)["pane"], mine.__eq__)
    assert theirs == mine


def test_the_address_of_an_open_page_can_be_changed(page, planted_page):
    page.goto(f"{planted_page.as_uri()}#e=1&k=fish&t=class&c=coverage")
    expect(page.locator(".time")).to_have_text("epoch 0")
    expect(page.get_by_role("tabpanel").get_by_role("heading", level=2)).to_have_text(
        "fish"
    )
    expect(page.get_by_label("colour", exact=True)).to_have_value("coverage")


@pytest.mark.parametrize(
    "nonsense",
    [
        "e=NaN&p=nobody&h=none&c=__proto__&m=toString&t=x&k=zebra&n=long/conv1/99&v=1,2&l=1",
        "%E0%A4%A&=&&e=&p=%&n=%",
        "e=1e999&p=*7,*-1&v=0,0,-1&l=9,0,1,2,3,4,5,6&n=long",
        "n=long/conv1/1.5&v=a,b,c&l=0,0,x,y,z,1,2,3",
        "<script>alert(1)</script>",
    ],
)
def test_nonsense_in_the_address_is_left_out(visit, planted_page, nonsense):
    page = visit(planted_page, nonsense)
    expect(page.locator(".time")).to_have_text("init")
    expect(page.locator(".count")).to_have_text(["12 neurons", "12 neurons"])
    expect(page.get_by_label("colour", exact=True)).to_have_value("group")
    expect(page.get_by_label("curve", exact=True)).to_have_value("concepts")
    expect(page.get_by_text("Click a point, or search for a neuron.")).to_be_visible()


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ("n=long/none/3", "long/none/3"),
        ("p=long,vgg&c=cluster", "vgg, cluster"),
        ("p=long@9&k=zebra&g=7,1,long", "long@9, zebra, 7,1,long"),
    ],
)
def test_what_the_address_asks_for_in_vain_is_said(visit, planted_page, view, told):
    page = visit(planted_page, view)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text(
        f"The address asks for what is not in this page: {told}."
    )
    page.get_by_role("button", name="Close this notice").click()
    expect(notice).to_be_hidden()


def test_a_known_address_has_no_notice(page):
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_time_between_snapshots_is_the_nearest(visit, planted_page):
    page = visit(planted_page, "e=1.4")
    expect(page.locator(".time")).to_have_text("epoch 0")


def test_a_site_opened_anew_is_selected(page, visit, planted_page):
    acting.choose(page, "long/conv1")
    title = page.get_by_role("heading", name="neurons of The run long, conv1")
    told = title.inner_text()
    again = visit(planted_page, address(page, "&s=long/conv1"))
    found = again.get_by_role("heading", name="neurons of The run long, conv1")
    expect(found).to_have_text(told)


def test_a_concept_opened_anew_is_selected(visit, planted_page):
    page = visit(planted_page, "e=last&g=2,4,long&t=selection")
    expect(page.get_by_role("tabpanel").get_by_role("heading", level=2)).to_have_text(
        "4 neurons of The run long that hold bird at epoch 3"
    )
