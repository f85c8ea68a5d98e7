"""Records survive a round trip; damaged and foreign ones are refused by name."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import (
    checksum,
    load_record,
    read_manifest,
    save_record,
    write_json,
    write_sealed,
)
from conceptevo_jax.types import Embedding, Layout, Responses, Site, Space

SITES = tuple(
    Site(
        name=name,
        channels=2,
        rectified=pre is None,
        receptive_field=3,
        stride=1,
        pre=pre,
    )
    for name, pre in (("features.0", None), ("features.2", "features.2.pre"))
)


def embedding(n, rng):
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    vectors[0] = np.nan
    return Embedding(vectors=vectors, coverage=np.linspace(0, 1, n))


def space(rng):
    return Space(
        base="vgg19@7",
        pool_id="abc",
        method={"k": 10, "solver": {"ridge": 1.0, "initial": None}},
        sites=SITES,
        neurons=embedding(4, rng),
        images=embedding(6, rng),
        covered=rng.random(6) < 0.5,
        quantiles=rng.normal(size=(4, 5)),
        residual=0.125,
    )


def assert_same(left, right):
    assert type(left) is type(right)
    for field in dataclasses.fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        elif isinstance(a, Embedding):
            assert_same(a, b)
        else:
            assert a == b


def test_nested_records_and_sites_survive_a_round_trip(tmp_path, rng):
    saved = space(rng)
    save_record(tmp_path / "deep" / "space-1", saved, stage="space")
    loaded = load_record(tmp_path / "deep" / "space-1", Space)
    assert_same(saved, loaded)
    assert loaded.sites[1].pre == "features.2.pre"
    assert isinstance(loaded.sites, tuple)


@dataclasses.dataclass
class Found:
    """A record that may hold another one, and holds names and an interval."""

    where: Embedding | None
    interval: tuple[float, float] | None
    names: tuple[str, ...]


@pytest.mark.parametrize("missing", [False, True])
def test_a_record_may_hold_another_one_or_none(tmp_path, rng, missing):
    saved = Found(
        where=None if missing else embedding(4, rng),
        interval=None if missing else (0.25, 0.5),
        names=("a", "b"),
    )
    save_record(tmp_path / "found", saved)
    assert_same(load_record(tmp_path / "found", Found), saved)


def test_the_manifest_tells_what_made_the_record(tmp_path, rng):
    made_by = {"stage": "stimuli", "config": {"k": (1, 2)}, "inputs": {"pool": "ab"}}
    save_record(tmp_path / "a", embedding(3, rng), **made_by)
    manifest = read_manifest(tmp_path / "a")
    assert manifest["type"] == "Embedding"
    assert manifest["config"] == {"k": [1, 2]}
    assert manifest["inputs"] == {"pool": "ab"}
    assert {"jax", "flax", "numpy", "conceptevo-jax"} <= set(manifest["versions"])


def test_saving_again_replaces_and_leaves_nothing_else(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    second = embedding(5, rng)
    save_record(tmp_path / "a", second)
    assert_same(load_record(tmp_path / "a", Embedding), second)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_value_without_json_form_leaves_no_record(tmp_path, rng):
    layout = Layout(
        points=np.zeros((2, 2)), vectors=np.zeros((2, 3)), stability=np.nan, seed=0
    )
    with pytest.raises(ValueError, match="JSON"):
        save_record(tmp_path / "a", layout)
    with pytest.raises(TypeError, match="has no JSON form"):
        save_record(tmp_path / "a", embedding(3, rng), config=object())
    assert not (tmp_path / "a").exists()


def test_a_missing_record_names_the_file(tmp_path):
    with pytest.raises(DataError, match=r"nowhere/manifest\.json is missing"):
        load_record(tmp_path / "nowhere", Embedding)


def test_a_missing_array_file_is_named(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    (tmp_path / "a" / "arrays.npz").unlink()
    with pytest.raises(DataError, match=r"a/arrays\.npz is damaged or incomplete"):
        load_record(tmp_path / "a", Embedding)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "a"
    save_record(folder, embedding(50, np.random.default_rng(0)))
    return folder, (folder / "arrays.npz").read_bytes()


@given(kept=st.floats(0, 0.999))
def test_a_truncated_array_file_is_named_wherever_it_ends(stored, kept):
    folder, whole = stored
    (folder / "arrays.npz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=r"arrays\.npz is damaged or incomplete"):
        load_record(folder, Embedding)


@pytest.mark.parametrize("name", ["arrays.npz", "manifest.json"])
def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path, rng, name):
    """White space of the manifest apart, which means nothing."""
    save_record(tmp_path / "a", embedding(50, rng), config={"k": 10})
    path, intact = tmp_path / "a" / name, load_record(tmp_path / "a", Embedding)
    whole = path.read_bytes()
    for at in range(0, len(whole), max(len(whole) // 60, 1)):
        content = bytearray(whole)
        content[at] ^= 1
        path.write_bytes(content)
        if name == "manifest.json" and whole[at : at + 1].isspace():
            continue
        with pytest.raises(DataError, match=r"arrays\.npz|manifest\.json"):
            assert_same(load_record(tmp_path / "a", Embedding), intact)


def replace_arrays(folder, **arrays):
    """As somebody would who writes a record of ours by other means."""
    np.savez(folder / "arrays.npz", **arrays)
    content = (folder / "arrays.npz").read_bytes()
    files = {"files": {"arrays.npz": checksum(content)}}
    write_sealed(folder / "manifest.json", read_manifest(folder) | files)


def test_an_array_that_is_not_there_is_named(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    replace_arrays(tmp_path / "a", vectors=np.zeros((3, 3)))
    with pytest.raises(DataError, match=r"arrays\.npz .*coverage"):
        load_record(tmp_path / "a", Embedding)


def test_arrays_that_do_not_fit_each_other_are_refused(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    wrong = {"vectors": np.zeros((3, 3)), "coverage": np.zeros(2)}
    replace_arrays(tmp_path / "a", **wrong)
    with pytest.raises((DataError, TypeError), match="coverage"):
        load_record(tmp_path / "a", Embedding)


def test_a_record_of_another_type_is_refused(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    with pytest.raises(DataError, match=r"a holds a Embedding, but a Responses"):
        load_record(tmp_path / "a", Responses)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('{"schema": 99, "type": "Embedding"}', "schema 99, this version reads 2"),
        ('{"type": "Embedding"}', "schema None"),
        ('["schema", 1]', "schema None"),
        ('{"schema": 1, "type": "Embedding"}', "schema 1, this version reads 2"),
        ('{"schema": 2, "ty', "is not a readable manifest"),
        ("", "is not a readable manifest"),
        ('{"schema": 2}', "holds no checksum"),
        ('{"schema": 2, "checksum": "ab"}', "checksum does not fit"),
    ],
)
def test_a_foreign_manifest_is_refused(tmp_path, rng, text, match):
    save_record(tmp_path / "a", embedding(3, rng))
    (tmp_path / "a" / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=match):
        load_record(tmp_path / "a", Embedding)


def test_a_manifest_that_is_not_text_is_refused(tmp_path, rng):
    save_record(tmp_path / "a", embedding(3, rng))
    (tmp_path / "a" / "manifest.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not a readable manifest"):
        read_manifest(tmp_path / "a")


def test_json_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "results.json"
    write_json(path, {"auc": np.float64(0.5), "interval": (0.4, 0.6), "why": None})
    assert json.loads(path.read_text()) == {
        "auc": 0.5,
        "interval": [0.4, 0.6],
        "why": None,
    }
    before = path.read_text()
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"auc": float("nan")})
    assert path.read_text() == before
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]
