"""The unified space: laws of projection, coverage policies and refusals."""

from itertools import pairwise

import numpy as np
import pytest

from conceptevo_jax.embedding import fit_neurons
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.projection import (
    SolveSettings,
    SpaceSettings,
    build_space,
    project_neurons,
    response_quantiles,
)
from conceptevo_jax.projection.solved_images import stimulus_matrix
from conceptevo_jax.store import load_record, save_record
from conceptevo_jax.types import Embedding, Space

GROUPS, IMAGES = 4, 20
POOL = (GROUPS + 1) * IMAGES
COVERED = SpaceSettings(policy="covered")
KEEP_NOISE = SpaceSettings(policy="random", solve=SolveSettings(initial="uniform"))


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="module")
def base(plant):
    """Twelve neurons for each of four concepts; a fifth concept's images are bare."""
    stimuli = plant([[i % GROUPS] for i in range(12 * GROUPS)], images=IMAGES)
    return stimuli, fit_neurons(stimuli, dim=8, repeats=60)[0]


@pytest.fixture(scope="module")
def covered(base):
    return build_space(*base, base="vgg19@9", pool_size=POOL, settings=COVERED)


@pytest.mark.slow
def test_projecting_the_base_returns_its_vectors(base, covered):
    stimuli, neurons = base
    space, report = covered
    projected = project_neurons(stimuli, space)
    np.testing.assert_allclose(projected.vectors, neurons.vectors, atol=1e-6)
    assert (projected.coverage == 1).all()
    assert space.residual == report.residual < 1e-6
    assert report.solve.rank == len(neurons.coverage)


def test_duplicate_neurons_and_random_starts_keep_that_law(make_stimuli, base):
    stimuli, neurons = base
    lists = [*stimuli.image_ids.tolist(), stimuli.image_ids[0].tolist()]
    rows = [*range(len(neurons.coverage)), 0]
    doubled = Embedding(
        vectors=neurons.vectors[rows], coverage=np.ones(len(rows), np.float32)
    )
    space, report = build_space(
        make_stimuli(lists), doubled, base="b@0", pool_size=POOL, settings=KEEP_NOISE
    )
    projected = project_neurons(make_stimuli(lists), space)
    np.testing.assert_allclose(projected.vectors, doubled.vectors, atol=1e-6)
    assert report.solve.rank == len(rows) - 1


@pytest.fixture(scope="module", params=[0.0, 1.0], ids=["exact", "ridge"])
def solved(request, base):
    """The exact space, in which laws hold on average, and a regularised one."""
    settings = SpaceSettings(policy="covered", solve=SolveSettings(ridge=request.param))
    return build_space(*base, base="b@0", pool_size=POOL, settings=settings)[0]


def test_polysemantic_neurons_project_between_their_groups(plant, base, solved):
    mixed = plant([[0, 1]] * 20, images=IMAGES, seed=3)
    placed = project_neurons(mixed, solved).vectors
    centres = [base[1].vectors[group::GROUPS].mean(axis=0) for group in range(GROUPS)]
    near = np.array([[cosine(v, centre) for centre in centres] for v in placed])
    assert min(near.mean(axis=0)[:2]) > 0.2
    assert max(near.mean(axis=0)[2:]) < -0.3
    if solved.method["solve"]["ridge"]:
        assert (near[:, :2].min(axis=1) > near[:, 2:].max(axis=1)).all()


def test_neurons_of_other_models_with_more_shared_stimuli_lie_closer(
    make_stimuli, base, solved
):
    lists = base[0].image_ids.tolist()
    mixed = [
        own[:shared] + foreign[shared:]
        for own, foreign in pairwise(lists)
        for shared in (8, 6, 4, 2, 0)
    ]
    placed = project_neurons(make_stimuli(mixed), solved).vectors
    placed = placed.reshape(len(lists) - 1, 5, -1)
    distances = np.linalg.norm(placed - placed[:, :1], axis=2)
    assert (np.diff(distances.mean(axis=0)) > 0.1).all()
    assert (np.diff(distances, axis=1) > 0).all(axis=1).mean() > 0.9


def test_coverage_is_the_share_of_stimuli_with_a_vector(make_stimuli, covered):
    space = covered[0]
    known, bare = np.flatnonzero(space.images.placed), POOL - 1
    lists = [
        [known[0], bare],
        [bare, bare - 1],
        [],
        [known[1], known[2], bare, bare - 1],
    ]
    found = project_neurons(make_stimuli(lists), space)
    assert found.coverage.tolist() == [0.5, 0, 0, 0.5]
    assert found.placed.tolist() == [True, False, False, True]
    np.testing.assert_array_equal(found.vectors[0], space.images.vectors[known[0]])


def test_covered_gives_only_stimuli_a_vector(base, covered):
    space, report = covered
    stimuli = np.unique(base[0].image_ids)
    np.testing.assert_array_equal(np.flatnonzero(space.images.placed), stimuli)
    np.testing.assert_array_equal(np.flatnonzero(space.images.coverage), stimuli)
    assert report.placed == report.covered == len(stimuli) / POOL


def test_random_keeps_the_start_of_uncovered_images(make_stimuli, base):
    space, report = build_space(*base, base="b@0", pool_size=POOL, settings=KEEP_NOISE)
    bare = space.images.coverage == 0
    assert bare[-IMAGES:].all()
    assert np.abs(space.images.vectors[bare]).max() <= 0.5
    assert space.images.placed.all()
    assert report.placed == 1 > report.covered
    found = project_neurons(make_stimuli([[0, POOL - 1], [POOL - 1]]), space)
    assert found.placed.all()
    assert found.coverage.tolist() == [0.5 * space.images.coverage[0], 0]


