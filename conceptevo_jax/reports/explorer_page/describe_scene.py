"""Runs in a space as a scene of the explorer, with the images that it shows."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.data import dataset_title
from conceptevo_jax.explorer import (
    Course,
    Pictures,
    Scene,
    make_sheets,
    number_images,
    tile_side,
)
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.joint_layout import JointLayout
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.explorer_page.describe_run import (
    Frame,
    base_scale,
    describe_run,
)
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Layout, Space


def describe_scene(
    session: Session,
    space: RunsInSpace,
    joint_layout: JointLayout,
    named: NamedConcepts,
    run_importances: Sequence[RunImportance] = (),
) -> Scene:
    """Turn runs in a space into a scene.

    Args:
      session: Images and settings.
      space: The runs in the space.
      joint_layout: Their map; other snapshots are placed on it without moving the rest.
      named: The concepts of the base.
      run_importances: How important evolutions are, for runs for which this was
        measured.
    """
    config, images = session.config, session.images
    base, layout = space.base, joint_layout.layout
    frame = Frame(
        layout=layout,
        points=joint_layout.points,
        scale=base_scale(base),
        concepts=named.concepts,
        pool=images.pool,
    )
    important_by_run = {
        run_importance.run.name: run_importance for run_importance in run_importances
    }
    courses = [describe_run(base, frame, is_base=True)]
    courses += [
        describe_run(
            run,
            frame,
            is_base=False,
            important=important_by_run.get(run.run.name),
            seed=config.seed,
        )
        for run in space.compared
    ]
    scene = Scene(
        title=f"ConceptEvo on {dataset_title(config.dataset.name)}",
        base=space.base_snapshot,
        method=config.method.name,
        stability=layout.stability,
        classes=images.classes,
        groups=_concept_facts(named),
        centers=named.concepts.centers.astype(np.float64),
        radius=named.concepts.radius,
        pictures=_no_pictures(images),
        pool_id=images.pool.pool_id,
        space_id=space_key(space.base_space.space, layout),
    )
    return add_courses(scene, courses, images)


def space_key(space: Space, layout: Layout) -> str:
    """Content key of a space and its map.

    Args:
      space: The space.
      layout: Its map.
    """
    arrays = {
        "images": space.images.vectors,
        "vectors": layout.vectors,
        "points": layout.points,
    }
    return content_key("scene", space.base, space.pool_id, arrays=arrays)


def _concept_facts(named: NamedConcepts) -> list[dict[str, Any]]:
    """What the page says about each concept."""
    concepts = named.concepts
    return [
        {
            "name": name,
            "label": int(label),
            "share": float(share),
            "size": int(size),
            "exemplar": int(exemplar),
        }
        for name, label, share, size, exemplar in zip(
            named.names,
            concepts.label,
            concepts.share,
            concepts.size,
            concepts.exemplar,
            strict=True,
        )
    ]


def _no_pictures(images: Images) -> Pictures:
    side, empty_rows = images.pool_pixels.side, np.zeros(0, np.int32)
    return Pictures(
        rows=empty_rows, labels=empty_rows, names=(), side=side, tile=tile_side(side)
    )


def add_courses(scene: Scene, courses: Sequence[Course], images: Images) -> Scene:
    """The scene with runs whose stimuli are rows of the pool, and their images.

    Only images that are a stimulus somewhere are kept, in the order of the pool.

    Args:
      scene: A scene without runs, or with other runs.
      courses: The runs, the base first.
      images: The images, with the pool.
    """
    rows, numbered_courses = number_images(courses)
    pool = images.pool
    pictures = dataclasses.replace(
        scene.pictures,
        rows=rows,
        labels=pool.labels[rows],
        names=[pool.names[row] for row in rows.tolist()],
    )
    return dataclasses.replace(scene, pictures=pictures, courses=numbered_courses)


def sheets_of(scene: Scene, images: Images) -> Iterable[bytes]:
    """Sheets of a scene's images, as WebP files; none if patches are left out.

    Args:
      scene: The scene.
      images: The images, with the pool.
    """
    pictures = scene.pictures
    if not pictures.tile:
        return ()
    return make_sheets(images.pool_pixels.pixels, pictures.rows, pictures.tile)
