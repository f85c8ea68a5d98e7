"""Pairs: every image's neurons form a path, in every repeat."""

from collections import Counter

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.embedding import co_activations, sample_pairs
from conceptevo_jax.errors import UsageError

LISTS = st.lists(
    st.lists(st.integers(0, 5), max_size=4, unique=True), min_size=2, max_size=7
)


def neurons_by_image(lists):
    found = {}
    for neuron, images in enumerate(lists):
        for image in images:
            found.setdefault(image, []).append(neuron)
    return {image: own for image, own in sorted(found.items()) if len(own) > 1}


@given(lists=LISTS)
def test_entries_are_the_images_with_two_or_more_neurons(make_stimuli, lists):
    expected = neurons_by_image(lists)
    if not expected:
        with pytest.raises(UsageError, match="no two of the"):
            co_activations(make_stimuli(lists))
        return
    found = co_activations(make_stimuli(lists))
    entries = [(image, n) for image, own in expected.items() for n in own]
    assert list(zip(found.images, found.neurons, strict=True)) == entries
    assert len(found.starts) == sum(len(own) - 1 for own in expected.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("neurons", "images"), [(2, 1), (9, 4), (40, 60), (60, 12), (30, 15)]
)
def test_each_list_becomes_a_path_over_all_its_neurons(
    make_stimuli, rng, neurons, images
):
    lists = [rng.permutation(images)[:8].tolist() for _ in range(neurons)]
    found = co_activations(make_stimuli(lists))
    keys = jax.random.split(jax.random.key(0), 10)
    repeats = np.asarray(jax.vmap(lambda key: sample_pairs(found, key))(keys))
    position = 0
    for own in neurons_by_image(lists).values():
        paths = repeats[:, position : position + len(own) - 1]
        position += len(own) - 1
        assert (paths[:, 1:, 0] == paths[:, :-1, 1]).all()
        ends = np.concatenate([paths[:, :1, 0], paths[:, :, 1]], axis=1)
        assert (np.sort(ends) == own).all()
    assert position == repeats.shape[1]


def test_entries_are_sorted_and_leave_single_neurons_out(make_stimuli):
    found = co_activations(make_stimuli([[4, 2], [2, 9], [], [2, 4]]))
    assert found.images.tolist() == [2, 2, 2, 4, 4]
    assert found.neurons.tolist() == [0, 1, 3, 0, 3]
    assert found.starts.tolist() == [0, 1, 3]


@pytest.mark.slow
def test_orders_are_uniform_and_independent_of_each_other(make_stimuli):
    found = co_activations(make_stimuli([[0, 1]] * 3))
    keys = jax.random.split(jax.random.key(0), 3_000)
    pairs = np.asarray(jax.vmap(lambda key: sample_pairs(found, key))(keys))
    middles = Counter(
        zip(pairs[:, 0, 1].tolist(), pairs[:, 2, 1].tolist(), strict=True)
    )
    assert len(middles) == 9
    assert max(abs(times - 3_000 / 9) for times in middles.values()) < 80


def test_a_dead_neuron_is_in_no_pair(make_stimuli):
    stimuli = make_stimuli([[0], [0], [0]])
    stimuli.dead[1] = True
    assert 1 not in co_activations(stimuli).neurons


def test_no_shared_image_is_explained(make_stimuli):
    with pytest.raises(UsageError, match=r"no two of the 2 live neurons share.*k=2"):
        co_activations(make_stimuli([[0, 1], [2, 3], []]))
