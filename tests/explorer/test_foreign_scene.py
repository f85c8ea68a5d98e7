"""A scene of somebody else's shows what it holds, and nothing of the reader's."""

import copy
import dataclasses
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import load_scene, save_scene, write_folder
from conceptevo_jax.explorer.opening import flaw_of_scene, flaw_of_sheet
from conceptevo_jax.explorer.sheets import make_sheets
from conceptevo_jax.store import checksum, read_manifest, write_sealed
from conceptevo_jax.types import Site


@pytest.fixture
def foreign(make_scene, keep_scene, template, tmp_path):
    """A result of somebody else's, beside folders and files of the reader's."""
    keep_scene(make_scene(), tmp_path / "result")
    (tmp_path / "own" / "data").mkdir(parents=True)
    (tmp_path / "own" / "data" / "core.0123456789ab.js").write_text("mine")
    (tmp_path / "private").write_text("mine")
    return tmp_path / "result"


def sealed(result, content):
    """Put a file in the place of a sheet, with the checksum that it needs."""
    folder = result / "scene"
    (folder / "sheet-0.webp").write_bytes(content)
    manifest = {**read_manifest(folder / "scene"), "sheets": [checksum(content)]}
    write_sealed(folder / "scene" / "manifest.json", manifest)


def encoded(kind="WEBP", size=(256, 8), **how):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"a private file", "not a WebP file"),
        (b"", "not a WebP file"),
        (b"RIFF\x04\0\0\0WEBP", "not a WebP file"),
        (encoded("PNG"), "not a WebP file"),
        (encoded() + b"<script>", "not a WebP file"),
        (encoded(exif=b"Exif\0\0told"), "not a WebP file"),
        (
            encoded(save_all=True, append_images=[Image.new("RGB", (256, 8), "red")]),
            "not a WebP file",
        ),
        (encoded(size=(512, 8)), "is 512×8 pixels, not 256×8"),
        (encoded(size=(256, 16), lossless=True), "is 256×16 pixels, not 256×8"),
    ],
    ids=range(9),
)
def test_a_sheet_is_a_still_webp_of_its_size(foreign, content, flaw):
    sealed(foreign, content)
    with pytest.raises(DataError, match=f"sheet-0.webp is missing.*{flaw}"):
        load_scene(foreign / "scene", foreign)


@pytest.mark.parametrize("tile", [8, 32, 33, 96])
def test_what_is_made_as_a_sheet_is_taken_for_one(tile, rng):
    pixels = rng.integers(0, 256, (1100, tile, tile, 3), dtype=np.uint8)
    rows = np.arange(len(pixels))[: 40 if tile > 32 else None]
    for number, sheet in enumerate(make_sheets(pixels, rows, tile)):
        assert flaw_of_sheet(sheet, number, len(rows), tile) is None


def test_a_private_file_behind_a_link_stays_out_of_a_page(call, foreign):
    sheet = foreign / "scene" / "sheet-0.webp"
    sheet.unlink()
    sheet.symlink_to("../../private")
    code, _, err = call("explore", "result")
    assert code == 3
    assert f"{sheet} is missing or damaged (it leads to" in err
    assert not (foreign / "explorer.html").exists()


def test_a_sheet_elsewhere_in_the_result_is_shown(call, foreign, parts_of):
    sheet = foreign / "scene" / "sheet-0.webp"
    content = sheet.read_bytes()
    sheet.rename(foreign / "kept")
    sheet.symlink_to("../kept")
    assert call("explore", "result")[0] == 0
    page = (foreign / "explorer.html").read_text()
    assert parts_of(page, "sheet") == {"0-0": content}


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("explorer", ("--folder",)),
        ("explorer-tables", ("--tables", "--no-patches")),
        ("explorer/data", ("--folder",)),
        ("explorer-tables/projector", ("--tables", "--no-patches")),
        ("page", ("--folder", "out=result/page")),
        ("page", ("out=result/page/page.html",)),
        ("explorer.html", ()),
    ],
)
def test_nothing_is_written_or_deleted_through_a_link(call, foreign, link, words):
    own = foreign.parent / "own"
    (foreign / link).parent.mkdir(exist_ok=True)
    (foreign / link).symlink_to(own / "data" if "/" in link else own)
    code, _, err = call("explore", "result", *words)
    assert code == 3
    assert f"{foreign / link}" in err
    assert "Remove the link" in err
    left = [path.relative_to(own).as_posix() for path in own.rglob("*")]
    assert left == ["data", "data/core.0123456789ab.js"]
    assert (foreign / link).is_symlink()


def test_comparing_writes_through_no_link_of_either(call, foreign):
    shutil.copytree(foreign, foreign.with_name("second"))
    (foreign.with_name("second") / "to").symlink_to("../own")
    code, _, err = call("compare", "result", "second", "out=second/to")
    assert code == 3
    assert "second/to" in err
    assert not (foreign.parent / "own" / "comparison.html").exists()


def test_a_folder_of_the_readers_own_choice_may_be_a_link(call, foreign):
    foreign.with_name("chosen").symlink_to("own")
    assert call("explore", "result", "--folder", "out=chosen")[0] == 0
    assert (foreign.parent / "own" / "explorer" / "index.html").is_file()


