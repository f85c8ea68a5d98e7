"""Files of others: opened within their folder, and never larger than they look."""

import dataclasses
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import (
    Store,
    flaw_of_name,
    load_record,
    parse_json,
    read_file,
    read_json,
    read_manifest,
    require_inside_result,
    require_no_outward_links,
    save_record,
    write_sealed,
)
from conceptevo_jax.store.bounded_reading import DEEPEST_JSON, LARGEST_TEXT, read_arrays
from conceptevo_jax.store.files import replace_folder
from conceptevo_jax.store.kinds import matches_type
from conceptevo_jax.types import Embedding, Site


@pytest.fixture
def foreign(tmp_path):
    """A result folder of somebody else's, beside a private file of the reader's."""
    result = tmp_path / "result"
    save_record(
        result / "space",
        Embedding(vectors=np.ones((2, 3), np.float32), coverage=np.ones(2)),
        stage="space",
    )
    (tmp_path / "private").write_text("mine")
    return result


def array_file(shape, dtype="<f4", data=b""):
    """A `.npy` file that declares a shape and holds so many bytes."""
    file = io.BytesIO()
    told = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, told)
    return file.getvalue() + data


def packed(*members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"a{number}.npy", member)
    return file.getvalue()


@pytest.mark.parametrize(
    "name", ["vgg16", "photos (copy)", "it's", "2026_11_29", "网络", "-a", "a.b", "…"]
)
def test_what_is_one_component_of_a_path_is_a_name(name):
    assert flaw_of_name(name) is None


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        (".", "stands for a folder"),
        ("..", "stands for a folder"),
        ("../../../escaped", "a separator"),
        ("/etc", "a separator"),
        ("a\\b", "a separator"),
        ("a\0b", "cannot be printed"),
        ("a\x1b[2Jb", "cannot be printed"),
        ("a\nb", "cannot be printed"),
        ("\ud800", "cannot be printed"),
        ("网" * 34, "longer than 100 bytes"),
        (7, "a int, not text"),
        (None, "a NoneType, not text"),
    ],
)
def test_what_is_no_component_of_a_path_is_no_name(name, flaw):
    assert flaw in flaw_of_name(name)


@pytest.mark.parametrize("name", ["arrays.npz", "manifest.json", ""])
def test_a_link_out_of_a_result_is_not_followed(foreign, tmp_path, name):
    other = tmp_path / "other"
    save_record(
        other, Embedding(vectors=np.zeros((2, 3), np.float32), coverage=np.ones(2))
    )
    link = foreign / "space" / name
    if name:
        link.unlink()
    else:
        link.rename(tmp_path / "away")
    link.symlink_to(other / name)
    with pytest.raises(DataError, match=f"it leads to {other / name}.*, out of"):
        load_record(foreign / "space", Embedding, foreign)


def test_links_within_a_result_and_to_it_are_followed(foreign, tmp_path):
    (foreign / "again").symlink_to("space")
    (tmp_path / "linked").symlink_to(foreign)
    for result in (foreign, tmp_path / "linked"):
        for name in ("space", "again"):
            assert load_record(result / name, Embedding, result).vectors.sum() == 6
        require_no_outward_links(result, result)


@pytest.mark.parametrize("target", ["../private", "../not there", "..", "/"])
def test_a_link_out_is_named_wherever_it_lies(foreign, target):
    link = foreign / "space" / "link"
    link.symlink_to(f"../{target}" if target.startswith("..") else target)
    with pytest.raises(DataError, match=f"{link} leads to .*, out of {foreign}: links"):
        require_no_outward_links(foreign, foreign)


def test_links_that_go_round_are_no_way_out(foreign):
    (foreign / "round").symlink_to("round")
    require_no_outward_links(foreign, foreign)
    with pytest.raises(OSError, match="Too many levels"):
        read_file(foreign / "round", foreign)


def test_nothing_is_written_through_a_link_of_a_result(foreign, tmp_path):
    (tmp_path / "own").mkdir()
    (foreign / "explorer").symlink_to(tmp_path / "own")
    (tmp_path / "chosen").symlink_to(tmp_path / "own")
    for path in (foreign / "explorer", foreign / "explorer" / "data"):
        with pytest.raises(DataError, match=r"leads to .*/own.*, out of"):
            require_inside_result(path, foreign)
    # A folder elsewhere is its caller's own choice, whatever leads there.
    require_inside_result(tmp_path / "chosen", foreign)
    require_inside_result(foreign / "page.html", foreign)


def test_a_folder_that_replaces_a_link_leaves_its_target(tmp_path):
    for name in ("new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note").write_text(name)
    (tmp_path / "link").symlink_to("other")
    replace_folder(tmp_path / "new", tmp_path / "link")
    assert (tmp_path / "link" / "note").read_text() == "new"
    assert (tmp_path / "other" / "note").read_text() == "other"


def test_what_is_no_file_is_not_waited_for(foreign):
    os.mkfifo(foreign / "pipe")
    with pytest.raises(ValueError, match="it is not a regular file"):
        read_file(foreign / "pipe", foreign)
    with pytest.raises(ValueError, match="it is not a regular file"):
        read_file(foreign, None)
    with pytest.raises(DataError, match="pipe is neither a file nor a folder: remove"):
        require_no_outward_links(foreign, foreign)


