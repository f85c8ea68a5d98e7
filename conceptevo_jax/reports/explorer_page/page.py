"""The explorer's page of an experiment: its scene and its page in the result folder.

The scene goes to `scene/` in the result folder, from which `conceptevo explore` and
`conceptevo compare` make pages again; the page is `explorer.html` or, if it would
be too large for one file, `explorer/index.html`. If the folder holds a study, the
page lists its groups.
"""

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.explorer import (
    SCENE,
    SavedScene,
    Scene,
    StudyGroup,
    drop_patches,
    locate_study_group,
    save_scene,
    write_whole,
)
from conceptevo_jax.pipeline.joint_layout import JointLayout
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.alignment.study_measure import CATEGORY_TITLES
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.explorer_page.describe_scene import (
    describe_scene,
    sheets_of,
)
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.study import load_study
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.kit.material import FOLDER as STUDY

PAGE = "explorer.html"
FOLDER = "explorer"
TABLES = "explorer-tables"


def explore(
    session: Session,
    space: RunsInSpace,
    joint_layout: JointLayout,
    named: NamedConcepts,
    importants: Sequence[RunImportance] = (),
) -> list[Path]:
    """Write the explorer's page of runs in a space.

    Args:
      session: Images, settings and the result folder.
      space: The runs in the space.
      joint_layout: Their map.
      named: The concepts of the base.
      importants: How important evolutions are, for runs for which this was measured.

    Returns:
      The page's path; none if the configuration turns the page off.
    """
    with session.stage("explorer"):
        if not session.config.explorer.page:
            return []
        scene = describe_scene(session, space, joint_layout, named, importants)
        return [write_explorer(session, scene)]


def write_explorer(session: Session, scene: Scene) -> Path:
    """Write the scene and its page to the result folder, in place of earlier ones.

    Args:
      session: Images, settings and the result folder.
      scene: The scene, with patches.

    Returns:
      The page.
    """
    config, folder = session.config, session.folder
    public_scene = scene if config.explorer.patches else drop_patches(scene)
    sheets = sheets_of(public_scene, session.images)
    saved = save_scene(folder / SCENE, public_scene, sheets)
    if config.explorer.tables:
        from conceptevo_jax.explorer.tables import write_tables

        write_tables(saved, folder / TABLES, patches=config.explorer.patches)
    page, parts = folder / PAGE, folder / FOLDER
    saved_with_study = add_study(saved, folder)
    written = write_whole([saved_with_study], page, parts, title=public_scene.title)
    # One file or a folder: what an earlier call left of the other is removed.
    if written == page:
        shutil.rmtree(parts, ignore_errors=True)
    else:
        page.unlink(missing_ok=True)
    return written


def add_study(saved: SavedScene, folder: Path) -> SavedScene:
    """The same scene with the groups of the result folder's study, if it has one.

    Args:
      saved: A scene.
      folder: The result folder.

    Raises:
      DataError: if the study is damaged, naming the file.
    """
    if not (folder / STUDY).is_dir():
        return saved
    tasks = [task for task in load_study(folder).tasks if not task.check]
    groups = [_group_of_task(task, saved.scene) for task in tasks]
    return dataclasses.replace(saved, study_groups=groups)


def _group_of_task(task: Task, scene: Scene) -> StudyGroup:
    intruder = task.intruder - 1
    return locate_study_group(
        scene.courses,
        name=task.id,
        category=CATEGORY_TITLES.get(task.category, task.category),
        members=task.cards[:intruder] + task.cards[intruder + 1 :],
        intruder=task.cards[intruder],
    )
