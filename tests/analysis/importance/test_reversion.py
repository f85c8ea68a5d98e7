"""Reverting nothing, everything, and what a planted network needs."""

import numpy as np
import pytest
from evolving import CHANNELS, CLASSES, hand_model, snapshot, weights

from conceptevo_jax.analysis.importance import reversion as reversion_module
from conceptevo_jax.analysis.importance.activation_patching import revert_evolutions
from conceptevo_jax.analysis.importance.class_images import ClassImages
from conceptevo_jax.analysis.importance.reversion import (
    GROUPS,
    ReversionOptions,
    measure_reversion,
)
from conceptevo_jax.analysis.importance.scores import measure_importance
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import Importance, Site

SAMPLED, OTHER, TEST, ELSEWHERE = range(len(GROUPS))


def random_pixels(rng, count):
    return rng.integers(1, 256, (count, 4, 4, 3), dtype=np.uint8)


@pytest.fixture
def images(rng):
    return ClassImages(
        label=1,
        train=random_pixels(rng, 10),
        rows=np.arange(10),
        test=random_pixels(rng, 4),
        elsewhere=random_pixels(rng, 6),
        elsewhere_labels=np.array([0, 0, 0, 2, 2, 2]),
    )


@pytest.fixture
def grown():
    """Class 1 rests on channels 0 and 1, class 0 on 2; 6 and 7 speak against class 1.

    Before, no channel is there, and class 0 is called for want of anything else.
    """
    head = np.zeros((CHANNELS, CLASSES))
    head[:2, 1], head[2, 0], head[6:, 1] = 4, 1, -1
    return snapshot(weights(0.0, head), 0), snapshot(weights(1.0, head), 1)


def reversion(ends, images, *, bins=4, repeats=3, sites=None, batch_size=7, seed=0):
    model = hand_model()
    importance = measure_importance(model)(*ends, images.train, images.rows, 1)
    settings = ReversionOptions(
        bins=bins, repeats=repeats, images=4, batch_size=batch_size
    )
    reverted_sites = model.sites if sites is None else sites
    measure = measure_reversion(model, reverted_sites, settings, seed=seed)
    return measure(*ends, importance, images)


@pytest.mark.slow
def test_what_a_class_rests_on_is_found_and_reverted(grown, images):
    measured = reversion(grown, images)
    top1 = measured.reverted[..., 0]
    # Both sites, every repeat, every group of the class: bin 1 is all it needs.
    class_groups = slice(SAMPLED, ELSEWHERE)
    np.testing.assert_array_equal(measured.at_after[:, class_groups, 0], 1)
    np.testing.assert_array_equal(measured.at_before[:, class_groups, 0], 0)
    np.testing.assert_array_equal(top1[:, :, 0, class_groups], 0)
    np.testing.assert_array_equal(top1[:, :, 1:4, class_groups], 1)
    np.testing.assert_array_equal(measured.transplanted[:, :, 0, class_groups, 0], 1)
    np.testing.assert_array_equal(measured.transplanted[:, :, 1:4, class_groups, 0], 0)


def test_images_of_other_classes_are_judged_by_their_own_labels(grown, images):
    measured = reversion(grown, images)
    # After: all are called class 1. Without bin 1, class 0 is, half of them rightly.
    np.testing.assert_array_equal(measured.at_after[:, ELSEWHERE, 0], 0)
    np.testing.assert_array_equal(measured.reverted[:, :, 0, ELSEWHERE, 0], 0.5)
    np.testing.assert_array_equal(measured.at_before[:, ELSEWHERE, 0], 0.5)
    np.testing.assert_array_equal(measured.reverted[..., 1], 1)  # three classes: top-5


def test_reverting_between_a_snapshot_and_itself_changes_nothing(grown, images):
    for end in grown:
        measured = reversion((end, end), images)
        for patched in (measured.reverted, measured.transplanted):
            change = edit_change(patched, measured.at_after)
            assert not change.any()


def edit_change(patched, plain):
    return patched - plain[:, None, None]


@pytest.mark.slow
def test_groups_are_counted_and_batches_change_nothing(grown, images):
    measured = reversion(grown, images, repeats=5)
    np.testing.assert_array_equal(measured.images, [[4, 6, 4, 6]] * 5)
    assert measured.reverted.shape == (5, 2, 5, 4, 2)
    repeated = reversion(grown, images, repeats=5)
    np.testing.assert_array_equal(measured.reverted, repeated.reverted)
    batches = reversion(grown, images, repeats=5, batch_size=100)
    np.testing.assert_array_equal(measured.reverted, batches.reverted)


