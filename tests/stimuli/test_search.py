"""The rules of `Search` on planted responses, given at once or swept."""

import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import Peaks
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.stimuli import Search, observe, stimuli_of_arrays

K = 4


def planted(rng, images: int) -> np.ndarray:
    return rng.integers(-3, 4, (images, 5)).astype(np.float32)


def reader(variables, pixels):
    """Looks the peaks up by the image's row; the cell is the row."""
    pair = pixels[:, 0, 0, :2].astype(jnp.int32)
    rows = pair[:, 0] + 256 * pair[:, 1]
    peaks = variables["peaks"][rows]
    return Peaks(peaks, jnp.broadcast_to(rows[:, None], peaks.shape))


@pytest.mark.slow
def test_silent_constant_and_broken_neurons_have_no_stimuli(sites, make_pool):
    peaks = np.arange(50, dtype=np.float32).reshape(10, 5) - 20
    peaks[:, 0] = -(peaks[:, 0] ** 2)  # never positive, at a rectified site
    peaks[:, 1] = 3  # constant
    peaks[7, 2] = np.nan
    peaks[:, 3] = -3  # constant, at a site without a ReLU
    found = stimuli_of_arrays(peaks, sites, make_pool(10), Search(k=K))
    np.testing.assert_array_equal(found.dead, [True, True, True, True, False])
    np.testing.assert_array_equal(found.nonfinite, [False, False, True, False, False])
    np.testing.assert_array_equal(found.count, [0, 0, 0, 0, K])
    assert np.all(found.image_ids[:4] == -1)
    assert np.all(found.positions[:4] == -1)
    assert np.isnan(found.peaks[:4]).all()
    assert not found.tied.any()


def test_few_positive_peaks_leave_slots_unused(sites, make_pool):
    peaks = np.full((10, 5), -1, np.float32)
    peaks[[2, 6], 0] = 5, 9
    peaks[:, 3] = -np.arange(10)
    found = stimuli_of_arrays(peaks, sites, make_pool(10), Search(k=K))
    np.testing.assert_array_equal(found.image_ids[0], [6, 2, -1, -1])
    np.testing.assert_array_equal(found.peaks[0], [9, 5, np.nan, np.nan])
    np.testing.assert_array_equal(found.positions[0, :, 0], [0, 0, -1, -1])
    assert found.count[0] == 2
    assert not found.tied[0]
    # Without a ReLU, the least negative are the strongest.
    np.testing.assert_array_equal(found.image_ids[3], [0, 1, 2, 3])


def test_a_tie_counts_only_across_rank_k(sites, make_pool):
    peaks = np.tile(np.arange(10, dtype=np.float32)[:, None], (1, 5))
    peaks[[8, 9], 0] = 9  # ranks 1 and 2
    peaks[[5, 6], 1] = 6  # ranks k and k + 1
    peaks[[4, 5], 2] = 4  # ranks k + 1 and k + 2
    found = stimuli_of_arrays(peaks, sites, make_pool(10), Search(k=K))
    np.testing.assert_array_equal(found.tied, [False, True, False, False, False])


def keep_first(column: np.ndarray, k: int) -> list[int]:
    """A list of k kept in order, which only a strictly larger value may enter."""
    kept = list(range(k))
    kept.sort(key=lambda row: -column[row])
    for row in range(k, len(column)):
        if column[row] > column[kept[-1]]:
            place = next(
                i for i, other in enumerate(kept) if column[row] > column[other]
            )
            kept = [*kept[:place], row, *kept[place:-1]]
    return kept


@pytest.mark.slow
def test_keep_and_order_do_as_the_authors_code(sites, make_pool, rng):
    peaks = planted(rng, 30)
    peaks[:, 1] = np.nan
    peaks[:, 2] = 0
    search = Search(k=K, ties="order", dead="keep")
    found = stimuli_of_arrays(peaks, sites, make_pool(30), search, batch_size=7)
    expected = [keep_first(column, K) for column in peaks.T]
    assert expected[1] == expected[2] == [0, 1, 2, 3]
    np.testing.assert_array_equal(found.image_ids, expected)
    np.testing.assert_array_equal(found.count, K)
    assert not found.dead.any()
    np.testing.assert_array_equal(found.nonfinite, [False, True, False, False, False])


