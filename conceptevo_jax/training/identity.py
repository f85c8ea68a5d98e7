"""Which training a folder belongs to: `run.json`, compared before a training resumes.

A folder belongs to one training: one model, one set of settings, the same images, by
content. More epochs may be requested if the learning rates of the finished epochs
stay the same; any other difference is named and refused.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.data import DecodedImages
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, build_model
from conceptevo_jax.store import flaw_of_name, read_sealed, write_sealed
from conceptevo_jax.store.keys import flatten_settings, json_values
from conceptevo_jax.training.checksums import CHECKSUMS, read_checksums
from conceptevo_jax.training.optimizers import Optimizer, learning_rate
from conceptevo_jax.training.settings import Training

RUN = "run.json"
"""File in a training's folder with its name, model, settings and images."""

MOST_CLASSES = 1_000_000
"""Largest number of classes of a stored network: more count as damage."""

_FIELD_TYPES = {"name": str, "model": str, "preset": str, "classes": int, "train": str}
_FIELD_TYPES |= {"test": str, "content": dict, "training": dict}

_FREE_SETTINGS = ("name", "training.on_nonfinite")
"""Settings that may differ between two calls of one training."""

_MAX_SHOWN = 4
"""Largest number of differences that a message names."""


def describe_training(
    run: str,
    model: Model,
    train_images: DecodedImages,
    test_images: DecodedImages,
    settings: Training,
) -> dict[str, Any]:
    """Everything that defines a training, as plain values.

    Args:
      run: Name of the run.
      model: The model to train.
      train_images: Training images.
      test_images: Test images.
      settings: See `Training`.

    Raises:
      UsageError: for a name that cannot be part of a path, such as `a/b`.
    """
    _require_run_name(run)
    identity: dict[str, Any] = json_values(
        {
            "name": run,
            "model": model.name,
            "preset": model.preset,
            "classes": model.classes,
            "train": train_images.images_id,
            "test": test_images.images_id,
            "content": {
                "train": train_images.content_id,
                "test": test_images.content_id,
            },
            "training": settings,
        }
    )
    return identity


def _require_run_name(run: str) -> None:
    flaw = flaw_of_name(run)
    if flaw is not None:
        raise UsageError(
            f"{run!r} cannot be the name of a run, since figures and folders are "
            f"named after it: {flaw}. Choose a name such as 'vgg16'."
        )


def read_run(folder: str | Path) -> dict[str, Any]:
    """The description in a training's folder: `name`, `model`, `preset`, `classes`, …

    Raises:
      DataError: if it is missing or has other entries, the file is damaged, or the
        run's name cannot be part of a path.
    """
    path = Path(folder) / RUN
    description = read_sealed(
        path,
        f"{folder} is not a training folder of this version of conceptevo_jax: train "
        "again.",
    )
    flaw = _record_flaw(description)
    if flaw is not None:
        raise DataError(
            f"{path} cannot be used: {flaw}. It was edited, or another program wrote "
            "it: train again."
        )
    return description


def trained_model(folder: Path, description: Mapping[str, Any]) -> Model:
    """The model of a training, without its weights.

    Args:
      folder: The training's folder.
      description: Its description from `read_run`.

    Raises:
      DataError: if there is no such model, with the available ones.
    """
    try:
        return build_model(
            description["model"],
            preset=description["preset"],
            classes=description["classes"],
        )
    except UsageError as error:
        raise DataError(
            f"{folder / RUN} names an unknown model: {error} Add that model, "
            "or train again."
        ) from error


def _record_flaw(description: Mapping[str, Any]) -> str | None:
    """What is wrong with a record of a training; None if it can be used."""
    for name, field_type in _FIELD_TYPES.items():
        # A truth value is a whole number for Python.
        if type(description.get(name)) is not field_type:
            return (
                f"its {name} is {description.get(name)!r}, not a {field_type.__name__}"
            )
    if not 0 < description["classes"] <= MOST_CLASSES:
        return f"it has {description['classes']} classes, not 1 to {MOST_CLASSES}"
    flaw = flaw_of_name(description["name"])
    return flaw and f"{description['name']!r} is no name of a run: {flaw}"


