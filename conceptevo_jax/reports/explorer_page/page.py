"""The explorer's page of an experiment: what its runs become there, and writing it.

The scene goes to `scene/` in the result folder, from which `conceptevo explore` and
`conceptevo compare` make pages again; the page is `explorer.html`, or, where it would
be too large to open at once, `explorer/index.html`. Where the folder holds a study, the
page lists its groups.
"""

import dataclasses
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.concept_onset import group_base
from conceptevo_jax.data import Pool
from conceptevo_jax.explorer import (
    SCENE,
    Course,
    Given,
    Pictures,
    Saved,
    Scene,
    find_given,
    make_sheets,
    number_images,
    save_scene,
    tile_side,
    without_patches,
    write_whole,
)
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.unified import Unified
from conceptevo_jax.reports.alignment.study_measure import CATEGORY_TITLES
from conceptevo_jax.reports.explorer_page.describe_run import (
    Frame,
    base_scale,
    describe_run,
)
from conceptevo_jax.reports.importance.measure import Important
from conceptevo_jax.store import content_key
from conceptevo_jax.study import load_study
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.kit.material import FOLDER as STUDY
from conceptevo_jax.types import Layout, Space

PAGE = "explorer.html"
FOLDER = "explorer"
TABLES = "explorer-tables"

GROUPS = 8
"""Groups of the base's neurons by which others are told."""


def explore(
    session: Session,
    base: Projected,
    runs: Sequence[Projected],
    space: Space,
    layout: Layout,
    points: Mapping[str, np.ndarray],
    importants: Sequence[Important] = (),
) -> list[Path]:
    """Describe the runs and write their page; what is worth opening.

    Nothing, where the configuration wants no page.
    """
    if not session.config.explorer.page:
        return []
    scene = describe(session, base, runs, space, layout, points, importants)
    return [write_explorer(session, scene)]


def explore_unified(
    session: Session, found: Unified, importants: Sequence[Important] = ()
) -> list[Path]:
    """The same of runs that are in one space and on one map already."""
    with session.stage("explorer"):
        return explore(
            session,
            found.base,
            found.compared,
            found.made.space,
            found.layout,
            found.points,
            importants,
        )


def describe(
    session: Session,
    base: Projected,
    runs: Sequence[Projected],
    space: Space,
    layout: Layout,
    points: Mapping[str, np.ndarray],
    importants: Sequence[Important] = (),
) -> Scene:
    """Turn runs in a space into a scene.

    Args:
      session: Images and settings.
      base: The run that the space was built from, at one snapshot.
      runs: All others.
      space: The space.
      layout: The map.
      points: Where neurons lie on it, by snapshot name; what is not there is placed on
        it without touching the rest.
      importants: How much evolutions matter, of the runs of which that was measured.
    """
    config, images = session.config, session.images
    groups, centers = _groups(base, images.pool, config.seed)
    frame = Frame(
        layout=layout,
        points=points,
        scale=base_scale(base),
        centers=centers,
        side=images.pool_pixels.side,
    )
    measured = {one.run.name: one for one in importants}
    courses = [describe_run(base, frame, is_base=True)]
    for one in runs:
        own = measured.get(one.run.name)
        courses.append(
            describe_run(one, frame, is_base=False, important=own, seed=config.seed)
        )
    scene = Scene(
        title=f"{config.name} · scale {config.scale_name}",
        base=space.base,
        method=config.method.name,
        stability=layout.stability,
        classes=images.classes,
        groups=groups,
        centers=centers,
        pictures=_no_pictures(images),
        pool_id=space.pool_id,
        space_id=space_key(space, layout),
    )
    return with_courses(scene, courses, images)


def space_key(space: Space, layout: Layout) -> str:
    """Content key of a space and its map."""
    arrays = {
        "images": space.images.vectors,
        "vectors": layout.vectors,
        "points": layout.points,
    }
    return content_key("scene", space.base, space.pool_id, arrays=arrays)


def _groups(
    base: Projected, pool: Pool, seed: int
) -> tuple[list[dict[str, Any]], Float[np.ndarray, "g d"]]:
    """Groups of the base's neurons and their middles; none of too few neurons."""
    epoch = base.epochs[-1]
    embedding, stimuli = base.placed[epoch], base.stimuli(epoch)
    vectors = embedding.vectors[embedding.placed & ~stimuli.dead]
    if len(vectors) < MIN_NEURONS:
        return [], np.zeros((0, embedding.vectors.shape[1]))
    count = min(GROUPS, len(np.unique(vectors, axis=0)))
    found = group_base(embedding, stimuli, pool.labels, count=count, seed=seed)
    told = [
        {"label": int(label), "share": float(share), "size": int(size)}
        for label, share, size in zip(found.label, found.share, found.size, strict=True)
    ]
    return told, found.centers.astype(np.float64)


def _no_pictures(images: Images) -> Pictures:
    side, none = images.pool_pixels.side, np.zeros(0, np.int32)
    return Pictures(rows=none, labels=none, names=(), side=side, tile=tile_side(side))


def with_courses(scene: Scene, courses: Sequence[Course], images: Images) -> Scene:
    """The scene with runs whose stimuli are rows of the pool, and their images.

    Only images that are a stimulus somewhere are kept, in the order of the pool.
    """
    rows, placed = number_images(courses)
    pool = images.pool
    pictures = dataclasses.replace(
        scene.pictures,
        rows=rows,
        labels=pool.labels[rows],
        names=[pool.names[row] for row in rows.tolist()],
    )
    return dataclasses.replace(scene, pictures=pictures, courses=placed)


def write_explorer(session: Session, scene: Scene) -> Path:
    """Write the scene and its page to the result folder, in place of earlier ones.

    Returns:
      The page.
    """
    config, folder = session.config, session.folder
    kept = scene if config.explorer.patches else without_patches(scene)
    saved = save_scene(folder / SCENE, kept, sheets_of(kept, session.images))
    if config.explorer.tables:
        from conceptevo_jax.explorer.tables import write_tables

        write_tables(saved, folder / TABLES, patches=config.explorer.patches)
    page, parts = folder / PAGE, folder / FOLDER
    shown = with_study(saved, folder)
    written = write_whole([shown], page, parts, title=kept.title)
    if written == page:
        shutil.rmtree(parts, ignore_errors=True)
    else:
        page.unlink(missing_ok=True)
    return written


def with_study(saved: Saved, folder: Path) -> Saved:
    """The same with the groups that a result folder's study asks about, if it has one.

    Raises:
      DataError: if the study is damaged, naming the file.
    """
    if not (folder / STUDY).is_dir():
        return saved
    asked = [task for task in load_study(folder).tasks if not task.check]
    given = [_given(task, saved.scene) for task in asked]
    return dataclasses.replace(saved, given=given)


def _given(task: Task, scene: Scene) -> Given:
    odd = task.intruder - 1
    return find_given(
        scene.courses,
        name=task.id,
        category=CATEGORY_TITLES.get(task.category, task.category),
        members=task.cards[:odd] + task.cards[odd + 1 :],
        intruder=task.cards[odd],
    )


def sheets_of(scene: Scene, images: Images) -> Iterable[bytes]:
    """Sheets of a scene's images; none where patches may not be shown."""
    own = scene.pictures
    return (
        make_sheets(images.pool_pixels.pixels, own.rows, own.tile) if own.tile else ()
    )
