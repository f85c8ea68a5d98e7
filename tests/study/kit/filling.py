"""What a participant does, and what is seen of the cards.

The cards of the study are each of one colour, so that what is seen tells which card of
which task it is.
"""

from asked import SHADE, STEP

COLOURS = """(all) => all.map((canvas) => {
  const at = Math.floor(canvas.width / 6);
  return [...canvas.getContext("2d").getImageData(at, at, 1, 1).data];
})"""


def begin(page):
    page.get_by_role("checkbox", name="I have read this").check()
    page.get_by_role("button", name="Begin").click()


def seen(page):
    """The row of the task that is shown, and the own number of the card at each place.

    By what is drawn, whatever the page says.
    """
    page.wait_for_selector("#task[data-drawn]")
    colours = page.locator(".card canvas").evaluate_all(COLOURS)
    rows = {round(colour[0] / STEP) for colour in colours}
    assert len(rows) == 1
    return rows.pop(), [round(colour[1] / SHADE) + 1 for colour in colours]


def wished(row):
    """Own numbers of the cards that a participant means; none for every fourth task."""
    return () if row % 4 == 3 else tuple(sorted({row % 6 + 1, (row + 2) % 6 + 1}))


def answer_by_keys(page):
    row, cards = seen(page)
    if not wished(row):
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        return row, cards
    for card in wished(row):
        page.keyboard.press(str(cards.index(card) + 1))
    page.keyboard.press("Enter")
    page.keyboard.type(f"n1 of {row}")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    return row, cards


def pass_by(page):
    """Say that there is no group, whatever is shown."""
    task = seen(page)
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    return task


def answer_by_pointer(page):
    row, cards = seen(page)
    for card in wished(row):
        page.locator(".card canvas").nth(cards.index(card)).click()
    if wished(row):
        page.get_by_role("textbox").fill(f"n1 of {row}")
    else:
        page.get_by_text("No coherent group", exact=True).last.click()
    page.get_by_role("button", name="Next").click()
    return row, cards
