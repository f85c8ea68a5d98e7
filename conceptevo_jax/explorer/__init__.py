"""The explorer: scenes, pages and tables of runs whose concepts evolve; no jax."""

from conceptevo_jax.explorer.export import write_folder, write_page, write_whole
from conceptevo_jax.explorer.given import find_given
from conceptevo_jax.explorer.merge import chosen_scene, compare
from conceptevo_jax.explorer.opening import load_scene
from conceptevo_jax.explorer.scene import (
    SCENE,
    Course,
    Given,
    Pictures,
    Saved,
    Scene,
    number_images,
    pool_rows,
    save_scene,
    without_patches,
)
from conceptevo_jax.explorer.sheets import make_sheets, tile_side

__all__ = [
    "SCENE",
    "Course",
    "Given",
    "Pictures",
    "Saved",
    "Scene",
    "chosen_scene",
    "compare",
    "find_given",
    "load_scene",
    "make_sheets",
    "number_images",
    "pool_rows",
    "save_scene",
    "tile_side",
    "without_patches",
    "write_folder",
    "write_page",
    "write_whole",
]
