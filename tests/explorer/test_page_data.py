"""Whatever is wrong with its data, the page says so and what to do; text stays text."""

import base64
import dataclasses
import gzip
import json
import re
import shutil

import acting
import pytest
import world

from conceptevo_jax.explorer import write_folder, write_page

expect = pytest.importorskip("playwright.sync_api").expect

HOSTILE = "<img src=x onerror=alert(1)>"
CLOSING = """</script><b>'"&amp;`$&"""
MISSING = ("ERR_FILE_NOT_FOUND",)
"""What Chromium itself says of a file that is not there."""


def script(kind, name):
    start = f'<script type="text/plain" class="conceptevo-{kind}" data-name="{name}">'
    return re.compile(f"({re.escape(start)})([^<]*)(</script>)")


@pytest.fixture
def edited(planted_page, tmp_path):
    """The page with the text of a part changed, or the part left out for None."""

    def edited(name, change, kind="chunk"):
        page = planted_page.read_text()
        pattern = script(kind, name)
        start, text, end = pattern.search(page).groups()
        text = change(text)
        fresh = "" if text is None else start + text + end
        path = tmp_path / "page.html"
        path.write_text(pattern.sub(lambda _: fresh, page))
        return path

    return edited


def of_another_format(text):
    raw = bytearray(gzip.decompress(base64.b64decode(text)))
    raw[4] = 9
    return base64.b64encode(gzip.compress(bytes(raw))).decode()


def of_another_array(text):
    raw = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(raw[8:12], "little")
    header = json.loads(raw[12 : 12 + length])
    header["arrays"]["1.points"]["shape"][0] += 1
    fresh = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    assert len(fresh) == length
    changed = raw[:12] + fresh + raw[12 + length :]
    return base64.b64encode(gzip.compress(changed)).decode()


DAMAGE = {
    "cut off": (lambda text: text[: len(text) // 2], "damaged"),
    "cut to a few letters": (lambda text: text[:8], "damaged"),
    "a letter changed": (
        lambda text: text[:400] + ("A" if text[400] != "A" else "B") + text[401:],
        "its checksum does not fit",
    ),
    "a sign that is none": (lambda text: text[:400] + "!" + text[401:], "letters"),
    "empty": (lambda text: "", "damaged"),
    "left out": (lambda text: None, "lacks its chunk"),
    "other data": (
        lambda text: base64.b64encode(gzip.compress(b"hello, world")).decode(),
        "is no data of this page",
    ),
    "another format": (of_another_format, "has format 9, and this page reads 1"),
    "another shape": (of_another_array, "“1.points”"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_core_is_told_in_place_of_the_page(edited, visit, damage):
    change, told = DAMAGE[damage]
    page = visit(edited("core", change), broken=True)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This page cannot show its data")
    expect(alert).to_contain_text(told)
    expect(alert).to_contain_text("core")
    expect(alert).to_contain_text(
        "Write the page again with `conceptevo explore RESULT_FOLDER`."
    )


@pytest.mark.parametrize("damage", ["cut off", "a sign that is none", "left out"])
@pytest.mark.parametrize("name", ["patches-1", "vectors-1"])
def test_damage_to_a_part_is_told_where_it_would_show(edited, visit, damage, name):
    change, told = DAMAGE[damage]
    page = visit(edited(name, change), world.ALL_RUNS)
    expect(page.locator(".count")).to_have_text("36 neurons")
    acting.choose(page, "long/conv1/0")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(told)
    expect(alert).to_contain_text(name)


@pytest.mark.parametrize("damage", ["cut off", "a sign that is none", "other data"])
def test_damaged_images_are_told(edited, visit, damage):
    change, _ = DAMAGE[damage]
    page = visit(edited("0-0", change, kind="sheet"))
    acting.choose(page, "long/conv1/0")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("images 0-0")
    expect(alert).to_contain_text("Write the page again")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.98])
def test_a_page_that_is_cut_off_is_no_blank_screen(
    planted_page, visit, tmp_path, share
):
    """Within the page itself the browser says so; within its data the page does."""
    text = planted_page.read_text()
    data = text.index('<script type="text/plain"')
    path = tmp_path / "page.html"
    path.write_text(text[: data + int(share * (len(text) - data))])
    page = visit(path, broken=True)
    acting_on = page.get_by_role("alert").or_(
        page.get_by_role("combobox", name="search")
    )
    expect(acting_on).to_be_visible()
    if page.get_by_role("alert").count() == 0:
        acting.choose(page, "long/conv1/0")
    expect(page.get_by_role("alert")).to_contain_text("Write the page again")


@pytest.fixture
def folder(planted, tmp_path):
    return write_folder([planted], tmp_path / "page", title="planted · folder").parent


def test_a_folder_shows_the_same(folder, visit):
    page = visit(folder / "index.html", world.ALL_RUNS)
    expect(page.locator(".count")).to_have_text("36 neurons")
    acting.choose(page, "long/conv1/3")
    expect(page.locator(".like").first).to_have_text(
        "The run base, epoch 3: conv1/4cosine 0.80"
    )
    patch = page.locator("table.concept .patch").first
    assert acting.shows(page, patch, world.INKS[1])


@pytest.mark.parametrize("name", ["core", "patches-1"])
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), "is missing or cannot be read"),
        (
            lambda path: path.write_text(path.read_text()[:-30]),
            "holds something else than this page's data, or was cut off",
        ),
        (lambda path: path.write_text(""), "holds something else"),
        (
            lambda path: path.write_text(
                path.read_text()[:-90] + "zz" + path.read_text()[-88:]
            ),
            "damaged",
        ),
    ],
    ids=["missing", "cut off", "empty", "edited"],
)
def test_a_damaged_file_of_a_folder_is_named(folder, visit, name, damage, told):
    (path,) = folder.glob(f"data/{name}.*")
    damage(path)
    tolerated = (*MISSING, "Invalid or unexpected token")
    page = visit(folder / "index.html", broken=True, tolerated=tolerated)
    if name != "core":
        acting.choose(page, "long/conv1/0")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(told)
    expect(alert).to_contain_text(name)
    expect(alert).to_contain_text(re.compile("[Ww]rite (the page|them) again"))


