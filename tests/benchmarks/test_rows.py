"""Rows of the benchmark say what holds, what was not run, and how fast things are."""

import subprocess

import pytest

from conceptevo_jax.benchmarks.rows import (
    FORWARD_PASSES,
    SHARE,
    TIMES_AS_FAST,
    TIMES_THE_TIME,
    Row,
    about_software,
    is_within_bound,
    row_claims,
    speed_ratios,
    table,
    why_missing,
)


def row(**settings):
    return Row(**{"part": "p", "what": "w", "claim": "c"} | settings)


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        (2.0, ">= 2", True),
        (1.9, ">= 2", False),
        (1.1, "<= 1.1", True),
        (3e9, "<= 2e9", False),
        (None, ">= 2", None),
        (float("nan"), ">= 2", None),
        (5.0, "", None),
    ],
)
def test_a_row_holds_within_its_bound(value, bound, expected):
    assert is_within_bound(row(value=value, bound=bound)) is expected


def test_only_rows_with_a_bound_are_claims_and_a_reason_is_kept():
    rows = [
        row(value=3.0, bound=">= 2", measure=TIMES_AS_FAST, claim="fast"),
        row(bound=">= 2", peer="gensim", claim="missing", why="not run: needs gensim"),
        row(value=3.0),
    ]
    fast, missing = row_claims(rows)
    assert (fast.id, fast.measured, fast.holds) == ("fast", 3.0, True)
    assert fast.rule == "p: w: times as fast as the peer >= 2"
    assert (missing.id, missing.measured, missing.holds) == ("missing", None, None)
    assert missing.why == "not run: needs gensim"
    assert [one["holds"] for one in table(rows)] == [True, None, None]


def test_speeds_are_all_told_as_times_as_fast():
    rows = [
        row(value=3.0, bound=">= 2", measure=TIMES_AS_FAST, peer="other"),
        row(value=1.25, bound="<= 2", measure=TIMES_THE_TIME, peer="other"),
        row(value=4.0, measure=FORWARD_PASSES),
        row(value=0.0, measure=SHARE),
        row(measure=TIMES_AS_FAST),
    ]
    found = [(ratio.value, ratio.bound) for ratio in speed_ratios(rows)]
    assert found == [(3.0, 2.0), (0.8, 0.5)]


def test_what_is_missing_is_named_with_the_way_to_get_it():
    assert why_missing("numpy") is None
    assert why_missing("numpy", "no_such_peer") == (
        "not run: needs no_such_peer, pip install 'conceptevo-jax[peers,parity]'"
    )


def test_the_commit_is_told_in_a_checkout_and_none_elsewhere(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    told = about_software()
    assert told["commit"] is None
    assert set(told["peers"]) == {"gensim", "torch", "torchvision"}
