"""A run's table survives being written and read, and a damaged one is named."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import checksum
from conceptevo_jax.training import Row, read_table
from conceptevo_jax.training.checksums import CHECKSUMS, update_checksums
from conceptevo_jax.training.table import COLUMNS, write_table

FLOATS = {
    name: st.floats()
    for name in COLUMNS
    if name not in ("epoch", "step", "nonfinite_step")
}
ROWS = st.builds(
    Row,
    epoch=st.one_of(st.just("init"), st.just("step12"), st.integers(0, 999)),
    step=st.integers(0, 10**9),
    nonfinite_step=st.none() | st.integers(0, 10**9),
    **FLOATS,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("table") / "epochs.csv"


@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_rows_are_read_as_they_were_written(path, rows):
    write_table(path, rows)
    # As text, in which NaN equals NaN.
    assert list(map(repr, read_table(path))) == list(map(repr, rows))
    names = sorted(file.name for file in path.parent.iterdir())
    assert names == [CHECKSUMS, path.name]


def test_an_empty_field_is_a_step_that_never_was(path):
    values = dict.fromkeys(COLUMNS, 0.0) | {"epoch": 0, "step": 3}
    write_table(path, [Row(**values | {"nonfinite_step": None, "loss": math.nan})])
    assert (
        path.read_text().splitlines()[1] == "0,3,0.0,nan,0.0,0.0,0.0,0.0,0.0,0.0,,0.0"
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("epoch,accuracy\n0,1.0\n", "columns"),
        (",".join(COLUMNS) + "\n3,1,0.1\n", "epochs.csv"),
        (",".join(COLUMNS) + "\n0,3,x,nan,0,0,0,0,0,0,,0\n", "'x'"),
    ],
)
def test_a_foreign_table_is_named(path, text, match):
    path.write_text(text)
    update_checksums(path.parent, table=checksum(text.encode()))
    with pytest.raises(DataError, match=match) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_every_changed_byte_is_noticed(path):
    values = dict.fromkeys(COLUMNS, 0.25) | {"epoch": 3, "step": 7}
    write_table(path, [Row(**values | {"nonfinite_step": None})])
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DataError, match="checksum does not fit"):
            read_table(path)
    path.write_bytes(whole[:-4])
    with pytest.raises(DataError, match="checksum does not fit"):
        read_table(path)


def test_a_kill_between_the_list_and_the_table_leaves_the_table_before(path):
    values = dict.fromkeys(COLUMNS, 0.25) | {"step": 7, "nonfinite_step": None}
    rows = [Row(**values | {"epoch": epoch}) for epoch in (0, 1)]
    write_table(path, rows[:1])
    update_checksums(path.parent, table="of a table that was never written")
    assert read_table(path) == rows[:1]
    write_table(path, rows)
    assert read_table(path) == rows


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv, a run's table"):
        read_table(tmp_path / "nowhere.csv")