def test_settings_that_cannot_be_are_refused(sites, make_pool):
    with pytest.raises(UsageError, match=r"ties 'random'.*hash, order"):
        Search(ties="random")
    with pytest.raises(UsageError, match=r"dead 'drop'.*exclude, keep"):
        Search(dead="drop")
    with pytest.raises(UsageError, match=r"compute type 'float16'.*bfloat16"):
        Search(compute="float16")
    with pytest.raises(UsageError, match="k must be a whole number, 1 or more"):
        Search(k=0)
    peaks = np.zeros((K, 5), np.float32)
    with pytest.raises(UsageError, match=f"pool of more than {K} images"):
        stimuli_of_arrays(peaks, sites, make_pool(K), Search(k=K))


@pytest.mark.parametrize("shape", [(9, 5), (11, 5), (10, 4)])
def test_responses_of_other_images_or_neurons_are_refused(sites, make_pool, shape):
    peaks = np.zeros(shape, np.float32)
    with pytest.raises(DataError, match=r"peaks are .*\(10, 5\)"):
        stimuli_of_arrays(peaks, sites, make_pool(10), Search(k=K))


CELLS = np.array([[600, 3], [1, 7]], np.int32)


@pytest.fixture(scope="module")
def swept(sites, make_pool, decode):
    """300 images in two batches, the second of them mostly padding."""
    pool, rng = make_pool(300), np.random.default_rng(5)
    sample = rng.permutation(300)[:40].astype(np.int32)
    look = observe(reader, sites, CELLS, pool, Search(k=K), sample=sample)
    peaks = planted(rng, 300)
    peaks[-1] = [9, -9, 9, -9, 9]  # The row that pads is the last.
    stimuli, responses = look({"peaks": peaks}, decode(pool))
    return pool, peaks, sample, stimuli, responses


@pytest.mark.slow
def test_a_sweep_finds_what_a_full_sort_finds(swept, sort_all):
    pool, peaks, _, stimuli, _ = swept
    for name, value in sort_all(peaks, pool.order, K).items():
        np.testing.assert_array_equal(getattr(stimuli, name), value, err_msg=name)
    assert stimuli.pool_id == pool.pool_id
    np.testing.assert_array_equal(stimuli.grids, CELLS)


def test_positions_are_rows_and_columns_of_the_sites_own_grid(swept):
    stimuli = swept[3]
    widths = np.repeat(CELLS[:, 1], [3, 2])[:, None]
    at = stimuli.positions[..., 0] * widths + stimuli.positions[..., 1]
    np.testing.assert_array_equal(at, stimuli.image_ids)
    assert np.all(stimuli.positions[..., 1] < widths)


def test_responses_to_the_sample_are_kept_as_they_are(swept):
    _, peaks, sample, _, responses = swept
    np.testing.assert_array_equal(responses.peaks, peaks[sample])


def test_images_of_another_pool_are_refused_by_name(sites, make_pool, decode):
    pool, other = make_pool(20), make_pool(21)
    look = observe(
        reader, sites, CELLS, pool, Search(k=K), sample=np.arange(3, dtype=np.int32)
    )
    with pytest.raises(DataError, match=pool.pool_id) as caught:
        look({"peaks": np.zeros((21, 5), np.float32)}, decode(other))
    assert other.pool_id in str(caught.value)


@pytest.mark.slow
def test_only_candidates_are_looked_at_again_and_ranked_exactly(
    sites, make_pool, decode, sort_all
):
    pool, rng = make_pool(300), np.random.default_rng(6)
    sample = rng.permutation(300)[:20].astype(np.int32)
    variables = []
    for _ in range(2):
        peaks = rng.normal(size=(300, 5)).astype(np.float32)
        rough = np.asarray(jnp.asarray(peaks, jnp.bfloat16), np.float32)
        ranked = [np.lexsort((pool.order, -column))[: 2 * K + 1] for column in rough.T]
        others = np.setdiff1d(np.arange(300), np.append(ranked, sample))
        seen = peaks.copy()
        seen[others] = 99  # Whoever looks at them finds them first.
        variables.append({"peaks": seen, "rough": rough, "all": peaks})

    def narrow(variables, pixels):
        return reader({"peaks": variables["rough"]}, pixels)

    search = Search(k=K)
    look = observe(reader, sites, CELLS, pool, search, sample=sample, narrow=narrow)
    found = look.sweep_together(variables, decode(pool))
    for one, (stimuli, responses) in zip(variables, found, strict=True):
        for name, value in sort_all(one["all"], pool.order, K).items():
            np.testing.assert_array_equal(getattr(stimuli, name), value, err_msg=name)
        np.testing.assert_array_equal(responses.peaks, one["all"][sample])
    exact = observe(reader, sites, CELLS, pool, search, sample=sample)
    passes = [one.footprint(variables[0], decode(pool)) for one in (look.first, exact)]
    larger = tuple(map(max, *passes))
    assert tuple(look.footprint(variables[0], decode(pool))) == larger
