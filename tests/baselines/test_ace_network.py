"""ACE from end to end: segments read by a planted network, found, and tested.

The network sees hues. Counted strictly: a member that is of no kind is a mistake. The
settings were chosen on seeds 10 to 12.
"""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.baselines.ace import ClusteringSettings, discover_concepts
from conceptevo_jax.baselines.pooled_activations import pooled_activations
from conceptevo_jax.baselines.segments import SegmentationSettings, segment_images
from conceptevo_jax.data.shapes import SIDE, draw, factors, silhouettes
from conceptevo_jax.models import Model, identity_tap
from conceptevo_jax.types import Site

SETTINGS = ClusteringSettings(clusters=12, min_segments=8, max_members=1000)
IMAGES, BACKGROUND = 60, 6


class Hues(nn.Module):
    """By how much each channel of a pixel exceeds each other one."""

    @nn.compact
    def __call__(self, images, train=False, tap=identity_tap):
        r, g, b = (images[..., channel] for channel in range(3))
        differences = jnp.stack([r - g, g - r, g - b, b - g, r - b, b - r], axis=-1)
        hues = tap("hues", nn.relu(differences - 0.15))
        return hues.mean(axis=(1, 2))[:, :2]


@pytest.fixture(scope="module")
def read():
    site = Site(name="hues", channels=6, rectified=True, receptive_field=1, stride=1)
    model = Model(
        name="hues",
        preset="tiny",
        module=Hues(),
        sites=(site,),
        size=SIDE,
        classes=2,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )
    return pooled_activations(model, {}, "hues")


def planted(seed):
    """Segments of sixty warm discs, and whether each is of one colour or background."""
    latents = factors(seed, "train", np.arange(0, 10 * IMAGES, 10))
    pixels, inside = draw(latents), silhouettes(latents)
    segments = segment_images(pixels, SegmentationSettings(counts=(8,)))
    pairs = zip(segments.image, segments.masks, strict=True)
    share = np.array([inside[image][mask].mean() for image, mask in pairs])
    kind = np.where(share > 0.8, latents.colour[segments.image], -1)
    return segments, np.where(share < 0.1, BACKGROUND, kind)


def precision_and_recall(concepts, kind):
    """Of concepts named by their commonest kinds; means over concepts and kinds."""
    kinds, totals = np.unique(kind[kind >= 0], return_counts=True)
    table = np.array(
        [(kind[m][:, None] == kinds).sum(axis=0) for m in concepts.members]
    )
    sizes = np.array([len(members) for members in concepts.members])
    named = table.argmax(axis=1)
    hits = np.bincount(named, table.max(axis=1), minlength=len(kinds))
    return (table.max(axis=1) / sizes).mean(), (hits / totals).mean()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_planted_concepts_are_found_and_chance_finds_none(read, seed):
    segments, kind = planted(seed)
    rng = np.random.default_rng(seed)
    activations = read(segments.patches)
    noise = rng.normal(size=activations.shape)
    concepts, chance_concepts = (
        discover_concepts(rows, segments, images=IMAGES, settings=SETTINGS)
        for rows in (activations, noise)
    )
    precision, recall = precision_and_recall(concepts, kind)
    assert len(np.unique(kind[kind >= 0])) == 4
    assert precision > 0.75
    assert recall > 0.65
    controls = ((chance_concepts, kind), (concepts, rng.permutation(kind)))
    for control_concepts, truth in controls:
        precision, recall = precision_and_recall(control_concepts, truth)
        assert precision < 0.7
        assert recall < 0.35
