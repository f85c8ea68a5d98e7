"""Image vectors, projected neurons and their 2-D map: one space for all models."""

from conceptevo_jax.projection.base import base_space, refit_space
from conceptevo_jax.projection.layout import (
    fit_layout,
    fit_layouts,
    place_points,
    warm_up,
)
from conceptevo_jax.projection.responsive import (
    QUANTILE_LEVELS,
    rank_responses,
    response_quantiles,
    responsive_images,
    responsive_vectors,
)
from conceptevo_jax.projection.solvers import SOLVERS, SolveReport, SolveSettings
from conceptevo_jax.projection.space import (
    POLICIES,
    SpaceReport,
    SpaceSettings,
    build_space,
    project_neurons,
)
from conceptevo_jax.projection.umap_map import import_umap

__all__ = [
    "POLICIES",
    "QUANTILE_LEVELS",
    "SOLVERS",
    "SolveReport",
    "SolveSettings",
    "SpaceReport",
    "SpaceSettings",
    "base_space",
    "build_space",
    "fit_layout",
    "fit_layouts",
    "import_umap",
    "place_points",
    "project_neurons",
    "rank_responses",
    "refit_space",
    "response_quantiles",
    "responsive_images",
    "responsive_vectors",
    "warm_up",
]
