"""The unified space of an experiment: build, project snapshots, compare, lay out.

Every function first searches the store. Only `embed_base` and `refit_base` need the
base model; the others work on records.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis import Alignment, Subject, compare
from conceptevo_jax.config import (
    LayoutConfig,
    MethodConfig,
    ProjectionConfig,
    schema_values,
)
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.pipeline.base_space import BaseSpace, Refits
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.projection import (
    SolveSettings,
    SpaceSettings,
    base_space,
    fit_layout,
    fit_layouts,
    project_neurons,
    refit_space,
)
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store, content_key
from conceptevo_jax.types import Embedding, Layout, Observation, Space, record

REFITS = 4
"""Number of refits of a space, for the intervals of alignment."""

_REFIT_SEED_STEP = 100_000
"""Step between the seeds of the fits, away from those of `seeds=3`."""


def space_settings(settings: ProjectionConfig, seed: int) -> SpaceSettings:
    """Settings of image vectors from a configuration.

    Args:
      settings: Settings of the method in use.
      seed: Seed of vectors that start at random.
    """
    values = schema_values(settings)
    del values["stimuli"]
    policy_settings = {
        name: values.pop(name) for name in ("policy", "responsive", "temperature")
    }
    return SpaceSettings(**policy_settings, solve=SolveSettings(**values), seed=seed)


def embed_base(
    store: Store,
    images: Images,
    base: TrainedRun,
    epoch: Epoch,
    method: MethodConfig,
    seed: int,
) -> tuple[BaseSpace, str]:
    """Build the space from one snapshot of the base run (Steps 1.2 to 2.1).

    Args:
      store: The store of spaces.
      images: The image sets; the space uses the pool.
      base: The base run, observed at `epoch`.
      epoch: The snapshot from which the space is built.
      method: Settings of Eq. 1 and of image vectors.
      seed: Seed of both.
    """
    snapshot = next(s for s in base.snapshots if s.epoch == epoch)
    observation = base.observations[epoch]
    settings = space_settings(method.projection, seed)

    def make_space() -> BaseSpace:
        space, fit, report = base_space(
            base.model,
            snapshot.load(),
            observation.stimuli,
            observation.sample,
            images.pool_pixels,
            base=snapshot.name,
            search=Search(**schema_values(method.stimuli)),
            settings=settings,
            seed=seed,
            **schema_values(method.embedding),
        )
        return BaseSpace(space=space, fit=fit, report=report)

    return store.record(
        "space",
        BaseSpace,
        make_space,
        config={"embedding": method.embedding, "settings": settings, "seed": seed},
        inputs={"base": base.keys[epoch], "weights": content_key(base.key, epoch)},
        about=f"{method.name}, base {snapshot.name}",
    )


def refit_base(
    store: Store,
    images: Images,
    base: TrainedRun,
    fitted: tuple[BaseSpace, str],
    method: MethodConfig,
    seed: int,
) -> tuple[Refits, str]:
    """Fit a space again from `REFITS` other seeds.

    Args:
      store: The store of refits.
      images: As for `embed_base`, like `method`.
      base: The base run, observed only at the snapshot from which the space was built.
      fitted: The space built by `embed_base`, and its content key.
      method: Settings.
      seed: Seed of the first fit, from which those of the refits are counted.
    """
    (fitted_space, key), (epoch,) = fitted, base.observations
    seeds = tuple(seed + _REFIT_SEED_STEP * (1 + turn) for turn in range(REFITS))

    def make_refits() -> Refits:
        vectors = refit_space(
            base.model,
            next(s for s in base.snapshots if s.epoch == epoch).load(),
            fitted_space.space,
            base.observations[epoch].stimuli,
            images.pool_pixels,
            search=Search(**schema_values(method.stimuli)),
            settings=space_settings(method.projection, seed),
            seeds=seeds,
            **schema_values(method.embedding),
        )
        return Refits(seeds=seeds, images=vectors)

    return store.record(
        "refits",
        Refits,
        make_refits,
        config={"seeds": seeds},
        inputs={"space": key},
        about=f"{method.name}, base {fitted_space.space.base}",
    )


def project_run(
    store: Store, space: Space, space_key: str, run: TrainedRun
) -> dict[Epoch, Embedding]:
    """Place all observed snapshots of a run in the space (Step 2.2).

    Args:
      store: The store of vectors.
      space: The space.
      space_key: Its content key.
      run: A run with observations.
    """
    placed = {}
    for epoch, observation in run.observations.items():
        placed[epoch], _ = store.record(
            "project",
            Embedding,
            partial(project_neurons, observation.found, space),
            config={},
            inputs={"space": space_key, "observation": run.keys[epoch]},
            about=str(SnapshotId(run.name, epoch)),
        )
    return placed


def align(
    store: Store,
    first: tuple[Subject, Observation],
    second: tuple[Subject, Observation],
    spaces: Sequence[Space],
    keys: Mapping[str, str],
    seed: int,
) -> Alignment:
    """Measure the alignment of two snapshots on held-out images, or load it.

    Args:
      store: The store of alignments.
      first: A snapshot and its observation.
      second: The snapshot it is compared with.
      spaces: The space's refits, into which both are projected only if needed.
      keys: Content keys of the space, of its refits and of both observations.
      seed: Seed of all random draws.
    """
    names = [snapshot.snapshot for snapshot, _ in (first, second)]

    def make_alignment() -> Alignment:
        with_refits = [
            dataclasses.replace(
                snapshot,
                refits=tuple(project_neurons(observation.found, s) for s in spaces),
            )
            for snapshot, observation in (first, second)
        ]
        return compare(*with_refits, seed=seed)

    alignment, _ = store.record(
        "align",
        Alignment,
        make_alignment,
        config={"seed": seed, "names": names},
        inputs=keys,
        about=" against ".join(names),
    )
    return alignment


def lay_out(
    store: Store,
    vectors: Sequence[np.ndarray],
    settings: LayoutConfig,
    seed: int,
) -> tuple[Layout, list[np.ndarray]]:
    """Fit one map to several sets of vectors, in the order given.

    Args:
      store: The store of maps.
      vectors: Sets of vectors, each `[n d]`.
      settings: Settings of UMAP.
      seed: Seed of UMAP.

    Returns:
      The map, and each set's points.
    """
    joint = np.concatenate(vectors)
    layout, _ = store.record(
        "layout",
        Layout,
        lambda: fit_layout(joint, seed=seed, **schema_values(settings)),
        config={"settings": settings, "seed": seed},
        inputs={"vectors": content_key("vectors", arrays={"vectors": joint})},
        about=f"{len(joint)} neurons",
    )
    ends = np.cumsum([len(rows) for rows in vectors])[:-1]
    return layout, np.split(layout.points, ends)


@record
class Maps:
    """The same vectors on maps of several seeds.

    Attributes:
      points: The points, by seed.
      vectors: The vectors, one per row.
      stability: Mean overlap of neighbourhoods between the seeds.
    """

    points: Float[np.ndarray, "r n 2"]
    vectors: Float[np.ndarray, "n d"]
    stability: float


def lay_out_often(
    store: Store,
    vectors: Sequence[np.ndarray],
    settings: LayoutConfig,
    seed: int,
    times: int = 3,
) -> tuple[Layout, list[np.ndarray], str]:
    """`lay_out` with several seeds.

    Args:
      store: The store of maps.
      vectors: Sets of vectors, each `[n d]`.
      settings: Settings of UMAP.
      seed: The first of the seeds.
      times: Number of seeds.

    Returns:
      The first map, each set's points `[r n 2]` on all of them, and the content key.
    """
    joint = np.concatenate(vectors)
    values = schema_values(settings)
    del values["stability_seeds"]

    def make_maps() -> Maps:
        layouts = fit_layouts(joint, seeds=range(seed, seed + times), **values)
        return Maps(
            points=np.stack([layout.points for layout in layouts]),
            vectors=joint,
            stability=float(np.mean([layout.stability for layout in layouts])),
        )

    maps, key = store.record(
        "layouts",
        Maps,
        make_maps,
        config={"settings": values, "seed": seed, "times": times},
        inputs={"vectors": content_key("vectors", arrays={"vectors": joint})},
        about=f"{len(joint)} neurons, {times} seeds",
    )
    first = Layout(
        points=maps.points[0], vectors=joint, stability=maps.stability, seed=seed
    )
    ends = np.cumsum([len(rows) for rows in vectors])[:-1]
    return first, np.split(maps.points, ends, axis=1), key
