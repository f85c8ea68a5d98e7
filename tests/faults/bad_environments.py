"""Surroundings in which nothing can work, and names that locales cannot hold."""

import os
from collections.abc import Mapping
from pathlib import Path

from mistakes import Make, Mistake, data

SMOKE = ("experiment=unified_space", "scale=smoke", "dataset=shapes")

FOLDER = (*SMOKE[:2], "dataset=folder", "dataset.name=folder:photos")


def surrounded(
    words: tuple[str, ...],
    code: int,
    *says: str,
    make: Make | None = None,
    **environment: str,
) -> Mistake:
    """A call under other variables, in a process of its own."""
    told: Mapping[str, str] = environment
    return Mistake(words=words, code=code, says=says, make=make, environment=told)


def current_folder_is_gone(here: Path) -> None:
    (here / "gone").mkdir()
    os.chdir(here / "gone")
    (here / "gone").rmdir()


FOREIGN = os.fsdecode(b"caf\xe9")

ENVIRONMENTS: tuple[Mistake, ...] = (
    surrounded(("ls",), 2, "JAX_ENABLE_X64=perhaps", "Unset", JAX_ENABLE_X64="perhaps"),
    surrounded(SMOKE, 2, "JAX_PLATFORMS=gpus", "Unset", JAX_PLATFORMS="gpus"),
    surrounded(SMOKE, 2, "MPLBACKEND=no", "Unset", MPLBACKEND="no"),
    surrounded(
        (*SMOKE, "distributed=true"),
        2,
        "distributed=true, but the processes cannot be joined",
        "JAX_COORDINATOR_ADDRESS",
        JAX_NUM_PROCESSES="two",
    ),
    surrounded(
        ("explore", "写真"), 3, "写真 holds no scene", LC_ALL="C", PYTHONUTF8="0"
    ),
    surrounded(("explore", FOREIGN), 3, r"caf\xe9 holds no scene", LC_ALL="C"),
    # Typed functions are checked in the tests' own process, which refuses these first.
    surrounded((*SMOKE, "dataset.options.train_images=few"), 2, "1 or more, not 'few'"),
    surrounded((*FOLDER, "dataset.options.test_share=half"), 2, "0 and 1, not 'half'"),
    surrounded((*SMOKE, "run_dir=~"), 3, "unrelated files", HOME=""),
    data(
        "explore",
        "x",
        says=("current folder", "change to"),
        make=current_folder_is_gone,
    ),
    data("ls", says=("current folder", "change to"), make=current_folder_is_gone),
    data(*SMOKE, says=("current folder", "change to"), make=current_folder_is_gone),
)
