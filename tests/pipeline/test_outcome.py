"""Results are written whole, in plain JSON and CSV, with honest intervals."""

import csv
import json
import math

import pytest

from conceptevo_jax.pipeline.outcome import (
    Claim,
    finite,
    write_csv,
    write_results,
)

FIXED = {
    "experiment": "demo",
    "scale": "smoke",
    "method": "default",
    "seeds": (0,),
    "base": "base@3",
    "device": "cpu",
    "seconds": 1.5,
    "timings": {"space": 0.5},
}


def claim(**changes):
    settings = {
        "id": "a_claim",
        "paper": None,
        "rule": "more than none",
        "measured": 0.5,
        "interval": (0.25, 0.75),
        "n": 4,
        "holds": True,
        "why": "counted",
    }
    return Claim(**{**settings, **changes})


def test_results_are_plain_json(tmp_path):
    unmeasured = claim(measured=None, interval=None, holds=None, n=0)
    path = write_results(tmp_path, claims=[claim(), unmeasured], extra=3, **FIXED)
    found = json.loads(path.read_text())
    assert found["schema"] == 1
    assert found["claims"][0]["interval"] == [0.25, 0.75]
    assert found["claims"][1]["holds"] is None
    assert found["extra"] == 3
    assert "jax" in found["versions"]


def test_a_number_that_json_lacks_leaves_the_old_results(tmp_path):
    path = write_results(tmp_path, claims=[], **FIXED)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_results(tmp_path, claims=[claim(measured=math.nan)], **FIXED)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("value", "kept"), [(0.5, 0.5), (None, None), (math.nan, None), (-math.inf, None)]
)
def test_what_json_cannot_hold_becomes_nothing(value, kept):
    assert finite(value) == kept


def test_a_table_without_rows_is_no_file_and_none_of_an_earlier_call_stays(tmp_path):
    """As the monitor's, where it is off."""
    path = write_csv(tmp_path / "monitor.csv", [{"run": "vgg16"}])
    assert path.is_file()
    assert write_csv(path, []) == path
    assert not path.exists()


def test_tables_are_read_back(tmp_path):
    rows = [{"run": "a, b", "auc": 0.25, "why": None}, {"run": "c", "auc": 1, "why": 2}]
    path = write_csv(tmp_path / "tables" / "one.csv", rows)
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert found == [
        {"run": "a, b", "auc": "0.25", "why": ""},
        {"run": "c", "auc": "1", "why": "2"},
    ]
    assert [p.name for p in path.parent.iterdir()] == ["one.csv"]
