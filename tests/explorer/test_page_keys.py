"""Everything can be done by keys, each does what the help says, and focus is seen."""

import acting
import browsing
import pytest

expect = pytest.importorskip("playwright.sync_api").expect

TOLD = [
    "space",
    "← →",
    "home, end",
    "/",
    "L",
    "R",
    "[ ]",
    "M",
    "+ − 0",
    "C",
    "1 2 3 4",
    "N K S",
    "P",
    "Z",
    "esc",
    "?",
]
"""The keys that the help tells; each is tried below."""


def heading(page):
    return page.get_by_role("tabpanel").get_by_role("heading", level=2)


def test_the_help_tells_the_keys_that_are_tried_here(page):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").locator("dt")).to_have_text(TOLD)


def test_the_question_mark_opens_help_and_escape_closes_it(page):
    dialog = page.get_by_role("dialog", name="How to read the map")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".time")).to_have_text("epoch 3")


def test_space_plays_and_pauses(page):
    page.keyboard.press("Home")
    browsing.stop_clock(page)
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="pause")).to_be_visible()
    page.clock.run_for(acting.PACE)
    expect(page.locator(".time")).to_have_text("epoch 0")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="play")).to_be_visible()


def test_space_on_a_button_presses_it_alone(page):
    page.locator(".chip", has_text="short").focus()
    page.keyboard.press(" ")
    expect(page.locator(".chip", has_text="short")).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(page.get_by_role("button", name="play")).to_be_visible()


def test_arrows_home_and_end_change_the_time(page):
    for key, name in (
        ("ArrowLeft", "epoch 2"),
        ("Home", "init"),
        ("ArrowRight", "epoch 0"),
        ("End", "epoch 3"),
        ("Shift+ArrowLeft", "init"),
        ("Shift+ArrowRight", "epoch 3"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".time")).to_have_text(name)