def claim_folder(
    folder: Path, description: Mapping[str, Any], *, steps_per_epoch: int
) -> None:
    """Mark a folder as a training's, or check that it is.

    Args:
      folder: The training's folder, new or used.
      description: From `describe_training`.
      steps_per_epoch: Optimiser steps per epoch.

    Raises:
      UsageError: if it holds another training, naming what differs.
      DataError: if it holds snapshots, but no description of the training.
    """
    if not (folder / RUN).is_file():
        _require_no_snapshots(folder)
        write_sealed(folder / RUN, description)
        return
    before = read_run(folder)
    differing_names = _forbidden_differences(
        folder, before, description, steps_per_epoch
    )
    if differing_names:
        raise UsageError(
            f"{folder} holds another training than the requested one: "
            f"{_listed(differing_names)}. Choose another folder, or delete that one."
        )
    if before != description:
        write_sealed(folder / RUN, {**description, "name": before["name"]})


def _require_no_snapshots(folder: Path) -> None:
    if (folder / CHECKSUMS).is_file() or (folder / "init").is_dir():
        raise DataError(
            f"{folder} holds snapshots but no {RUN}: it was damaged, or written "
            "by another version of conceptevo_jax. Choose another folder, or "
            "delete it."
        )


def _listed(differing: Sequence[str]) -> str:
    suffix = (
        f"; and {len(differing) - _MAX_SHOWN} more" if differing[_MAX_SHOWN:] else ""
    )
    return "; ".join(differing[:_MAX_SHOWN]) + suffix


def _forbidden_differences(
    folder: Path,
    before: Mapping[str, Any],
    about: Mapping[str, Any],
    steps_per_epoch: int,
) -> list[str]:
    """The differences that prevent resuming the folder's training, in words."""
    finished_epochs = sum(
        epoch.isdecimal() for epoch in read_checksums(folder).snapshots
    )
    return [
        difference
        for name, difference in _differences(before, about)
        if name not in _FREE_SETTINGS
        and not (
            name in _LENGTH_SETTINGS
            and _continues_training(before, about, finished_epochs, steps_per_epoch)
        )
    ]


_LENGTH_SETTINGS = ("training.epochs", "training.early_steps")


def _continues_training(
    before: Mapping[str, Any],
    description: Mapping[str, Any],
    finished_epochs: int,
    steps_per_epoch: int,
) -> bool:
    """Whether a training of another length has the same finished epochs."""
    old, new = before["training"], description["training"]
    steps = finished_epochs * steps_per_epoch
    early_steps = [[s for s in t["early_steps"] if s <= steps] for t in (old, new)]
    if new["epochs"] < finished_epochs or early_steps[0] != early_steps[1]:
        return False
    rates = [
        [
            learning_rate(
                Optimizer(**training["optimizer"]),
                step,
                steps_per_epoch=steps_per_epoch,
                epochs=training["epochs"],
            )
            for step in range(steps)
        ]
        for training in (old, new)
    ]
    return rates[0] == rates[1]


def _differences(
    before: Mapping[str, Any], description: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Name and description of each value that differs."""
    old, new = flatten_settings(before), flatten_settings(description)
    return [
        (name, _difference(name, old.get(name), new.get(name)))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def _difference(name: str, old: object, new: object) -> str:
    images = {"train": "training images", "test": "test images"}
    value_name = name.rpartition(".")[2]
    if value_name in images:
        pixel_prefix = "pixels of " if name.startswith("content.") else ""
        return f"other {pixel_prefix}{images[value_name]}"
    return f"{name.removeprefix('training.')} is {old} there, not {new}"
