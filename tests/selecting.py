"""Stimuli of which a test says only which images each neuron selects."""

import numpy as np

from conceptevo_jax.types import Site, Stimuli


def sites(n):
    """One site of n neurons."""
    return (Site(name="a", channels=n, rectified=True, receptive_field=3, stride=1),)


def stimuli(rows, pool="pool"):
    """Stimuli by neuron: rows of the pool, -1 in unused slots, all -1 of a dead one."""
    ids = np.asarray(rows, np.int32)
    n = len(ids)
    dead = (ids < 0).all(axis=1)
    return Stimuli(
        image_ids=ids,
        peaks=np.where(ids >= 0, 1.0, np.nan).astype(np.float32),
        positions=np.where(ids[..., None] >= 0, 0, -1)
        .repeat(2, axis=2)
        .astype(np.int32),
        count=(ids >= 0).sum(axis=1).astype(np.int32),
        tied=np.zeros(n, bool),
        dead=dead,
        nonfinite=np.zeros(n, bool),
        grids=np.ones((1, 2), np.int32),
        sites=sites(n),
        pool_id=pool,
    )
