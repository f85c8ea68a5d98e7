"""What evolutions lead to, counted by hand."""

import numpy as np

from conceptevo_jax.reports.importance.claims import class_share
from conceptevo_jax.types import Site, neurons_among


def test_the_share_of_a_class_leaves_out_what_ranked_and_unused_slots():
    ids = np.array([[0, 1, 2, 3], [0, 1, -1, -1], [4, 5, 6, -1], [-1, -1, -1, -1]])
    in_class = np.array([1, 1, 1, 0, 0, 1, 0, 1], bool)
    excluded = np.array([1, 1, 0, 0, 0, 0, 0, 1], bool)
    shares = class_share(ids, in_class, excluded)
    np.testing.assert_array_equal(shares, [1 / 2, np.nan, 1 / 3, np.nan])
    shares = class_share(ids, in_class, np.zeros(8, bool))
    np.testing.assert_array_equal(shares, [3 / 4, 1, 1 / 3, np.nan])


def test_neurons_of_some_sites_are_found_among_all():
    sites = [
        Site(name=name, channels=count, rectified=True, receptive_field=1, stride=1)
        for name, count in (("a", 2), ("b", 3), ("c", 1))
    ]
    assert neurons_among([sites[1], sites[2]], sites).tolist() == [2, 3, 4, 5]
    assert neurons_among(sites, sites).tolist() == [0, 1, 2, 3, 4, 5]