@pytest.mark.parametrize("told", ["[]", '{"chunks": 1, "sheets": {}}', "[" * 10**5])
def test_what_an_earlier_page_lists_may_be_anything(foreign, told):
    saved = load_scene(foreign / "scene", foreign)
    (foreign / "live" / "data").mkdir(parents=True)
    (foreign / "live" / "data" / "revision.js").write_text(told)
    page = write_folder([saved], foreign / "live", title="", live=True)
    assert page.is_file()


def changed(record, changes):
    """A copy of other values, which the tests' own comparison of types does not see."""
    new = copy.copy(record)
    for name, value in changes.items():
        known = value(getattr(record, name)) if callable(value) else value
        object.__setattr__(new, name, known)
    return new


def of_run(**changes):
    """Changes the second run of a scene; arrays by what is made of them."""
    return lambda scene: dataclasses.replace(
        scene, courses=[scene.courses[0], changed(scene.courses[1], changes)]
    )


def of_pictures(**changes):
    return lambda scene: dataclasses.replace(
        scene, pictures=changed(scene.pictures, changes)
    )


SITE = Site(name="s", channels=10**12, rectified=True, receptive_field=1, stride=1)

FLAWS = [
    (of_run(name="../../escaped"), "a run called '../../escaped': it holds a separ"),
    (of_run(name="base"), "two runs of one name"),
    (of_run(sites=(SITE,)), "sites of other neurons"),
    (of_run(epochs=["init", "../x", 0]), "snapshots that are not epochs"),
    (of_run(epochs=["init", 1, -1]), "snapshots that are not epochs"),
    (of_run(image_ids=lambda ids: ids + 9), "unknown images"),
    (of_run(image_ids=lambda ids: ids - 9), "unknown images"),
    (of_run(peaks=lambda peaks: peaks[:, :, :1]), "responses to other stimuli"),
    (of_run(corners=lambda corners: corners + 9), "patches outside of the images"),
    (of_run(corners=lambda corners: corners[:, :2]), "patches of other stimuli"),
    (of_run(corners=lambda corners: corners[:, :, :0]), "no patches"),
    (of_run(length=lambda length: length + 9), "patches larger than the images"),
    (of_run(length=lambda length: length[:2]), "patches of other neurons"),
    (of_run(group=lambda group: group + 255), "groups that a page has no room for"),
    (of_run(lives=lambda lives: lives + 3), "lives in unknown snapshots"),
    (of_run(lives=lambda lives: lives[:, :2]), "lives of other neurons"),
    (of_run(progress=lambda progress: progress[:1]), "progress of other snapshots"),
    (of_run(coverage=lambda coverage: coverage[:, :4]), "coverage of other neurons"),
    (of_run(vectors=lambda vectors: vectors[:, :, :2]), "vectors of another space"),
    (of_run(measures={"entropy": [0.5]}), "measures of other snapshots"),
    (of_run(rank=lambda rank: rank[:0]), "ranks of other evolutions"),
    (of_run(importance=lambda scores: scores[:0]), "scores of other evolutions"),
    (of_pictures(rows=np.array([8, 5, 3, 2])), "images out of order"),
    (of_pictures(labels=np.array([0, 1, 2, 3])), "images of unknown classes"),
    (of_pictures(labels=np.array([0])), "classes of other images"),
    (of_pictures(names=["a"]), "names of other images"),
    (of_pictures(tile=97, side=200), "tiles of 97 pixels"),
    (of_pictures(tile=9), "tiles of 9 pixels"),
    (of_pictures(tile=-1), "tiles of -1 pixels"),
    (lambda scene: dataclasses.replace(scene, courses=[]), "no base"),
    (lambda scene: dataclasses.replace(scene, groups=[]), "middles of other groups"),
]


@pytest.mark.parametrize(("change", "flaw"), FLAWS, ids=range(len(FLAWS)))
def test_what_does_not_fit_together_is_told(make_scene, change, flaw):
    told = flaw_of_scene(change(make_scene()), 1)
    assert told is not None
    assert flaw in told


def test_a_scene_that_fits_together_has_no_flaw(make_scene):
    assert flaw_of_scene(make_scene(), 1) is None
    assert flaw_of_scene(make_scene(), 2) == "2 sheets, not 1"


@pytest.mark.parametrize("listed", [{"runs": 10**12}, {"runs": "2"}, {"sheets": 7}])
def test_what_a_scene_lists_is_there(foreign, listed):
    manifest = read_manifest(foreign / "scene" / "scene")
    path = foreign / "scene" / "scene" / "manifest.json"
    write_sealed(path, {**manifest, **listed})
    with pytest.raises(DataError, match=r"run-2|does not list its runs and sheets"):
        load_scene(foreign / "scene", foreign)


def test_a_scene_that_does_not_fit_is_named(call, foreign, make_scene):
    scene = of_run(image_ids=lambda ids: ids + 9)(make_scene())
    save_scene(foreign / "scene", scene, [encoded()])
    code, _, err = call("explore", "result")
    assert code == 3
    assert "scene is not a consistent scene: vgg: unknown images." in err
    assert not (foreign / "explorer.html").exists()
