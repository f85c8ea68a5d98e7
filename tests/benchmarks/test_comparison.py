"""Ratios of two checkouts are taken within rounds, and only of equal work."""

from pathlib import Path

import pytest

from conceptevo_jax.benchmarks.comparison import (
    CheckoutBenchmark,
    checkout_speed_ratios,
    compare,
    different_settings,
)
from conceptevo_jax.benchmarks.rows import Row, table

NEW, OLD = Path("/here"), Path("/there")


def side(folder, *rows, **settings):
    fields = [{"part": "p", "what": "w", "device": "cpu"} | row for row in rows]
    told = table([Row(**row) for row in fields])
    return CheckoutBenchmark(folder, {"commit": folder.name}, settings, told)


def compared(*rounds):
    return compare("p", [(side(NEW, *a), side(OLD, *b)) for a, b in rounds])


def seconds(value, **fields):
    return {"seconds": value} | fields


def test_the_ratio_is_the_median_of_rounds_with_its_spread():
    # A slow moment that hits both calls of the second round changes no ratio.
    times = [(1.0, 2.0), (30.0, 90.0), (2.0, 2.0)]
    (found,) = compared(*[([seconds(a)], [seconds(b)]) for a, b in times])
    assert (found["ratio"], found["low"], found["high"]) == (2.0, 1.0, 3.0)
    assert (found["new"], found["old"], found["rounds"]) == (2.0, 2.0, 3)
    assert found["quantity"] == "seconds"


def test_memory_is_compared_as_well():
    rows = ([seconds(1.0, bytes=100)], [seconds(1.0, bytes=50)])
    time, memory = compared(rows)
    assert (time["ratio"], memory["ratio"]) == (1.0, 0.5)
    assert (memory["quantity"], memory["new"], memory["old"]) == ("bytes", 100, 50)


def test_rows_are_matched_by_what_was_done_and_the_peer():
    new = [seconds(1.0), seconds(8.0, peer="gensim"), seconds(5.0, what="fresh")]
    old = [seconds(3.0, what="gone"), seconds(4.0, peer="gensim"), seconds(2.0)]
    found = {(one["what"], one["peer"]): one for one in compared((new, old))}
    assert found["w", ""]["ratio"] == 2.0
    assert found["w", "gensim"]["ratio"] == 0.5
    assert found["fresh", ""]["why"] == "only in /here"
    assert found["gone", ""]["why"] == "only in /there"
    assert found["gone", ""]["ratio"] is None


def test_different_work_has_no_ratio():
    new, old = seconds(1.0, rate=64.0, unit="images"), seconds(1.0, rate=32.0)
    (found,) = compared(([new], [old]))
    assert found["ratio"] is None
    assert found["why"] == "not comparable: 64 images here, 32 there"
    (same,) = compared(([seconds(1.0, rate=64.0)], [seconds(3.0, rate=64 / 3)]))
    assert same["ratio"] == 3.0


def test_rows_made_of_others_are_left_out_and_what_was_not_run_says_why():
    derived, missing = {"value": 2.0}, {"what": "m", "why": "not run: needs gensim"}
    (found,) = compared(([derived, missing], [derived, missing]))
    assert (found["what"], found["why"]) == ("m", "not run: needs gensim")


def test_a_part_without_rows_says_so():
    (found,) = compared(([], []))
    assert (found["part"], found["why"]) == ("p", "it leaves no rows to compare")


def test_a_row_that_one_round_lacks_is_compared_in_the_others():
    (found,) = compared(([seconds(1.0)], [seconds(2.0)]), ([seconds(1.0)], []))
    assert (found["ratio"], found["rounds"]) == (2.0, 1)


def test_settings_that_both_know_are_compared():
    new = side(NEW, **{"images": 64, "minutes": None, "turns": 7, "run_dir": "a"})
    old = side(OLD, **{"images": 8, "turns": 7, "gone": 1, "run_dir": "b"})
    assert different_settings(new, old) == {"images": [64, 8]}


def test_the_figure_shows_times_alone():
    rows = [seconds(1.0, bytes=1), seconds(2.0, peer="gensim"), {"what": "x"}]
    shown = checkout_speed_ratios(compared((rows, rows)), "abc1234")
    assert [(one.name, one.value) for one in shown] == [
        ("p: w, beside: abc1234", pytest.approx(1.0)),
        ("p: w (gensim), beside: abc1234", pytest.approx(1.0)),
    ]
