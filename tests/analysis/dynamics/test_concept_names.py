"""Patches of planted colours and textures, and the names that concepts get."""

import numpy as np
import pytest

from conceptevo_jax.analysis.dynamics.concept_names import (
    Look,
    look_of,
    number_doubles,
    shared_look,
)

SIDE = 12


def plain(*rgb):
    return np.broadcast_to(np.array(rgb, np.uint8), (SIDE, SIDE, 3))


def stripes(angle):
    """Bright and dark stripes that run at an angle, in degrees from the right."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    across = columns * np.sin(np.radians(angle)) + rows * np.cos(np.radians(angle))
    grey = np.where(np.sin(across) > 0, 200, 60).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("rgb", "colour"),
    [
        ((200, 20, 20), "red"),
        ((230, 120, 20), "orange"),
        ((220, 210, 30), "yellow"),
        ((20, 180, 30), "green"),
        ((20, 190, 180), "turquoise"),
        ((30, 60, 200), "blue"),
        ((130, 30, 200), "purple"),
        ((220, 40, 150), "pink"),
        ((10, 10, 12), "dark"),
        ((250, 250, 245), "bright"),
        ((128, 128, 128), ""),
    ],
)
def test_colours_have_their_names(rgb, colour):
    look = look_of(plain(*rgb))
    assert (look.colour, look.texture) == (colour, "plain")


@pytest.mark.parametrize(
    ("angle", "texture"),
    [(0, "horizontal edges"), (90, "vertical edges"), (45, "diagonal edges")],
)
def test_edges_are_called_by_the_line_that_they_run_along(angle, texture):
    assert look_of(stripes(angle)).texture == texture


def test_noise_runs_along_no_line_and_one_pixel_has_no_texture(rng):
    noise = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert look_of(noise).texture == ""
    assert look_of(np.zeros((1, 1, 3), np.uint8)).texture == ""


def looks(colour, count, of=10, texture=""):
    chosen = [Look(colour=colour, texture=texture)] * count
    return chosen + [Look(colour="", texture="")] * (of - count)


def test_a_look_needs_half_of_the_patches_and_twice_the_usual_share():
    assert shared_look(looks("red", 5), looks("red", 2)) == "red"
    assert shared_look(looks("red", 4), looks("red", 0)) is None
    # Nearly all patches are dark: to be dark says nothing of a concept.
    assert shared_look(looks("dark", 10), looks("dark", 6)) is None
    assert shared_look([], looks("red", 5)) is None


def test_texture_counts_where_no_colour_is_shared():
    patches = looks("", 8, texture="vertical edges")
    assert shared_look(patches, looks("red", 5)) == "vertical edges"


def test_doubles_are_numbered_in_order():
    names = ["Bag", "Coat", "Bag", "mixed"]
    assert number_doubles(names) == ("Bag 1", "Coat", "Bag 2", "mixed")
