"""Participants in a real browser: what they choose is what is read, and no more."""

import csv
import json
import re

import pytest
from asked import again, check, ordinary
from filling import answer_by_keys, answer_by_pointer, begin, pass_by, seen, wished

from conceptevo_jax.study import public_ids, read_answers, save_study

expect = pytest.importorskip("playwright.sync_api").expect

NO_STORAGE = """Object.defineProperty(window, "localStorage", {
  get() { throw new Error("not here"); } });"""


@pytest.fixture
def read(study, tmp_path):
    """Save the file that the page gives and read it: answers by task."""

    def read(page):
        with page.expect_download() as started:
            page.get_by_role("button", name="Save the file").click()
        file = tmp_path / "got" / started.value.suggested_filename
        started.value.save_as(file)
        assert file.read_text("utf-8") == page.locator("#text").input_value()
        answers, refused = read_answers(
            [file], study=study.id, tasks=study.tasks, names=public_ids(study)
        )
        assert refused == []
        return {one.task: one for one in answers}, json.loads(file.read_text("utf-8"))

    return read


@pytest.fixture
def analysed(study, call, tmp_path):
    """Analyse what was saved: the table of categories."""

    def analyse():
        save_study(tmp_path / "result", study)
        files = [str(file) for file in (tmp_path / "got").glob("*.json")]
        code, _, err = call("study", "analyse", str(tmp_path / "result"), *files)
        assert code == 0, err
        table = tmp_path / "result" / "study-answers" / "tables" / "categories.csv"
        with table.open(newline="") as rows:
            return list(csv.DictReader(rows))

    return analyse


def expect_all_as_wished(study, answers):
    assert {name: one.selected for name, one in answers.items()} == {
        task.id: wished(row) for row, task in enumerate(study.tasks)
    }
    for row, task in enumerate(study.tasks):
        assert answers[task.id].label == (f"n1 of {row}" if wished(row) else "")


def test_nine_tasks_are_answered_by_keys(enter, file, study, read, analysed):
    page = enter(file)
    page.get_by_role("checkbox", name="I have read this").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shown = [answer_by_keys(page) for _ in study.tasks]
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    answers, told = read(page)
    expect_all_as_wished(study, answers)
    assert [row for row, _ in shown] != sorted(row for row, _ in shown)
    assert [cards for _, cards in shown] == [one["shown"] for one in told["answers"]]
    assert len({tuple(cards) for _, cards in shown}) > 1
    assert told["participant"] == "ann"
    assert told["started"] <= told["finished"]
    rows = analysed()
    assert {row["category"] for row in rows} == {task.category for task in study.tasks}
    for row in rows:
        own = [
            (n, t) for n, t in enumerate(study.tasks) if t.category == row["category"]
        ]
        wrong = sum(task.intruder in wished(number) for number, task in own)
        right = sum(len(wished(number)) for number, _ in own) - wrong
        assert int(row["answers"]) == len(own)
        assert (int(row["true_positives"]), int(row["false_positives"])) == (
            right,
            wrong,
        )


def test_nine_tasks_are_answered_by_pointer(enter, file, study, read):
    page = enter(file)
    begin(page)
    for number in range(1, 10):
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Task {number} of 9")
        answer_by_pointer(page)
    expect_all_as_wished(study, read(page)[0])


def test_an_answer_is_changed_on_going_back(enter, file, study, read):
    page = enter(file)
    begin(page)
    (first, cards), _ = answer_by_pointer(page), answer_by_pointer(page)
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Back").click()
    assert seen(page) == (first, cards)
    expect(page.locator(".card :checked")).to_have_count(len(wished(first)))
    page.get_by_role("checkbox", name="No coherent group").check()
    expect(page.locator(".card :checked")).to_have_count(0)
    page.locator(".card").nth(1).click()
    page.locator(".card").nth(4).click()
    page.get_by_role("textbox").fill("other")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    for _ in range(7):
        answer_by_pointer(page)
    answers = read(page)[0]
    changed = answers.pop(study.tasks[first].id)
    assert changed.selected == tuple(sorted((cards[1], cards[4])))
    assert changed.label == "other"
    others = {row: one for row, one in enumerate(study.tasks) if row != first}
    assert {answers[one.id].selected == wished(row) for row, one in others.items()} == {
        True
    }


@pytest.mark.parametrize("address", ["participant=ann", ""])
def test_a_reload_goes_on_where_it_was(enter, file, study, read, address):
    page = enter(file, address)
    begin(page)
    for _ in range(4):
        answer_by_keys(page)
    before = seen(page)
    page.keyboard.press("2")
    page.reload()
    assert seen(page) == before
    expect(page.get_by_text("Welcome back")).to_be_visible()
    expect(page.locator(".card input").nth(1)).to_be_checked()
    page.keyboard.press("2")
    for _ in range(5):
        answer_by_keys(page)
    page.reload()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    answers, told = read(page)
    expect_all_as_wished(study, answers)
    assert re.fullmatch("ann" if address else "r-[0-9a-f]{16}", told["participant"])


def test_participants_see_orders_of_their_own(enter, file):
    def order(participant):
        page = enter(file, f"participant={participant}")
        begin(page)
        return [pass_by(page) for _ in range(9)]

    ann, bob = order("ann"), order("bob")
    assert [row for row, _ in ann] != [row for row, _ in bob]
    assert sorted(ann) != sorted(bob)
    assert order("ann") == ann


