"""Alpha against Krippendorff's published example and against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conceptevo_jax.analysis.statistics.krippendorff import krippendorff_alpha

# Krippendorff (2011), example C: four observers, twelve units, values 1 to 5; 0 is
# missing. He gives a nominal alpha of .743.
OBSERVED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]

TABLES = hnp.arrays(
    np.int64,
    st.tuples(st.integers(2, 6), st.integers(1, 8)),
    elements=st.integers(-1, 2),
)


def defined_alpha(values):
    """Alpha by its definition: pairs of values within units, and of any units."""
    units = [[v for v in column if v >= 0] for column in values.T.tolist()]
    units = [unit for unit in units if len(unit) > 1]
    all_values = [v for unit in units for v in unit]
    n = len(all_values)
    observed = sum(
        sum(unit[i] != unit[j] for i in range(len(unit)) for j in range(len(unit)))
        / (len(unit) - 1)
        for unit in units
    )
    expected = sum(all_values[i] != all_values[j] for i in range(n) for j in range(n))
    if not expected:
        return np.nan
    return 1 - (observed / n) / (expected / (n * (n - 1)))


def test_the_published_example():
    (alpha,) = krippendorff_alpha(np.array(OBSERVED) - 1)
    assert alpha == pytest.approx(0.743, abs=5e-4)


@given(values=TABLES)
def test_equals_the_definition(values):
    np.testing.assert_allclose(
        krippendorff_alpha(values), [defined_alpha(values)], atol=1e-9
    )


@given(values=TABLES, seed=st.integers(0, 999))
def test_units_drawn_twice_count_twice(values, seed):
    copies = np.random.default_rng(seed).integers(0, 3, size=values.shape[1])
    raters = np.ones((1, len(values)))
    alpha = krippendorff_alpha(values, raters, copies[None].astype(float))
    expected = defined_alpha(np.repeat(values, copies, axis=1))
    np.testing.assert_allclose(alpha, [expected], atol=1e-9)


def test_raters_left_out_do_not_count(rng):
    values = rng.integers(-1, 3, size=(6, 30))
    raters = np.array([[1.0, 0, 1, 1, 0, 1]])
    alpha = krippendorff_alpha(values, raters, np.ones((1, 30)))
    np.testing.assert_allclose(alpha, [defined_alpha(values[[0, 2, 3, 5]])], atol=1e-9)


def test_a_rater_drawn_often_does_not_agree_with_itself(rng):
    values = rng.integers(0, 2, size=(5, 4000))
    raters = np.array([[4.0, 1, 0, 0, 0]])
    (alpha,) = krippendorff_alpha(values, raters, np.ones((1, 4000)))
    alpha_of_copies = defined_alpha(np.repeat(values[:, :200], [4, 1, 0, 0, 0], axis=0))
    assert abs(alpha) < 0.05
    assert alpha_of_copies > 0.5


def test_perfect_agreement_is_one_and_chance_zero(rng):
    truth = rng.integers(0, 3, size=500)
    missing = rng.random((8, 500)) < 0.4
    (alpha,) = krippendorff_alpha(np.where(missing, -1, truth))
    assert alpha == 1.0
    (alpha,) = krippendorff_alpha(np.where(missing, -1, rng.integers(0, 3, (8, 500))))
    assert abs(alpha) < 0.03


@pytest.mark.parametrize(
    "values", [np.ones((3, 4)), np.full((3, 4), -1), np.eye(3) - 1]
)
def test_without_a_pair_or_a_difference_there_is_none(values):
    assert np.isnan(krippendorff_alpha(values.astype(int))).all()
