"""ACE tells hues of segments apart, by rules that keep or drop a cluster.

How coarse the segments are was chosen on these very images, and segments of mixed
content are left out: `test_ace_network.py` counts strictly, its settings chosen on
others.
"""

import numpy as np
import pytest

from conceptevo_jax.baselines.ace import ClusteringSettings, discover_concepts
from conceptevo_jax.baselines.segments import SegmentationSettings, segment_images
from conceptevo_jax.data.shapes import COLOURS, draw, factors, silhouettes
from conceptevo_jax.errors import DataError, UsageError

SETTINGS = ClusteringSettings(clusters=8, min_segments=8)


@pytest.fixture(scope="module")
def planted():
    """Segments of one shape in three colours and of the background; which is which.

    Sixty images of the class "warm disc"; a segment shows a colour if four fifths of it
    are of the shape, and the background if a tenth is.
    """
    latents = factors(0, "train", np.arange(0, 600, 10))
    pixels, inside = draw(latents), silhouettes(latents)
    segments = segment_images(pixels, SegmentationSettings(counts=(8,)))
    shape = np.array(
        [
            inside[image][mask].mean()
            for image, mask in zip(segments.image, segments.masks, strict=True)
        ]
    )
    truth = np.full(len(shape), -1)
    truth[shape < 0.1] = len(COLOURS)
    mostly_shape = shape > 0.8
    truth[mostly_shape] = latents.colour[segments.image[mostly_shape]]
    return segments, truth, len(pixels)


def colour_of(segments):
    """What a layer of colour detectors would see: a segment's hue, dark or bright."""
    grey = np.full(3, 117.0)
    rows = []
    for patch in segments.patches.astype(float):
        tinted = np.abs(patch - grey).max(axis=-1) > 3
        colour = patch[tinted].mean(axis=0) if tinted.any() else grey
        hue = colour - colour.mean()
        rows.append(hue / max(float(np.linalg.norm(hue)), 20.0))
    return np.array(rows)


def scores(concepts, truth):
    """Mean precision of the concepts, and share of planted kinds they recover."""
    precisions, recovered = [], set()
    for members in concepts.members:
        kinds = truth[members]
        kinds = kinds[kinds >= 0]
        if not kinds.size:
            continue
        values, counts = np.unique(kinds, return_counts=True)
        precisions.append(counts.max() / kinds.size)
        if counts.max() >= 0.8 * kinds.size:
            recovered.add(int(values[counts.argmax()]))
    planted = set(np.unique(truth[truth >= 0]).tolist())
    return float(np.mean(precisions)), len(recovered & planted) / len(planted)


@pytest.mark.slow
def test_planted_concepts_are_recovered(planted):
    segments, truth, images = planted
    concepts = discover_concepts(
        colour_of(segments), segments, images=images, settings=SETTINGS
    )
    precision, recall = scores(concepts, truth)
    assert precision >= 0.9
    assert recall == 1
    # Three warm colours and the background.
    assert len(np.unique(truth[truth >= 0])) == 4


@pytest.mark.slow
def test_activations_that_know_nothing_recover_nothing(planted):
    segments, truth, images = planted
    noise = np.random.default_rng(0).normal(size=(len(segments.image), 3))
    concepts = discover_concepts(noise, segments, images=images, settings=SETTINGS)
    precision, recall = scores(concepts, truth)
    assert precision < 0.8
    assert recall <= 0.25


def clusters(sizes, images_of):
    """Segments in clusters far apart: their activations and image numbers."""
    image = np.concatenate(
        [np.arange(s) % n for s, n in zip(sizes, images_of, strict=True)]
    )
    centres = np.repeat(np.arange(len(sizes)) * 100.0, sizes)
    spread = np.concatenate([np.linspace(-1, 1, s) for s in sizes])
    return np.stack([centres + spread, spread], axis=1), image


@pytest.mark.parametrize(
    ("images_of", "is_concept"),
    [
        (20, True),  # over half of its segments' number
        (12, True),  # over a quarter of it, and of the images
        (9, False),  # under a quarter
        (4, False),
    ],
)
def test_the_rules_that_keep_a_cluster(planted, images_of, is_concept):
    rows, image = clusters([30, 40], [images_of, 1])
    segments = type(planted[0])(
        image=image,
        masks=np.zeros((70, 2, 2), bool),
        patches=np.zeros((70, 2, 2, 3), np.uint8),
    )
    settings = ClusteringSettings(clusters=2, min_segments=8, max_members=10)
    concepts = discover_concepts(rows, segments, images=40, settings=settings)
    assert concepts.sizes.tolist() == ([30] if is_concept else [])
    if is_concept:
        assert concepts.images.tolist() == [images_of]
        # Nearest to the centre first, and no more than `max_members`.
        (members,) = concepts.members
        assert len(members) == 10
        assert np.abs(rows[members, 1]).max() < 0.4


def test_a_cluster_in_half_of_the_images_may_be_large(planted):
    rows, image = clusters([150, 40], [25, 1])
    segments = type(planted[0])(
        image=image,
        masks=np.zeros((190, 2, 2), bool),
        patches=np.zeros((190, 2, 2, 3), np.uint8),
    )
    settings = ClusteringSettings(clusters=2, min_segments=8)
    concepts = discover_concepts(rows, segments, images=40, settings=settings)
    assert concepts.sizes.tolist() == [150]
    larger = ClusteringSettings(clusters=2, min_segments=150)
    assert not discover_concepts(rows, segments, images=40, settings=larger).members


def test_too_few_segments_and_broken_activations_are_said(planted):
    segments, _, images = planted
    rows = colour_of(segments)
    too_fine = ClusteringSettings(clusters=len(rows))
    with pytest.raises(DataError, match=f"{len(rows)} segments of 60 images"):
        discover_concepts(rows, segments, images=images, settings=too_fine)
    rows[0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        discover_concepts(rows, segments, images=images, settings=SETTINGS)
    with pytest.raises(UsageError, match="clusters=1"):
        ClusteringSettings(clusters=1)


@pytest.mark.parametrize("distinct", [1, 3])
def test_a_collapsed_snapshot_is_said(planted, distinct):
    """It gives one activation, or few, for all segments."""
    segments, _, images = planted
    rows = np.eye(3)[np.arange(len(segments.image)) % distinct]
    message = f"have only {distinct} different activations, too few for 8 clusters"
    with pytest.raises(DataError, match=message):
        discover_concepts(rows, segments, images=images, settings=SETTINGS)
