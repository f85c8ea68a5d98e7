"""Write a scene into its folder; `opening` reads it."""

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path

from conceptevo_jax.explorer.scene import FORMAT, SavedScene, Scene
from conceptevo_jax.store import checksum, save_record, write_bytes
from conceptevo_jax.store.files import replace_folder, temporary_beside


def save_scene(folder: Path, scene: Scene, sheets: Iterable[bytes]) -> SavedScene:
    """Write a scene, completely or not at all, replacing an earlier one.

    Args:
      folder: Of the scene; parents are made.
      scene: The scene.
      sheets: WebP files of its images, in order; taken one at a time.
    """
    temporary = temporary_beside(folder)
    try:
        temporary.mkdir(parents=True)
        head = dataclasses.replace(scene, courses=())
        for number, course in enumerate(scene.courses):
            save_record(temporary / f"run-{number}", course, stage="scene")
        checksums = []
        for number, sheet in enumerate(sheets):
            write_bytes(temporary / f"sheet-{number}.webp", sheet)
            checksums.append(checksum(sheet))
        manifest_values = {
            "format": FORMAT,
            "runs": len(scene.courses),
            "sheets": checksums,
        }
        save_record(temporary / "scene", head, stage="scene", **manifest_values)
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return SavedScene(scene=scene, sheets=sheet_paths(folder, len(checksums)))


def sheet_paths(folder: Path, count: int) -> list[Path]:
    """Paths of a scene's sheets, in order.

    Args:
      folder: Of the scene.
      count: Number of sheets.
    """
    return [folder / f"sheet-{number}.webp" for number in range(count)]