def test_a_group_without_images_has_no_accuracy(grown, images):
    without_test = ClassImages(**{**vars(images), "test": images.test[:0]})
    measured = reversion(grown, without_test)
    assert np.isnan(measured.reverted[..., TEST, :]).all()
    assert np.isfinite(measured.reverted[..., OTHER, :]).all()


@pytest.fixture
def masks(monkeypatch):
    """The channels that were exchanged, by site; of the last call."""
    exchanged = {}

    def watched(*args):
        revert = revert_evolutions(*args)

        def run(*arguments):
            exchanged.update(arguments[-1])
            return revert(*arguments)

        return run

    monkeypatch.setattr(reversion_module, "revert_evolutions", watched)
    return exchanged


@pytest.mark.parametrize("bins", [2, 3, 4, 8])
def test_bins_share_out_the_neurons_and_the_random_draw_is_as_large(
    bins, grown, images, masks
):
    reversion(grown, images, bins=bins, repeats=2)
    assert list(masks) == ["first", "second"]
    for bin_masks in (m for site_masks in masks.values() for m in site_masks):
        sizes = bin_masks.sum(axis=1)
        np.testing.assert_array_equal(bin_masks[:bins].sum(axis=0), 1)
        assert sizes[:bins].max() - sizes[:bins].min() <= 1
        assert sizes[bins] == sizes[0]


@pytest.mark.slow
def test_random_draws_differ_by_repeat_and_seed(grown, images, masks):
    draws = []
    for seed in (0, 10, 0):
        reversion(grown, images, repeats=4, seed=seed)
        draws.append(masks["first"][:, -1].copy())
    assert len({draw.tobytes() for draw in draws[0]}) > 1
    np.testing.assert_array_equal(draws[0], draws[2])
    assert not np.array_equal(draws[0], draws[1])


@pytest.mark.slow
def test_a_class_of_one_image_is_refused(grown, images):
    single = ClassImages(
        **{**vars(images), "train": images.train[:1], "rows": images.rows[:1]}
    )
    with pytest.raises(UsageError, match=r"class 1 has 1 training images.*two"):
        reversion(grown, single)


def test_a_site_with_fewer_neurons_than_bins_is_refused():
    with pytest.raises(UsageError, match=r"site first of hand has 8 neurons.*9 bins"):
        measure_reversion(hand_model(), hand_model().sites, ReversionOptions(bins=9))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.arange(1, 11)}, "importance of other images than"),
        ({"label": 0}, "importance of other class than"),
        ({"before": "run@1", "after": "run@0"}, "importance of other evolution than"),
        ({"sites": hand_model().sites[1:]}, "importance of other sites than"),
    ],
)
def test_importance_of_something_else_is_refused(grown, images, change, message):
    model = hand_model()
    importance = measure_importance(model)(*grown, images.train, images.rows, 1)
    mismatched = Importance(**{**vars(importance), **change})
    measure = measure_reversion(model, model.sites, ReversionOptions(images=4))
    with pytest.raises(DataError, match=message):
        measure(*grown, mismatched, images)


def test_an_unknown_class_is_refused(grown, images):
    unknown = ClassImages(**{**vars(images), "label": 7})
    model = hand_model()
    importance = measure_importance(model)(*grown, images.train, images.rows, 1)
    measure = measure_reversion(model, model.sites, ReversionOptions(images=4))
    with pytest.raises(UsageError, match="class 7 is none of the 3 classes of hand"):
        measure(*grown, importance, unknown)


def test_sites_that_are_none_are_refused():
    model = hand_model()
    typo = Site(**{**vars(model.sites[0]), "name": "frist"})
    with pytest.raises(UsageError, match=r"'frist'.*'first'"):
        measure_reversion(model, [typo])
    with pytest.raises(UsageError, match="no site of hand is named"):
        measure_reversion(model, [])


def test_an_end_that_is_not_finite_is_refused_by_name(grown, images):
    model = hand_model()
    importance = measure_importance(model)(*grown, images.train, images.rows, 1)
    head = np.full((CHANNELS, CLASSES), np.nan)
    broken = snapshot(weights(1.0, head), 1)
    measure = measure_reversion(model, model.sites, ReversionOptions(images=4))
    with pytest.raises(DataError, match="run@1 holds weights that are not finite"):
        measure(grown[0], broken, importance, images)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bins": 1}, "bins must be a whole number, 2 or more, not 1"),
        ({"repeats": 0}, "repeats must be a whole number, 1 or more, not 0"),
        ({"images": 0}, "images must be a whole number, 1 or more, not 0"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        ReversionOptions(**settings)