def test_a_slash_goes_to_the_search(page):
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="search")).to_be_focused()
    page.keyboard.type("c1l?")
    expect(page.locator(".map")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_l_draws_a_region_and_escape_does_not(page):
    button = page.get_by_role("button", name="Draw a region")
    for key, pressed in (("l", "true"), ("Escape", "false"), ("L", "true")):
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", pressed)


def test_r_selects_what_lies_around_the_chosen_neuron(page):
    page.keyboard.press("r")
    expect(page.locator(".region")).to_have_count(0)
    acting.choose(page, "long/conv2/1")
    page.keyboard.press("r")
    expect(page.locator(".region")).to_have_count(1)
    sheet = page.get_by_role("region", name="selected neurons")
    expect(sheet).to_contain_text("The run long, epoch 3: conv2/1")
    expect(sheet).not_to_contain_text("conv1/4")


def test_brackets_walk_through_a_run(page):
    for key, name in (
        ("]", "The run long, epoch 3: conv1/0"),
        ("[", "The run long, epoch 3: conv1/0"),
        ("]", "The run long, epoch 3: conv1/1"),
    ):
        page.keyboard.press(key)
        expect(heading(page)).to_have_text(name)
    acting.choose(page, "short/conv1/5")
    page.keyboard.press("]")
    expect(heading(page)).to_have_text("The run short, epoch 1: conv2/0")


def test_m_goes_to_the_map_and_arrows_walk_there(page):
    """To the right of the cats are the dogs, above those the birds."""
    acting.choose(page, "long/conv1/2")
    page.keyboard.press("m")
    expect(page.locator(".map")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(heading(page)).to_have_text("The run long, epoch 3: conv1/3")
    page.keyboard.press("ArrowRight")
    expect(heading(page)).to_have_text("The run long, epoch 3: conv1/4")
    page.keyboard.press("ArrowLeft")
    expect(heading(page)).to_have_text("The run long, epoch 3: conv1/3")
    page.keyboard.press("ArrowUp")
    expect(heading(page)).to_have_text("The run short, epoch 1: conv1/3")
    page.keyboard.press("ArrowUp")
    expect(heading(page)).to_have_text("The run base, epoch 3: conv2/0")
    page.keyboard.press("ArrowDown")
    expect(heading(page)).to_have_text("The run short, epoch 1: conv1/3")
    expect(page.locator(".time")).to_have_text("epoch 3")


def test_arrows_with_shift_move_the_map(page):
    acting.choose(page, "long/conv2/1")
    x, y = acting.ring(page)
    page.keyboard.press("m")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    after = acting.ring(page)
    assert after[0] < x - 20
    assert after[1] > y + 20
    expect(heading(page)).to_have_text("The run long, epoch 3: conv2/1")


def test_plus_minus_and_zero_zoom(page):
    acting.choose(page, "long/conv1/3")
    box = page.locator(".map").bounding_box()

    def apart():
        x, y = acting.ring(page)
        x, y = x - box["x"] - box["width"] / 2, y - box["y"] - box["height"] / 2
        return (x * x + y * y) ** 0.5

    whole = apart()
    page.keyboard.press("+")
    assert apart() > 1.2 * whole
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert apart() < 0.9 * whole
    page.keyboard.press("0")
    assert apart() == pytest.approx(whole, abs=1)


def test_c_goes_through_the_colourings(page):
    choice = page.get_by_label("colour", exact=True)
    seen = []
    for _ in range(8):
        seen.append(choice.input_value())
        page.keyboard.press("c")
        expect(choice).not_to_have_value(seen[-1])
    assert len(set(seen)) == 8
    expect(choice).to_have_value("run")


def test_digits_set_the_number_of_maps(page):
    for digit in (4, 2, 3, 1):
        page.keyboard.press(str(digit))
        expect(page.locator(".map")).to_have_count(digit)


def test_letters_choose_the_pane(page):
    for key, name in (("k", "Class"), ("s", "Selection"), ("n", "Neuron")):
        page.keyboard.press(key)
        expect(page.locator("[role=tab][aria-selected=true]")).to_have_text(name)


def test_tabs_have_arrows(page):
    page.get_by_role("tab", name="Neuron").focus()
    for key, name in (
        ("ArrowRight", "Class"),
        ("ArrowRight", "Selection"),
        ("ArrowRight", "Neuron"),
        ("ArrowLeft", "Selection"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.locator("[role=tab][aria-selected=true]")).to_have_text(name)


def test_escape_clears_the_selection_and_then_the_neuron(page):
    acting.choose(page, "long/conv2/1")
    page.keyboard.press("r")
    expect(page.locator(".region")).to_have_count(1)
    expect(page.locator(".ring.chosen")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".region")).to_have_count(0)
    expect(page.locator(".ring.chosen")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".ring.chosen")).to_have_count(0)


FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  return {
    tag: one.tagName,
    name: one.getAttribute("aria-label") || one.textContent.trim() || one.id,
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    within: box.width > 0 && box.left >= -1 && box.right <= innerWidth + 1 &&
      box.bottom > 0 && box.top < innerHeight,
  };
}"""


def test_tab_reaches_everything_in_order_and_focus_is_seen(page):
    acting.choose(page, "short/conv1/0")
    expect(heading(page)).to_be_visible()
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.mouse.click(2, 2)
    order = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found["tag"] == "BODY":
            break
        assert found["seen"], found
        assert found["within"], found
        order.append(found["name"])
    wanted = (
        "search for a neuron, run, layer, class, concept or epoch",
        "class",
        "colour",
        "maps",
        "Draw a region",
        "Help",
        "runs on map 1",
        "map of neurons; arrow keys walk from neuron to neuron, ? tells all keys",
        "Neuron",
        "init",
        "The run base, epoch 3: conv1/1",
        "play",
        "epoch",
        "The run base, epoch 3acc 0.60base",
        "The run short, epoch 1acc 0.35ended",
        "curve",
    )
    places = [order.index(name) for name in wanted]
    assert places == sorted(places)


def focused(page):
    return page.evaluate(FOCUS)["name"]


def test_focus_stays_where_a_pane_is_drawn_anew(page):
    acting.choose(page, "long/conv1/3")
    row = page.get_by_role("button", name="epoch 0", exact=True)
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr[aria-current=true] th .when")).to_have_text("epoch 0")
    expect(row).to_be_focused()


def test_focus_stays_in_the_pane_where_its_button_goes(page):
    acting.choose(page, "long/conv1/3")
    like = page.get_by_role("button", name="The run base, epoch 3: conv1/4")
    like.focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("The run base, epoch 3: conv1/4")
    expect(page.get_by_role("tabpanel")).to_be_focused()


def test_focus_stays_on_a_run_that_is_hidden(page):
    chip = page.locator(".chip", has_text="short")
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(chip).to_be_focused()


def test_the_intruder_check_is_answered_by_keys(page):
    acting.choose(page, "long/conv1")
    page.get_by_role("button", name="Find the intruder").press("Enter")
    cards = page.get_by_role("button", name="is the intruder")
    expect(cards.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Again")).to_be_focused()
    expect(page.locator("p.sr[role=status]")).to_contain_text("the intruder is ")


def test_clearing_the_selection_leaves_the_focus_in_its_pane(page):
    acting.choose(page, "long/conv1")
    page.get_by_role("button", name="Clear").press("Enter")
    expect(page.get_by_text("Draw a region on a map (L")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_be_focused()