def test_missing_images_of_a_folder_are_told(folder, visit):
    shutil.rmtree(folder / "sheets")
    page = visit(folder / "index.html", tolerated=MISSING)
    acting.choose(page, "long/conv1/0")
    expect(page.get_by_role("alert")).to_contain_text("sheets/0-0.")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"revision"', "revision"),
        lambda text: "",
        lambda text: "null",
        lambda text: "[1, 2]",
        lambda text: '{"revision": "a"}',
    ],
)
def test_a_broken_list_of_files_is_told(folder, visit, change):
    path = folder / "index.html"
    pattern = re.compile('(id="conceptevo-index">)(.*?)(</script>)')
    path.write_text(pattern.sub(lambda m: m[1] + change(m[2]) + m[3], path.read_text()))
    page = visit(path, broken=True)
    expect(page.get_by_role("alert")).to_contain_text(
        "The list of this page's files is damaged. Write the page again"
    )


@pytest.fixture
def hostile(save, tmp_path):
    """Every name that comes from data tries to be read as HTML."""
    plain = world.scene()
    courses = [
        dataclasses.replace(one, name=f"{one.name} {CLOSING}", title=HOSTILE)
        for one in plain.courses
    ]
    pictures = dataclasses.replace(
        plain.pictures, names=[HOSTILE] * len(plain.pictures.names)
    )
    courses[1] = dataclasses.replace(
        courses[1],
        reports=[{"epoch": 3, "progress": 4.0, "status": "lost", "reasons": [HOSTILE]}],
    )
    scene = dataclasses.replace(
        plain,
        title=CLOSING,
        classes=(HOSTILE, CLOSING, *plain.classes[2:]),
        courses=courses,
        pictures=pictures,
    )
    path = tmp_path / "hostile.html"
    assert write_page([save(scene)], path, title=f"{HOSTILE} {CLOSING}")
    return path


def test_text_from_data_shows_as_text(hostile, visit):
    page = visit(hostile, f"{world.ALL_RUNS}&t=class")
    expect(page).to_have_title(f"{HOSTILE} {CLOSING}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{HOSTILE} {CLOSING}")
    expect(page.locator(".chip").nth(1)).to_contain_text(f"{HOSTILE}, epoch 3")
    expect(page.locator(".alarms")).to_have_text(f"▼ {HOSTILE}: lost ({HOSTILE})")
    expect(page.get_by_label("legend")).to_contain_text(HOSTILE)
    expect(
        page.get_by_label("runs on map 1").locator("option").nth(2)
    ).to_have_attribute("title", f"long {CLOSING}")
    expect(acting.find(page, "<img").first).to_have_text(f"class{HOSTILE}")
    page.keyboard.press("Enter")
    pane = page.get_by_role("tabpanel")
    expect(pane.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    pane.locator("li > .link").first.click()
    expect(pane.get_by_role("heading", level=2)).to_have_text(
        f"{HOSTILE}, epoch 1: conv1/0"
    )
    expect(
        pane.get_by_title(f"patch of an image of {HOSTILE}, {HOSTILE}")
    ).not_to_have_count(0)
    expect(pane.get_by_label(f"4 patches: 4 {HOSTILE}")).not_to_have_count(0)
    page.keyboard.press("End")
    page.keyboard.press("r")
    expect(page.locator(".suggestion")).to_contain_text("bird")
    page.get_by_label("name of the group").fill(HOSTILE)
    page.get_by_role("button", name="Save group").click()
    expect(page.get_by_role("region", name="saved groups")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    page.get_by_label("colour", exact=True).select_option("concept")
    expect(page.get_by_label("legend")).to_contain_text("cat")
    page.get_by_label("colour", exact=True).select_option("importance for a class")
    expect(page.get_by_label("legend")).to_contain_text(f"for {HOSTILE}")
    assert page.locator("img, b").count() == 0


def test_a_hostile_view_is_the_same_when_opened_anew(hostile, visit):
    page = visit(hostile, world.ALL_RUNS)
    acting.choose(page, HOSTILE)
    page.locator(".chip").nth(2).click()
    page.get_by_label("runs on map 1").select_option(f"long {CLOSING}")
    expect(page).to_have_url(re.compile("#.*p=long"))
    other = visit(hostile, page.url.split("#", 1)[1])
    expect(other.get_by_label("class", exact=True)).to_have_value(HOSTILE)
    expect(other.locator(".chip").nth(2)).to_have_attribute("aria-pressed", "false")
    expect(other.get_by_label("runs on map 1")).to_have_value(f"long {CLOSING}")


def test_without_patches_classes_are_named(planted, visit, tmp_path):
    path = tmp_path / "page.html"
    assert write_page([planted], path, title="planted", patches=False)
    page = visit(path, world.ALL_RUNS)
    acting.choose(page, "long/conv1/0")
    rows = page.locator("table.concept tr td")
    expect(rows).to_have_text(["cat ×4"] * 4 + ["bird ×4"])
    assert page.get_by_role("img").count() == 0
    page.get_by_label("class", exact=True).select_option("cat")
    last = page.locator(".ranking").nth(1).locator("li").last
    expect(last.locator(".change")).to_have_text("cat ×4→bird ×4")
