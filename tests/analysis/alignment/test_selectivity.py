"""The concept a neuron selects, against planted ones and a slow reference."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conceptevo_jax.analysis.alignment.selectivity import (
    concept_aucs,
    selected_concepts,
)
from conceptevo_jax.analysis.statistics.auc import rank_auc

IMAGES, N, C = 12, 4, 3
PEAKS = hnp.arrays(np.float32, (IMAGES, N), elements=st.integers(-2, 2).map(float))
CONCEPT_PRESENT = hnp.arrays(bool, (IMAGES, C))


@given(peaks=PEAKS, concept_present=CONCEPT_PRESENT)
def test_aucs_are_those_of_each_neuron_and_concept(peaks, concept_present):
    aucs = concept_aucs(peaks, concept_present)
    for n in range(N):
        for c in range(C):
            present = concept_present[:, c]
            positives, negatives = peaks[present, n], peaks[~present, n]
            if not positives.size or not negatives.size or np.ptp(peaks[:, n]) == 0:
                assert np.isnan(aucs[n, c])
            else:
                np.testing.assert_allclose(aucs[n, c], rank_auc(positives, negatives))


def test_planted_concepts_are_found_and_others_are_none(rng):
    concept_present = rng.random((400, 5)) < 0.3
    planted = np.array([0, 4, 2, -1, 3, -1])
    peaks = rng.normal(size=(400, len(planted)))
    for n, concept in enumerate(planted):
        if concept >= 0:
            peaks[:, n] += 3 * concept_present[:, concept]
    peaks[:, 5] = 7
    assert selected_concepts(peaks, concept_present).tolist() == planted.tolist()


def test_a_broken_neuron_selects_nothing(rng):
    concept_present = rng.random((50, 2)) < 0.5
    peaks = np.stack([concept_present[:, 0] * 1.0, concept_present[:, 1] * 1.0], axis=1)
    peaks[7, 0] = np.nan
    assert selected_concepts(peaks, concept_present).tolist() == [-1, 1]
