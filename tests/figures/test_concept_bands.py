"""Names of concepts on their bands: inside, and never one over another."""

import itertools

import numpy as np
import pytest

from conceptevo_jax.figures.concept_bands import ConceptBands, draw_concepts_over_time

NAMES = ["Trouser 1", "Ankle boot", "mixed 1", "Pullover", "mixed 2", "T-shirt/top"]


def drawn(shares):
    progress = [float(epoch) for epoch in range(len(shares))]
    panel = ConceptBands(name="a run", progress=progress, shares=shares)
    # As in a figure of three runs, whose panels are the narrowest.
    figure = draw_concepts_over_time([panel] * 3, NAMES)
    figure.canvas.draw()
    return figure.axes[0]


@pytest.mark.parametrize("seed", range(6))
def test_names_lie_in_their_bands_and_over_no_other_name(seed):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(len(NAMES), 0.6), size=13)
    axes = drawn(shares)
    assert axes.texts
    boxes = [text.get_window_extent() for text in axes.texts]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    tops = shares.cumsum(axis=1)
    for text in axes.texts:
        number, (x, y) = NAMES.index(text.get_text()), text.get_position()
        top = tops[int(x), number]
        assert top - shares[int(x), number] < y < top


def test_a_band_that_is_high_somewhere_is_named_where_it_is_highest():
    shares = np.full((9, len(NAMES)), 0.02)
    shares[4, 2] = 0.8
    (text,) = drawn(shares).texts
    assert (text.get_text(), text.get_position()[0]) == ("mixed 1", 4)
