"""Pages hold their data and nothing raw; folders change whole, and forget."""

import dataclasses
import json
import re

import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import export, write_folder, write_page, write_whole
from conceptevo_jax.explorer.chunks import page_chunks

HOSTILE = "</script><img src=x onerror=alert(1)><!--conceptevo:data-->"


@pytest.fixture
def saved(make_scene, keep_scene, template):
    return keep_scene(make_scene())


def index_of(page):
    text = page.read_text()
    (found,) = re.findall(
        r'<script type="application/json" id="conceptevo-index">(.*?)</script>', text
    )
    return json.loads(found)


def revision_of(folder):
    text = (folder / "data" / "revision.js").read_text()
    assert text.startswith("conceptevoRevision(")
    assert text.endswith(");")
    return json.loads(text.removeprefix("conceptevoRevision(").removesuffix(");"))


def test_one_file_holds_every_chunk_and_sheet(saved, tmp_path, parts_of):
    page = tmp_path / "page.html"
    assert write_page([saved], page, title="t")
    text = page.read_text()
    assert parts_of(text, "chunk") == dict(page_chunks("t", [saved.scene]))
    assert parts_of(text, "sheet") == {"0-0": saved.sheets[0].read_bytes()}
    assert "<!--conceptevo:data-->" not in text


def test_the_same_scene_gives_the_same_page(saved, tmp_path):
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        write_page([saved], page, title="t")
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_names_from_data_are_never_raw(make_scene, keep_scene, template, tmp_path):
    scene = make_scene()
    courses = [dataclasses.replace(one, title=HOSTILE) for one in scene.courses]
    classes = (HOSTILE,) * 3
    names = [HOSTILE] * 4
    pictures = dataclasses.replace(scene.pictures, names=names)
    changes = {"title": HOSTILE, "courses": courses, "classes": classes}
    hostile = keep_scene(dataclasses.replace(scene, pictures=pictures, **changes))
    page = tmp_path / "page.html"
    write_page([hostile], page, title=HOSTILE)
    folder = write_folder([hostile], tmp_path / "f", title=HOSTILE, live=True)
    for path in (page, folder, *folder.parent.glob("data/*.js")):
        text = path.read_text()
        assert "<img" not in text
        assert "<!--conceptevo" not in text
    assert page.read_text().count("</script>") == 6
    assert "<title>&lt;/script&gt;&lt;img src=x" in page.read_text()


def test_without_patches_no_pixel_corner_or_name_is_there(
    saved, tmp_path, parts_of, read_chunk
):
    page = tmp_path / "page.html"
    write_page([saved], page, title="t", patches=False)
    text = page.read_text()
    assert parts_of(text, "sheet") == {}
    for name, data in parts_of(text, "chunk").items():
        meta, arrays = read_chunk(data)
        assert "train/000" not in json.dumps(meta), name
        assert not {"corners", "length"} & set(arrays)
    folder = write_folder([saved], tmp_path / "f", title="t", patches=False).parent
    assert not (folder / "sheets").exists()


def test_a_page_above_the_limit_is_not_written(saved, tmp_path):
    page = tmp_path / "page.html"
    assert not write_page([saved], page, title="t", limit=2000)
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


def test_what_is_too_large_for_one_file_becomes_a_folder(saved, tmp_path, monkeypatch):
    page, parts = tmp_path / "page.html", tmp_path / "page"
    assert write_whole([saved], page, parts, title="t") == page
    monkeypatch.setattr(export, "LARGEST_PAGE", 2000)
    assert write_whole([saved], page, parts, title="t") == parts / "index.html"


def test_a_folder_names_files_that_are_there(saved, tmp_path, read_chunk):
    page = write_folder([saved], tmp_path / "f", title="t")
    index = index_of(page)
    assert not index["live"]
    for name, place in index["chunks"].items():
        text = (page.parent / place).read_text()
        start, end = f'conceptevoChunk("{name}", "', '");'
        assert text.startswith(start)
        assert text.endswith(end)
    assert (page.parent / index["sheets"]["0-0"]).read_bytes() == (
        saved.sheets[0].read_bytes()
    )
    assert not (page.parent / "data" / "revision.js").exists()


def test_a_live_folder_changes_its_revision_with_its_data_alone(
    make_scene, keep_scene, template, tmp_path
):
    folder = tmp_path / "f"
    first = keep_scene(make_scene())

    def write(saved, finished):
        write_folder([saved], folder, title="t", live=True, finished=finished)
        told = revision_of(folder)
        index = index_of(folder / "index.html")
        assert told == {**index, "finished": finished}
        assert told["live"]
        return told

    one, again = write(first, False), write(first, False)
    assert one == again
    more = keep_scene(make_scene(("base", "vgg", "late")))
    other = write(more, True)
    assert other["revision"] != one["revision"]
    assert other["chunks"]["vectors-0"] == one["chunks"]["vectors-0"]


def test_the_newest_two_revisions_are_kept_and_strangers_too(
    make_scene, keep_scene, template, tmp_path
):
    folder = tmp_path / "f"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "mine.csv").write_text("1")
    told = []
    for names in (("base", "a"), ("base", "a", "b"), ("base", "a", "b", "c")):
        saved = keep_scene(make_scene(names))
        write_folder([saved], folder, title="t", live=True, finished=False)
        told.append(revision_of(folder))
    there = {f"data/{path.name}" for path in (folder / "data").iterdir()}
    known = set(told[1]["chunks"].values()) | set(told[2]["chunks"].values())
    assert there == known | {"data/revision.js", "data/mine.csv"}
    write_folder([saved], folder, title="t")
    there = {f"data/{path.name}" for path in (folder / "data").iterdir()}
    assert there == set(told[2]["chunks"].values()) | {"data/mine.csv"}


def test_a_damaged_revision_is_no_obstacle(saved, tmp_path):
    folder = tmp_path / "f"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "revision.js").write_text("conceptevoRevision({")
    write_folder([saved], folder, title="t", live=True)
    assert revision_of(folder)["finished"]


def test_a_missing_sheet_is_named_and_nothing_is_half_written(saved, tmp_path):
    saved.sheets[0].unlink()
    with pytest.raises(DataError, match=str(saved.sheets[0])):
        write_page([saved], tmp_path / "page.html", title="t")
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<title>conceptevo explorer</title>", "<!--conceptevo:data--> 0 times"),
        ("<!--conceptevo:data-->", "<title>conceptevo explorer</title> 0 times"),
        (2 * "<!--conceptevo:data-->", "<!--conceptevo:data--> 2 times"),
    ],
)
def test_a_template_that_is_none_is_told(tmp_path, monkeypatch, text, told):
    (tmp_path / "template.html").write_text(text)
    monkeypatch.setattr(export.importlib.resources, "files", lambda name: tmp_path)
    with pytest.raises(DataError, match=told):
        export.read_template()


def test_a_missing_template_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(export.importlib.resources, "files", lambda name: tmp_path)
    with pytest.raises(DataError, match=r"template\.html, the page without data"):
        export.read_template()


def test_the_package_has_a_built_page():
    before, after = export.read_template().split(export.MARKER)
    assert before.lstrip().lower().startswith("<!doctype html>")
    assert after.rstrip().endswith("</html>")
