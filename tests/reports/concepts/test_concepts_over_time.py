"""Concepts of a small result: their names, their table and their figure."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.figures import save_figure
from conceptevo_jax.reports.concepts.figures import concepts_over_time
from conceptevo_jax.reports.concepts.measure import find_concepts, run_members
from conceptevo_jax.reports.concepts.tables import concept_rows
from conceptevo_jax.types import Embedding


@pytest.fixture(scope="module")
def rows(explored):
    return concept_rows([explored.base, explored.run], explored.named)


def test_rows_count_the_neurons_of_every_snapshot(explored, rows):
    for projected in (explored.base, explored.run):
        members = run_members(projected, explored.named.concepts)
        for epoch, member in zip(projected.epochs, members, strict=True):
            counted = [
                row["neurons"]
                for row in rows
                if (row["run"], row["epoch"]) == (projected.run.name, epoch)
            ]
            assert (
                counted
                == np.bincount(
                    member[member >= 0], minlength=explored.named.count
                ).tolist()
            )


def test_changes_explain_the_numbers_and_are_unknown_at_first(explored, rows):
    by_place = {(row["run"], row["epoch"], row["concept"]): row for row in rows}
    first, *later = explored.run.epochs
    for name in explored.named.names:
        row = by_place["vgg16", first, name]
        assert row["entered"] is row["left"] is row["died"] is None
        for epoch in later:
            before, row = row, by_place["vgg16", epoch, name]
            change = row["entered"] - row["left"] - row["died"]
            assert row["neurons"] == before["neurons"] + change


def test_names_are_classes_of_half_of_the_stimuli_and_none_occurs_twice(explored):
    named, images = explored.named, explored.session.images
    assert len(set(named.names)) == named.count
    for name, label, share in zip(
        named.names, named.concepts.label, named.concepts.share, strict=True
    ):
        assert name.startswith(images.classes[label]) == (share >= 0.5)


def test_classless_concepts_are_called_by_the_colour_that_their_patches_share(
    explored, monkeypatch
):
    """Every image is red, but those that the first concept selects, which are blue."""
    base, images = explored.base, explored.session.images
    epoch = base.epochs[-1]
    stimuli = base.stimuli(epoch)
    vectors = np.full(base.placed[epoch].vectors.shape, np.nan)
    live = np.flatnonzero(~stimuli.dead)
    blue_rows = np.unique(stimuli.image_ids[live[:1]])
    selects_blue = np.isin(stimuli.image_ids[live], blue_rows).all(axis=1)
    vectors[live] = np.where(selects_blue[:, None], *np.eye(2, vectors.shape[1]))
    vectors[live, 2] = np.linspace(0, 0.01, len(live))
    side = images.pool_pixels.side
    pixels = np.zeros((len(images.pool), side, side, 3), np.uint8)
    pixels[..., 0] = 200
    pixels[blue_rows] = (0, 0, 200)
    planted = dataclasses.replace(
        images,
        pool_pixels=dataclasses.replace(images.pool_pixels, pixels=pixels),
    )
    placed = {epoch: Embedding(vectors=vectors, coverage=base.placed[epoch].coverage)}
    monkeypatch.setattr("conceptevo_jax.reports.concepts.measure.NAMED_SHARE", 1.1)
    named = find_concepts(planted, dataclasses.replace(base, placed=placed), count=2)
    assert "blue" in named.names


def test_the_same_concepts_give_the_same_figure(explored, tmp_path):
    files = []
    for name in ("a", "b"):
        figure = concepts_over_time([explored.run], explored.named)
        files.append(save_figure(figure, tmp_path / name))
    for first, second in zip(*files, strict=True):
        assert first.read_bytes() == second.read_bytes()
