"""Concept maps say whether a concept stays or moves, from its items alone."""

import numpy as np
import pytest

from conceptevo_jax.figures import ConceptPanel, draw_concept_maps
from conceptevo_jax.figures.drift import path_message


def panels_at(*centers):
    ring = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    marked = np.array([True] * 4 + [False])
    return [
        ConceptPanel(points=np.concatenate([ring + c, [[9.0, 9.0]]]), marked=marked)
        for c in centers
    ]


@pytest.mark.parametrize(
    ("end", "message"),
    [((0.5, 0.0), "stays"), ((3.1, 0.0), "moves 3.1 times its spread")],
)
def test_a_concept_that_leaves_its_spread_moves(end, message):
    panels = panels_at((0, 0), (7, 7), end)
    centroids = [panel.points[panel.marked].mean(axis=0) for panel in panels]
    assert path_message(centroids, panels) == message
    figure = draw_concept_maps([("a method", panels)], ["a", "b", "c"], title="t")
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", message]


def test_a_concept_in_one_snapshot_has_no_way():
    (panel,) = panels_at((0, 0))
    assert path_message([np.zeros(2)], [panel]) == "too few snapshots"
