"""How far sensitivities lie from forward differences in float64, site by site."""

import numpy as np

from conceptevo_jax.analysis.importance.forward_differences import forward_differences
from conceptevo_jax.analysis.importance.sensitivity import (
    sensitivity_by_jvp,
    sensitivity_by_vjp,
)
from conceptevo_jax.types import site_slices


def site_errors(model, pixels, seed=0, each=2):
    """`errors(before, after, label)`: by method and site, the largest difference over
    `each` random neurons of the site, as a share of their largest sensitivity."""
    sites, where = model.sites, site_slices(model.sites)
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(np.r_[own], each, replace=False) for own in where.values()]
    neurons = np.concatenate(drawn)
    exact = forward_differences(model, sites)
    methods = {
        method.__name__: method(model, sites, len(pixels))
        for method in (sensitivity_by_jvp, sensitivity_by_vjp)
    }

    def errors(before, after, label):
        given = before, after, pixels, label, neurons
        expected = exact(*given).reshape(-1, len(sites), each)
        scale = np.abs(expected).max(axis=(0, 2))
        assert (scale > 0).mean() > 0.8  # of a dead site nothing is to be seen
        found = {}
        for name, sense in methods.items():
            values = sense(*given)[0].reshape(expected.shape)
            worst = np.abs(values - expected).max(axis=(0, 2))
            shares = worst / np.where(scale > 0, scale, 1)
            found[name] = dict(zip(where, shares.tolist(), strict=True))
        return found

    return errors


def worst(errors):
    """The site with the largest error, and that."""
    return max(errors.items(), key=lambda item: item[1])