def test_nothing_begins_without_consent(enter, build, study):
    page = enter(build(study, consent="First.\n\nSecond <b>.", contact="a@b.c"))
    expect(page.locator("#consent p")).to_have_text(["First.", "Second <b>."])
    expect(page.get_by_text("Questions? a@b.c")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("tick the box above")).to_be_visible()
    expect(page.locator("#task")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_it_asks_gently_for_what_is_missing(enter, file):
    page = enter(file)
    begin(page)
    seen(page)
    hint = page.locator("#hint")
    page.keyboard.press("Enter")
    expect(hint).to_contain_text("Select the cards")
    page.keyboard.press("1")
    expect(hint).to_be_empty()
    expect(page.locator("#spoken")).to_have_text("Selected: 1.")
    page.keyboard.press("Enter")
    expect(hint).to_contain_text("which other card")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(hint).to_contain_text("choose Next again")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Task 2 of 9")


def test_cards_tell_whether_they_are_selected(enter, file):
    page = enter(file)
    begin(page)
    page.get_by_role("checkbox", name="Card 3", exact=True).check()
    expect(page.get_by_role("checkbox", name="Card 3, selected")).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_role("checkbox", name="No coherent group")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Card 3", exact=True)).not_to_be_checked()
    page.keyboard.press("3")
    expect(page.get_by_role("checkbox", name="No coherent group")).not_to_be_checked()


@pytest.mark.parametrize("script", ["", NO_STORAGE])
def test_time_adds_up_over_visits(enter, file, study, read, script):
    page = enter(file, script=script)
    page.clock.install()
    begin(page)
    page.clock.fast_forward(5_000)
    first, _ = pass_by(page)
    page.clock.fast_forward(100_000)
    page.get_by_role("button", name="Back").click()
    page.clock.fast_forward(3_000)
    page.reload()
    seen(page)
    page.keyboard.press("Enter")
    for _ in range(8):
        pass_by(page)
    answers = read(page)[0]
    assert 8 <= answers[study.tasks[first].id].seconds < 60
    assert sum(one.seconds > 90 for one in answers.values()) == 1


def test_a_preview_shows_instructions_only(enter, file):
    page = enter(file, "workerId=w&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    expect(page.get_by_text("This is a preview")).to_be_visible()
    expect(page.get_by_role("button", name="Begin")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("workerId=A1B2", "A1B2"),
        ("PROLIFIC_PID=5f", "5f"),
        ("participant=a%20b%3C&workerId=w", "a b<"),
        ("PROLIFIC_PID=%7B%7B%25PROLIFIC_PID%25%7D%7D", None),
    ],
)
def test_platforms_name_the_participant(enter, make_study, build, address, name):
    study = make_study(ordinary((1,)))
    page = enter(build(study, each=1), address)
    begin(page)
    pass_by(page)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    told = json.loads(page.locator("#text").input_value())
    assert told["participant"] == name or (not name and told["participant"][:2] == "r-")


def test_the_address_chooses_the_form(enter, study, build):
    file = build(study, each=1, forms=9)

    def first(address):
        page = enter(file, address)
        begin(page)
        return seen(page)[0]

    assert len({first(f"form={form}") for form in (1, 9)}) == 2
    assert first("form=2&participant=ann") == first("form=2&participant=bob")
    assert first("participant=ann") == first("participant=ann")


@pytest.mark.parametrize("form", ["0", "2", "x", "1.5"])
def test_a_form_that_is_not_there_is_told(enter, file, form):
    page = enter(file, f"form={form}")
    told = f"asks for form {form}, but forms are 1 to 1"
    expect(page.get_by_role("alert")).to_contain_text(told)


def test_the_end_gives_code_and_way_back(enter, make_study, build):
    study = make_study(ordinary((1,)))
    link = "https://a.invalid/?cc=C0DE"
    page = enter(build(study, each=1, complete="C0DE <1>", link=link, contact="a@b.c"))
    begin(page)
    pass_by(page)
    expect(page.locator("#code")).to_have_text("C0DE <1>")
    back = page.get_by_role("link", name="Go back to a.invalid")
    expect(back).to_have_attribute("href", link)
    expect(page.get_by_text("send the file to: a@b.c")).to_be_visible()
    page.get_by_role("button", name="Back to the last task").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Task 1 of 1")


def test_the_text_can_be_copied(enter, make_study, build):
    page = enter(build(make_study(ordinary((1,))), each=1))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begin(page)
    pass_by(page)
    page.get_by_role("button", name="Copy the text").click()
    expect(page.locator("#handed")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#text").input_value()
    expect(page.get_by_role("link")).to_be_hidden()
    expect(page.locator("#coded")).to_be_hidden()


def test_a_repeated_task_does_not_follow_at_once(enter, make_study, build):
    tasks = ordinary((3, 3, 3))
    file = build(make_study([*tasks, check(0), again(tasks[4])]))
    for participant in ("ann", "bob", "cem"):
        page = enter(file, f"participant={participant}")
        begin(page)
        rows = [pass_by(page)[0] for _ in range(11)]
        assert sorted(rows) == list(range(11))
        assert abs(rows.index(4) - rows.index(10)) >= 3


def test_without_storage_it_warns_and_works(enter, file, study, read):
    page = enter(file, script=NO_STORAGE)
    expect(page.get_by_text("keeps nothing on this device")).to_be_visible()
    begin(page)
    for _ in range(4):
        answer_by_keys(page)
    before = seen(page)
    page.reload()
    assert seen(page) == before
    for _ in range(5):
        answer_by_keys(page)
    expect_all_as_wished(study, read(page)[0])