@pytest.fixture(scope="module")
def answers(base):
    """Responses by concept, those of every neuron on a scale of its own."""
    rng, neurons = np.random.default_rng(20230723), base[1]
    peaks = rng.uniform(0, 0.1, size=(POOL, len(neurons.coverage)))
    for neuron in range(peaks.shape[1]):
        first = neuron % GROUPS * IMAGES
        peaks[first : first + IMAGES, neuron] += 1
    peaks = (peaks * rng.uniform(0.1, 50, peaks.shape[1])).astype(np.float32)
    peaks[POOL - IMAGES :] = 0
    return peaks


def responsive(base, peaks):
    return build_space(
        *base,
        base="b@0",
        pool_size=POOL,
        settings=SpaceSettings(responsive=6),
        quantiles=response_quantiles(peaks),
        responses=(peaks[i : i + 32] for i in range(0, POOL, 32)),
    )


@pytest.mark.slow
def test_responsive_places_every_image_near_its_concept(base, answers):
    stimuli, neurons = base
    space, report = responsive(base, answers)
    for image in range(GROUPS * IMAGES):
        group = image // IMAGES
        centre = neurons.vectors[group::GROUPS].mean(axis=0)
        assert cosine(space.images.vectors[image], centre) > 0.9
    assert not space.images.placed[-IMAGES:].any()
    assert report.placed == GROUPS / (GROUPS + 1)
    assert report.solve is None
    assert space.quantiles.shape == (len(neurons.coverage), 129)
    again = project_neurons(stimuli, space).vectors
    expected = np.linalg.norm(again - neurons.vectors, axis=1)
    assert space.residual == pytest.approx(np.sqrt((expected**2).mean()), rel=1e-5)


def test_responses_up_to_the_largest_float_place_the_same_images(base, answers):
    """By a power of two, to ±3e38: every rank stays what it was."""
    small = answers - answers.max(axis=0) / 2
    large = small * np.float32(2.0**123)
    assert large.min() < -2e38
    assert large.max() > 2e38
    plain, huge = (responsive(base, peaks)[0] for peaks in (small, large))
    assert huge.images.placed.any()
    np.testing.assert_array_equal(huge.images.vectors, plain.images.vectors)


@pytest.mark.slow
def test_dead_base_neurons_place_nothing(make_stimuli):
    stimuli = make_stimuli([[0, 1], [0, 1], [2]])
    stimuli.dead[2] = True
    neurons = fit_neurons(stimuli, dim=2)[0]
    space, _ = build_space(stimuli, neurons, base="b@0", pool_size=4, settings=COVERED)
    assert space.images.placed.tolist() == [True, True, False, False]
    assert project_neurons(stimuli, space).placed.tolist() == [True, True, False]


def test_another_pool_is_refused_by_name(make_stimuli, covered):
    stimuli = make_stimuli([[0]], pool_id="other")
    with pytest.raises(DataError, match=r"pool other, .* of vgg19@9 is built on pool"):
        project_neurons(stimuli, covered[0])


def test_a_stimulus_outside_the_pool_is_refused(make_stimuli):
    with pytest.raises(DataError, match=r"name image 9 of pool pool, .* 9 images"):
        stimulus_matrix(make_stimuli([[0, 9]]), 9)


def test_vectors_of_other_neurons_are_refused(make_stimuli, base):
    with pytest.raises(DataError, match="stimuli of 1; "):
        build_space(
            make_stimuli([[0]]), base[1], base="b@0", pool_size=9, settings=COVERED
        )


def test_projecting_leaves_the_space_untouched(plant, covered):
    space = covered[0]
    before = space.images.vectors.tobytes(), space.neurons.vectors.tobytes()
    project_neurons(plant([[0], [2]], images=IMAGES, seed=8), space)
    assert before == (space.images.vectors.tobytes(), space.neurons.vectors.tobytes())


def test_same_seed_same_bytes(base):
    vectors = []
    for seed in (1, 1, 2):
        settings = SpaceSettings(policy="random", solve=KEEP_NOISE.solve, seed=seed)
        space, _ = build_space(*base, base="b@0", pool_size=POOL, settings=settings)
        vectors.append(space.images.vectors.tobytes())
    assert vectors[0] == vectors[1] != vectors[2]


def test_a_space_on_disk_projects_alike(base, covered, tmp_path):
    save_record(tmp_path / "space", covered[0])
    loaded = load_record(tmp_path / "space", Space)
    assert loaded.method["solve"]["solver"] == "closed_form"
    first, again = (project_neurons(base[0], s).vectors for s in (covered[0], loaded))
    assert first.tobytes() == again.tobytes()


def test_settings_are_checked():
    with pytest.raises(UsageError, match=r"coverage policy 'covred'.*'covered'"):
        SpaceSettings(policy="covred")
    with pytest.raises(
        UsageError, match="responsive must be a whole number, 1 or more"
    ):
        SpaceSettings(responsive=0)
    with pytest.raises(UsageError, match=r"temperature=0.0 is out of range"):
        SpaceSettings(temperature=0.0)
    with pytest.raises(UsageError, match="set initial to 'uniform'"):
        SpaceSettings(policy="random")


def test_responsive_without_responses_is_explained(base):
    with pytest.raises(UsageError, match="needs quantiles of the base neurons"):
        build_space(*base, base="b@0", pool_size=POOL, settings=SpaceSettings())
