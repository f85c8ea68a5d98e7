"""A group that spans is found exactly where trying all of them finds one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.study.design.candidates import Candidates
from conceptevo_jax.study.design.category_constraints import spanning_rows

# Runs 0 and 1 are of model 0, run 2 is of model 1; two epochs each, three channels.
NEURONS = [
    (run, epoch, channel)
    for run in range(3)
    for epoch in (0, 1)
    for channel in range(3)
]
MODEL = (0, 0, 1)


def pool_of(neurons):
    run, epoch, channel = (np.array(column) for column in zip(*neurons, strict=True))
    return Candidates(
        populations=(),
        snapshot=2 * run + epoch,
        index=channel,
        channel=3 * run + channel,
        run=run,
        model=np.array(MODEL)[run],
        directions=np.ones((len(neurons), 1)),
    )


def spans(category, group):
    runs = {run for run, _, _ in group}
    if len({(run, channel) for run, _, channel in group}) < 5:
        return False
    two = any(len({e for r, e, _ in group if r == run}) > 1 for run in runs)
    models = {MODEL[run] for run in runs}
    return {"base": True, "same_model": two, "across": two and len(models) > 1}[
        category
    ]


@pytest.mark.parametrize("category", ["base", "same_model", "across"])
@given(
    neurons=st.lists(st.sampled_from(NEURONS), min_size=5, max_size=10, unique=True),
    seed=st.integers(0, 99),
)
def test_finds_one_exactly_where_there_is_one(category, neurons, seed):
    order = np.random.default_rng(seed).permutation(len(neurons))
    found = spanning_rows(category, pool_of(neurons), order)
    possible = any(spans(category, group) for group in combinations(neurons, 5))
    assert (found is not None) == possible
    if found is not None:
        assert spans(category, [neurons[row] for row in found[:5]])
        channels = [(neurons[row][0], neurons[row][2]) for row in found]
        assert len(set(channels)) == len(channels)
        assert len(channels) == len({(run, channel) for run, _, channel in neurons})
