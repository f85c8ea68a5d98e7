"""The explorer: scenes, pages and tables of runs whose concepts evolve; no jax."""

from conceptevo_jax.explorer.export import write_folder, write_page, write_whole
from conceptevo_jax.explorer.merge import compare, select_scene
from conceptevo_jax.explorer.opening import load_scene
from conceptevo_jax.explorer.saving import save_scene
from conceptevo_jax.explorer.scene import (
    SCENE,
    Course,
    Pictures,
    SavedScene,
    Scene,
    StudyGroup,
    drop_patches,
    number_images,
    pool_rows,
)
from conceptevo_jax.explorer.sheets import make_sheets, tile_side
from conceptevo_jax.explorer.study_groups import locate_study_group

__all__ = [
    "SCENE",
    "Course",
    "Pictures",
    "SavedScene",
    "Scene",
    "StudyGroup",
    "compare",
    "drop_patches",
    "load_scene",
    "locate_study_group",
    "make_sheets",
    "number_images",
    "pool_rows",
    "save_scene",
    "select_scene",
    "tile_side",
    "write_folder",
    "write_page",
    "write_whole",
]
