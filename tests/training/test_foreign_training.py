"""A training of somebody else says what it is, within its own folder."""

import pytest

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import write_sealed
from conceptevo_jax.training import RUN, read_run, read_table, snapshots, train
from conceptevo_jax.training.checksums import CHECKSUMS, read_checksums
from conceptevo_jax.training.table import TABLE, write_table

ABOUT = {
    "name": "vgg16",
    "model": "vgg16",
    "preset": "tiny",
    "classes": 10,
    "train": "a",
    "test": "b",
    "content": {},
    "training": {},
}


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"name": "../../../escaped"}, "is no name of a run: it holds a separator"),
        ({"name": ".."}, "'..' is no name of a run: it stands for a folder"),
        ({"name": 7}, "its name is 7, not a str"),
        ({"model": None}, "its model is None, not a str"),
        ({"preset": ["tiny"]}, "its preset is .*, not a str"),
        ({"classes": 10**12}, "it has 1000000000000 classes, not 1 to 1000000"),
        ({"classes": 0}, "it has 0 classes"),
        ({"classes": True}, "its classes is True, not a int"),
        ({"training": "x"}, "its training is 'x', not a dict"),
    ],
)
def test_what_it_says_of_itself_can_be_used(tmp_path, change, flaw):
    write_sealed(tmp_path / RUN, ABOUT)
    assert read_run(tmp_path) == ABOUT
    write_sealed(tmp_path / RUN, {**ABOUT, **change})
    with pytest.raises(DataError, match=f"{tmp_path / RUN} cannot be used: .*{flaw}"):
        read_run(tmp_path)


@pytest.mark.parametrize("missing", ABOUT)
def test_it_says_all_of_itself(tmp_path, missing):
    told = {name: value for name, value in ABOUT.items() if name != missing}
    write_sealed(tmp_path / RUN, told)
    with pytest.raises(DataError, match=f"its {missing} is None"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"snapshots": [], "resume": {}, "tables": []},
        {"snapshots": {"0": 1}, "resume": {}, "tables": []},
        {"snapshots": {}, "resume": {}, "tables": "abc"},
    ],
)
def test_what_lists_no_checksums_is_named(tmp_path, listed):
    write_sealed(tmp_path / CHECKSUMS, listed)
    with pytest.raises(DataError, match=f"{tmp_path / CHECKSUMS} lists no checksums"):
        read_checksums(tmp_path)


def test_no_snapshot_is_read_through_a_link_out_of_its_folder(tmp_path, model):
    (tmp_path / "run" / "init").mkdir(parents=True)
    link = tmp_path / "run" / "init" / "data"
    link.symlink_to("../../private")
    with pytest.raises(DataError, match=f"{link} leads to {tmp_path / 'private'}, out"):
        snapshots(tmp_path / "run", "run", model)


@pytest.mark.parametrize("name", [RUN, CHECKSUMS, TABLE])
def test_no_record_is_read_through_a_link_out_of_its_folder(tmp_path, name):
    for folder in ("run", "private"):
        write_sealed(tmp_path / folder / RUN, ABOUT)
        write_table(tmp_path / folder / TABLE, [])
    link = tmp_path / "run" / name
    link.unlink()
    link.symlink_to(f"../private/{name}")
    readers = {RUN: read_run, CHECKSUMS: read_checksums}
    with pytest.raises(DataError, match=r"leads to .*private"):
        readers.get(name, lambda folder: read_table(folder / TABLE))(tmp_path / "run")


def test_a_training_gets_no_name_that_is_no_name(tmp_path, model, images, settings):
    with pytest.raises(UsageError, match="'a/b' cannot be the name of a run, since"):
        train("a/b", model, *images, settings(), tmp_path / "run")
    assert not list((tmp_path / "run").glob("*"))
