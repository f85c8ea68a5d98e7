"""As many snapshots at a time as fit, whatever the device says when they do not."""

import os

import jax
import jax.numpy as jnp
import pytest

from conceptevo_jax.activations import Footprint, memory_groups, run_in_groups
from conceptevo_jax.errors import UsageError

SHAPE = (3, 1, 7)
FREE, ONCE = 1100, 100
FULL = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 84 bytes."


class Device:
    """Holds `room` planted snapshots at once, and remembers the groups it worked on."""

    def __init__(self, room, count=7):
        self.room, self.groups = room, []
        self.loads = [
            lambda number=number: self._load(number) for number in range(count)
        ]

    def _load(self, number):
        held = sum(one.shape == SHAPE for one in jax.live_arrays())
        if held >= self.room:
            raise jax.errors.JaxRuntimeError(FULL)
        return {"weights": jnp.full(SHAPE, number, jnp.float32)}

    def work(self, group):
        found = [int(one["weights"][0, 0, 0]) for one in group]
        self.groups.append(found)
        return found

    def run(self, fits, at_most=None):
        found = run_in_groups(self.loads, self.work, lambda: footprint(fits), at_most)
        return list(found)


def footprint(fits):
    """Of a pass of which the free memory holds so many snapshots."""
    return Footprint(each=(FREE - ONCE) // fits, once=ONCE)


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    monkeypatch.setattr(memory_groups, "free_bytes", lambda: FREE)


def test_there_is_free_memory_and_it_is_no_more_than_there_is(memory, monkeypatch):
    monkeypatch.undo()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 2**20 < memory_groups.free_bytes() < pages


@pytest.mark.parametrize(
    ("fits", "sizes"), [(100, [7]), (7, [7]), (3, [3, 3, 1]), (1, [1] * 7)]
)
def test_groups_are_as_large_as_the_free_memory_holds(fits, sizes):
    device = Device(room=100)
    assert device.run(fits) == list(range(7))
    assert [len(group) for group in device.groups] == sizes


def test_a_group_that_does_not_fit_is_halved_and_that_is_said():
    device = Device(room=3)
    with pytest.warns(UserWarning, match="do not fit") as told:
        assert device.run(fits=7) == list(range(7))
    assert [str(one.message) for one in told] == [
        "7 snapshots at a time do not fit into memory: going on with 3."
    ]
    assert [len(group) for group in device.groups] == [3, 3, 1]


def test_one_snapshot_that_does_not_fit_is_an_error_that_says_what_to_do():
    with (
        pytest.raises(UsageError, match=r"one snapshot does not fit.*smaller preset"),
        pytest.warns(UserWarning, match="going on with 1"),
    ):
        Device(room=0, count=2).run(fits=2)


def test_no_other_error_is_taken_for_a_lack_of_memory():
    def broken(group):
        raise jax.errors.JaxRuntimeError("INVALID_ARGUMENT: no")

    loads = Device(room=9).loads
    with pytest.raises(jax.errors.JaxRuntimeError, match="INVALID_ARGUMENT"):
        list(run_in_groups(loads, broken, lambda: footprint(9)))


def test_a_caller_may_ask_for_smaller_groups():
    device = Device(room=100)
    limits = iter([1, 2, 0, 50])
    assert device.run(fits=100, at_most=lambda: next(limits)) == list(range(7))
    assert [len(group) for group in device.groups] == [1, 2, 1, 3]


def test_a_single_snapshot_is_not_measured_first():
    def measure():
        raise AssertionError

    device = Device(room=1, count=1)
    assert list(run_in_groups(device.loads, device.work, measure)) == [0]
