"""Eight devices, and two processes, find what one device finds."""

from pathlib import Path

import numpy as np
import pytest
from work import work

pytestmark = pytest.mark.slow

SCRIPT = str(Path(__file__).with_name("work.py"))
EXACT = ("image_ids", "other image_ids", "tied", "tied image_ids", "dead", "changed")
CLOSE = ("peaks", "sample", "neurons", "images", "sensitivity", "score")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return work(tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize(("processes", "devices"), [(1, 8), (2, 1), (2, 2)])
def test_stimuli_are_the_same_and_numbers_agree(
    alone, launch, tmp_path, processes, devices
):
    told = launch([SCRIPT, str(tmp_path)], processes=processes, devices=devices)
    everywhere = f"{processes} processes {processes * devices} devices\n"
    assert all(one.endswith(everywhere) for one in told)
    with np.load(tmp_path / "found.npz") as found:
        for name in EXACT:
            np.testing.assert_array_equal(found[name], alone[name], name)
        for name in CLOSE:
            np.testing.assert_allclose(found[name], alone[name], atol=1e-5)
        assert found["difference"] < 1e-4


def test_the_images_tie_and_some_neurons_are_told_apart(alone):
    """Or the test above would prove little."""
    assert alone["tied"].any()
    assert len(np.unique(alone["tied image_ids"])) > 20
    assert 0 < alone["score"].mean() < 1
    assert np.isfinite(alone["images"]).any()
