"""The verdict on stored responses is that of a monitor that watched."""

import numpy as np
import pytest

from conceptevo_jax.data import DecodedImages, select_part
from conceptevo_jax.monitor import DAMAGED, HEALTHY, LOST, ConceptMonitor, judge_stored
from conceptevo_jax.stimuli.samples import sample_id, sample_rows
from conceptevo_jax.types import Responses, Site

NEURONS, IMAGES, SAMPLE = 30, 200, 80
SITE = Site(name="late", channels=NEURONS, rectified=True, receptive_field=8, stride=1)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 8, 8, 3), dtype=np.uint8)
    keys = tuple(f"{i:04}" for i in range(IMAGES))
    labels = np.arange(IMAGES, dtype=np.int32) % 10
    return DecodedImages(pixels=pixels, labels=labels, keys=keys)


def responses_to_all(epoch):
    """A network that learns, is then damaged, and then loses everything."""
    rng = np.random.default_rng(5)
    learned = rng.gamma(1.0, 1.0, (IMAGES, NEURONS)).astype(np.float32)
    noise = np.random.default_rng(epoch).gamma(1.0, 0.1, learned.shape)
    if epoch == 3:
        learned = rng.permuted(learned, axis=0)
    if epoch == 4:
        learned = np.ones_like(learned)
        noise *= 0.01
    return (learned + noise).astype(np.float32)


def sample_of(pool, epoch, size):
    rows = sample_rows(pool, size)
    return Responses(
        peaks=responses_to_all(epoch)[rows],
        sites=(SITE,),
        images_id=sample_id(pool, rows),
    )


def test_the_verdict_is_that_of_a_monitor_that_watched(images):
    pool, _ = select_part(images, size=IMAGES, seed=3)
    samples = {epoch: sample_of(pool, epoch, SAMPLE) for epoch in range(5)}
    rows = sample_rows(pool, SAMPLE)
    assert (np.diff(rows) < 0).any()
    in_order = np.sort(rows)
    probe = DecodedImages(
        pixels=images.pixels[in_order],
        labels=images.labels[in_order],
        keys=tuple(images.keys[row] for row in in_order),
    )
    monitor = ConceptMonitor(None, probe, None, [SITE], probe=SAMPLE)
    reports = [monitor.update_arrays(e, responses_to_all(e)[in_order]) for e in samples]
    verdicts = judge_stored(samples, pool)
    assert list(verdicts.values()) == [(r.status, list(r.reasons)) for r in reports]
    statuses = [status for status, _ in verdicts.values()]
    assert statuses == [HEALTHY, HEALTHY, HEALTHY, DAMAGED, LOST]


def test_snapshots_are_compared_on_the_images_that_all_of_them_have(images):
    pool, _ = select_part(images, size=IMAGES, seed=3)
    equal = {epoch: sample_of(pool, epoch, SAMPLE) for epoch in range(4)}
    larger = {**equal, 0: sample_of(pool, 0, 150), 2: sample_of(pool, 2, 120)}
    assert judge_stored(larger, pool) == judge_stored(equal, pool)


def test_a_sample_that_is_too_small_has_no_verdict(images):
    pool, _ = select_part(images, size=IMAGES, seed=3)
    samples = {0: sample_of(pool, 0, SAMPLE), 1: sample_of(pool, 1, 20)}
    assert judge_stored(samples, pool) == {}
    assert list(judge_stored(samples, pool, k=9)) == [0, 1]


def test_without_snapshots_there_is_no_verdict(images):
    pool, _ = select_part(images, size=IMAGES, seed=3)
    assert judge_stored({}, pool) == {}