def test_a_file_is_read_up_to_a_limit(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(LARGEST_TEXT + 1)
    with pytest.raises(ValueError, match=f"has {LARGEST_TEXT + 1} bytes"):
        read_file(path, tmp_path, 9)
    with pytest.raises(ValueError, match=f"of which {LARGEST_TEXT} are read"):
        read_json(path, tmp_path)


@pytest.mark.parametrize("depth", [DEEPEST_JSON + 1, 500, 100_000])
def test_json_that_nests_too_deeply_is_refused(depth):
    for text in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        with pytest.raises(ValueError, match="nests more than 64 lists and objects"):
            parse_json(text)


def test_json_that_nests_as_records_do_is_read():
    deepest = "[" * DEEPEST_JSON + "]" * DEEPEST_JSON
    for text in (deepest, "1", '{"a": [{}, [], {"b": null}]}'):
        assert parse_json(text) == json.loads(text)


def test_arrays_are_those_that_were_saved(rng):
    saved = {
        "floats": rng.normal(size=(3, 0, 2)),
        "turned": np.asfortranarray(rng.integers(0, 9, (4, 3))),
        "scalar": np.array(True),
        "text": np.array(["a", "bc"]),
    }
    file = io.BytesIO()
    np.savez(file, **saved)
    loaded = read_arrays(file.getvalue())
    assert list(loaded) == list(saved)
    for name, array in saved.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].flags.writeable


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (packed(array_file((10**15,))), "declares 4000000000000000 bytes and has 0"),
        (packed(array_file((10**15, 10**15), data=b"1234")), "bytes and has 4"),
        (packed(array_file((2,), data=b"12345678x")), "declares 8 bytes and has 9"),
        (packed(array_file((-1, -2), data=b"12345678")), "unknown dimension"),
        (packed(array_file((1,), "|O", b"12345678")), "allow_pickle"),
        (packed(b"no array"), "magic"),
        (packed(array_file((0,)), compression=zipfile.ZIP_DEFLATED), "compressed"),
        (b"no archive", "not a zip file"),
    ],
    ids=range(8),
)
def test_arrays_that_are_not_held_are_refused_before_memory_is_taken(content, flaw):
    with pytest.raises(ValueError, match=flaw):
        read_arrays(content)


def test_an_archive_that_declares_its_bytes_again_is_refused():
    member = array_file((100,), "|u1", bytes(100))
    content = packed(member)
    start = content.index(b"PK\x01\x02")
    entry, end = content[start : content.index(b"PK\x05\x06")], content[-22:]
    many = (3).to_bytes(2, "little")
    size = (3 * len(entry)).to_bytes(4, "little")
    end = end[:8] + many + many + size + end[16:]
    with pytest.raises(ValueError, match="declares 684 bytes of arrays and has"):
        read_arrays(content[:start] + 3 * entry + end)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("a", str, True),
        (1, str, False),
        (True, int, False),
        (1, float, True),
        (True, float, False),
        (None, float | None, True),
        ("x", float | None, False),
        (["a"], Sequence[str], True),
        (["a", 1], Sequence[str], False),
        ("a", Sequence[str], False),
        ((1, 2), tuple[int, int], True),
        ((1,), tuple[int, int], False),
        ({"a": [1, None]}, Mapping[str, Sequence[float | None]], True),
        ({"a": 1}, Mapping[str, Sequence[float]], False),
        ([], Mapping[str, int], False),
        ([{"name": 1}], tuple[Site, ...], False),
    ],
)
def test_values_are_compared_with_their_fields(value, kind, expected):
    assert matches_type(value, kind) == expected


@dataclasses.dataclass
class Told:
    """A record of plain values."""

    name: str
    share: float | None
    sites: tuple[Site, ...]


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"files": []}, "is damaged or incomplete"),
        ({"type": ["Told"]}, r"holds a \['Told'\], but a Told is needed"),
        ({"fields": []}, "is damaged or incomplete"),
        ({"fields": {"name": "a"}}, "is damaged or incomplete .'share'"),
        ({"fields": {"name": 1, "share": None, "sites": []}}, "its name is no"),
        ({"fields": {"name": "a", "share": "b", "sites": []}}, "its share is no"),
        ({"fields": {"name": "a", "share": 1, "sites": [2]}}, "incomplete"),
    ],
)
def test_a_manifest_of_other_values_is_refused(tmp_path, change, flaw):
    save_record(tmp_path, Told(name="a", share=None, sites=()))
    manifest = {**read_manifest(tmp_path), **change}
    write_sealed(tmp_path / "manifest.json", manifest)
    with pytest.raises(DataError, match=flaw):
        load_record(tmp_path, Told)


def test_arrays_of_another_rank_or_type_are_refused(foreign):
    @dataclasses.dataclass
    class Given:
        vectors: np.ndarray
        coverage: np.ndarray

    given = Given(vectors=np.ones((2, 3), np.int64), coverage=np.ones(2))
    save_record(foreign / "space", given)
    manifest = read_manifest(foreign / "space")
    path = foreign / "space" / "manifest.json"
    write_sealed(path, {**manifest, "type": "Embedding"})
    with pytest.raises(DataError, match=r"its vectors is no .*Float"):
        load_record(foreign / "space", Embedding)


def made(folder):
    (folder / "content").write_text("made")


def test_a_stage_that_is_a_link_out_of_its_store_is_not_used(tmp_path):
    store = Store(tmp_path / "store")
    path, _ = store.folder("images", made, config={}, inputs={})
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"{path}.*leads to {tmp_path / 'elsewhere'}"):
        store.folder("images", made, config={}, inputs={})


def test_a_lock_that_is_a_link_out_of_its_store_is_not_opened(tmp_path):
    store = Store(tmp_path / "store")
    path, _ = store.folder("images", made, config={}, inputs={})
    (tmp_path / "private").write_text("mine")
    lock = store.root / ".locks" / path.name
    lock.unlink()
    lock.symlink_to(tmp_path / "private")
    (entry,) = store.entries()
    for call in (store.is_locked, store.remove):
        with pytest.raises(DataError, match=f"{lock} leads to {tmp_path / 'private'}"):
            call(entry)
    assert (tmp_path / "private").read_text() == "mine"
