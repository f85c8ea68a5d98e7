"""NeuroCartography: its objective, its independence, and its concept groups."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import read_activations
from conceptevo_jax.baselines.neurocartography import (
    FIGURE_9,
    FitSettings,
    GroupingSettings,
    activated_cells,
    fit_snapshot,
    group_neurons,
)
from conceptevo_jax.embedding import fit_neurons, pair_losses
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import build_model
from conceptevo_jax.types import Site, Stimuli

SITES = (
    Site(name="a", channels=6, rectified=True, receptive_field=3, stride=1),
    Site(name="b", channels=4, rectified=True, receptive_field=5, stride=1),
)


def stimuli_of(ids, sites=SITES, dead=()):
    ids = np.asarray(ids, np.int32)
    n, k = ids.shape
    is_dead = np.isin(np.arange(n), dead)
    ids = np.where(is_dead[:, None], -1, ids)
    return Stimuli(
        image_ids=ids,
        peaks=np.where(ids >= 0, 1.0, np.nan).astype(np.float32),
        positions=np.zeros((n, k, 2), np.int32),
        count=(ids >= 0).sum(axis=1).astype(np.int32),
        tied=np.zeros(n, bool),
        dead=is_dead,
        nonfinite=np.zeros(n, bool),
        grids=np.full((len(sites), 2), 4, np.int32),
        sites=sites,
        pool_id="pool",
    )


@pytest.fixture
def grouped():
    """At each site two groups of neurons with the same images, and a loner."""
    first, second, third = (np.arange(start, start + 20) for start in (0, 30, 60))
    loner = np.arange(300, 320)
    return stimuli_of(
        [first, first, first, second, second, loner, third, third, loner + 50, third]
    )


def reference_gradient(u, v, against_u, against_v):
    """By hand: −log σ(u·v) − Σ log σ(−u·r) − Σ log σ(−v·r), random neurons fixed."""

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    pull = sigma(u @ v) - 1
    of_u = pull * v + sum(sigma(u @ r) * r for r in against_u)
    of_v = pull * u + sum(sigma(v @ r) * r for r in against_v)
    return of_u, of_v


@pytest.mark.slow
def test_its_objective_has_the_gradient_of_a_numpy_reference():
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 5)).astype(np.float32)
    against = rng.normal(size=(2, 10, 5)).astype(np.float32)

    def loss(u, v, against_u, against_v):
        return pair_losses(
            u[None], v[None], against_u[None], against_v[None], negatives_learn=False
        )[0][0]

    gradients = jax.grad(loss, argnums=(0, 1, 2, 3))(u, v, *against)
    expected = reference_gradient(*(a.astype(np.float64) for a in (u, v, *against)))
    for gradient, by_hand in zip(gradients[:2], expected, strict=True):
        np.testing.assert_allclose(gradient, by_hand, rtol=1e-5)
    # The fault of the authors' code: r·r in place of u·r gives another gradient.
    for gradient in gradients[2:]:
        assert not np.asarray(gradient).any()


@pytest.mark.slow
def test_fitting_descends_that_objective(grouped):
    """Where it ends hardly depends on the seed, where it starts does: mean of five."""
    settings = FitSettings(images=20, repeats=40, learning_rate=0.05)
    fits = [fit_snapshot(grouped, settings, seed=seed) for seed in range(5)]
    reports = [report for _, report in fits]
    assert all(report.total[-1] < 0.9 * report.start_total for report in reports)
    assert np.mean([r.positive[-1] / r.start_positive for r in reports]) < 0.8
    embedding = fits[0][0]
    same = fit_neurons(
        grouped,
        dim=30,
        learning_rate=0.05,
        negatives=10,
        repeats=40,
        batch_size=256,
        negatives_learn=False,
        seed=0,
    )[0]
    np.testing.assert_array_equal(embedding.vectors, same.vectors)


def test_its_defaults_and_those_of_the_figure():
    default = FitSettings()
    assert (default.images, default.dim, default.learning_rate) == (100, 30, 0.01)
    assert (default.negatives, default.repeats) == (10, 30)
    assert (FIGURE_9.images, FIGURE_9.negatives, FIGURE_9.repeats) == (20, 3, 100)
    assert (FIGURE_9.dim, FIGURE_9.learning_rate) == (30, 0.01)


def test_fewer_images_than_it_needs_are_refused(grouped):
    with pytest.raises(UsageError, match="needs 100 images per neuron, but 20"):
        fit_snapshot(grouped, FitSettings(), seed=0)


def same_cells(stimuli, active):
    """Cells of every image: per site `active[x c]`, whatever the image."""

    def read(site, rows):
        return (active[site.name] for _ in rows)

    return read


@pytest.fixture
def cells(grouped):
    """Neurons 0 and 1 light the same cells, 2 others, 3 and 4 the same."""
    a = np.zeros((16, 6), bool)
    a[:8, [0, 1]], a[8:, 2], a[4:12, [3, 4]], a[:, 5] = True, True, True, True
    b = np.ones((16, 4), bool)
    return same_cells(grouped, {"a": a, "b": b})


def test_groups_share_images_and_cells(grouped, cells):
    groups = group_neurons(grouped, cells)
    pairs = zip(groups.sites, groups.members, strict=True)
    assert {(site, *members.tolist()) for site, members in pairs} == {
        ("a", 0, 1),
        ("a", 3, 4),
        ("b", 6, 7, 9),
    }


def test_groups_do_not_depend_on_the_order_of_neurons(grouped, cells):
    """One set of permutations for all: equal sets always hash alike."""
    for seed in range(5):
        groups = group_neurons(grouped, cells, GroupingSettings(seed=seed))
        assert sorted(map(len, groups.members)) == [2, 2, 3]


def test_dead_neurons_and_silent_cells_are_in_no_group(grouped):
    silent = {"a": np.zeros((16, 6), bool), "b": np.ones((16, 4), bool)}
    dead = stimuli_of(grouped.image_ids, dead=[7])
    groups = group_neurons(dead, same_cells(dead, silent))
    assert [m.tolist() for m in groups.members] == [[6, 9]]


@pytest.mark.slow
def test_collisions_are_as_frequent_as_the_jaccard_index():
    """Sets that share a third of their union collide in a ninth of bands of two."""
    ids = np.stack([np.arange(20), np.arange(10, 30)])
    ids = np.concatenate([ids, np.arange(1000, 1160).reshape(8, 20)])
    sites = (SITES[0],)
    stimuli = stimuli_of(ids[:6], sites)
    all_cells = same_cells(stimuli, {"a": np.ones((16, 6), bool)})
    group_counts = [
        len(
            group_neurons(
                stimuli, all_cells, GroupingSettings(bands=1, seed=seed)
            ).members
        )
        for seed in range(600)
    ]
    assert np.mean(group_counts) == pytest.approx(1 / 9, abs=0.04)


def test_more_images_are_asked_of_a_pair(grouped, cells):
    """A pair is grouped by enough images, or not at all."""
    assert group_neurons(grouped, cells, GroupingSettings(min_images=20)).members
    assert not group_neurons(grouped, cells, GroupingSettings(min_images=21)).members


def test_settings_out_of_range_are_refused():
    with pytest.raises(UsageError, match="band_size=0"):
        GroupingSettings(band_size=0)


@pytest.mark.slow
def test_cells_are_read_from_a_model():
    model = build_model("vgg16", preset="tiny", classes=3)
    variables = model.init(0)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, model.size, model.size, 3), np.uint8)
    read = activated_cells(model, variables, lambda rows: images[rows])
    site = model.sites[1]
    active = np.stack(list(read(site, np.arange(70))))
    reader = read_activations(model, [site.name])
    _, activations = reader(variables, jnp.asarray(images[64:66]))
    maps = np.asarray(activations[site.name])
    expected = maps.reshape(2, -1, site.channels) > 0
    np.testing.assert_array_equal(active[64:66], expected)
    assert active.shape[0] == 70
