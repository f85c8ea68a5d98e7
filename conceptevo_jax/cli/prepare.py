"""`conceptevo prepare`: prepare a TFDS set once with TensorFlow, to be read without.

Reading a prepared set needs no TensorFlow; preparing most sets does, which
the extra `[prepare]` installs. ImageNet is made from the two archives that its site
offers to registered users.
"""

import importlib.util
from pathlib import Path
from typing import Any

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.data.tfds import require_known
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.places import typed_place

TIMEOUT_SECONDS = 5.0
"""Seconds to wait for the host of a data set, where TFDS would retry for minutes."""

_ARCHIVES = {"imagenet2012": ("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar")}
"""Files that a set needs, without which TFDS would continue."""


def prepare(arguments: CommandArguments) -> int:
    """Prepare the named set, in the format `array_record`.

    Raises:
      UsageError: for an unknown name, or without TensorFlow.
      DataError: if archives are missing or the network cannot be reached.
    """
    source, keywords = arguments.places[0], arguments.keywords
    name = require_known(source)
    _require_tensorflow()
    builder = _builder(source, keywords.get("data_dir"))
    if not Path(builder.data_path).is_dir():
        manual = _archives(name, builder, keywords.get("manual_dir"))
        if manual is None:
            _require_network(source, builder)
        _make(builder, manual)
    splits = {key: split.num_examples for key, split in builder.info.splits.items()}
    split_sizes = ", ".join(f"{key} {count:,}" for key, count in splits.items())
    CONSOLE.print(f"{source}: {split_sizes}, in {builder.data_path}", soft_wrap=True)
    CONSOLE.print(f"Use it by dataset.name=tfds:{source}", soft_wrap=True)
    return 0


def _require_tensorflow() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        raise UsageError(
            "preparing a data set needs TensorFlow (reading it does not): install "
            'the extra with `pip install "conceptevo-jax[prepare]"`.'
        )


def _builder(source: str, data_dir: str | None) -> Any:
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(
            source, data_dir=data_dir, file_format="array_record", try_gcs=False
        )
    except (ValueError, tfds.core.DatasetNotFoundError) as error:
        raise UsageError(f"{source}: {error}") from error


def _archives(name: str, builder: Any, manual_dir: str | None) -> Path | None:
    """The folder of archives that the user downloaded, for sets that need one."""
    if not builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return None
    instructions = " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
    if manual_dir is None:
        raise UsageError(f"{name} needs manual_dir=FOLDER. TFDS says: {instructions}")
    folder = typed_place(manual_dir).absolute()
    if not folder.is_dir():
        raise DataError(
            f"manual_dir {folder} is not a folder. TFDS says: {instructions}"
        )
    missing = [a for a in _ARCHIVES.get(name, ()) if not (folder / a).is_file()]
    if missing:
        raise DataError(
            f"{folder} lacks {', '.join(missing)}. TFDS says: {instructions}"
        )
    return folder


def _require_network(source: str, builder: Any) -> None:
    import requests

    for url in list(builder.url_infos)[:1]:
        try:
            requests.head(url, timeout=TIMEOUT_SECONDS, allow_redirects=True)
        except requests.RequestException as error:
            raise DataError(
                f"{source} is downloaded from {url}, which cannot be reached "
                f"({type(error).__name__}). Prepare it on a machine with a network and "
                f"copy {builder.data_path} to the same place here."
            ) from error


def _make(builder: Any, manual: Path | None) -> None:
    import tensorflow_datasets as tfds

    config = tfds.download.DownloadConfig(
        manual_dir=None if manual is None else str(manual)
    )
    try:
        builder.download_and_prepare(download_config=config)
    # What TFDS, TensorFlow and archive readers raise has no common type.
    except Exception as error:
        raise DataError(
            f"{builder.info.full_name} could not be prepared: {error}"
        ) from error
