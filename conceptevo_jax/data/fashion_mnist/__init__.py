"""The embedded default: 10,000 real images, so that everything runs offline.

8,000 training and 2,000 test images of Fashion-MNIST, grey photographs of clothing of
28×28 pixels in ten classes, balanced, as lossless WebP in `images.npz` (MIT, see
NOTICE). `embed` made that file from the original ones; `builder` exposes it as a TFDS
data set, which `load` prepares on first use in about three seconds. Its content is
known, and compared each time: 10,000 images in 5 ms.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.data.image_set import ImageSet
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import checksum

VERSION = "1.0.0"
"""Version of the TFDS data set; another version is prepared next to it."""

CONTENT = {
    "train": "556490105eb837b839cdb4509f4d1a14",
    "test": "d95df588ed29dea512db08bc7be4e26a",
}
"""Checksums over the ids, classes and encoded images of each split."""

_BORDER = 2


def load(split: str, *, side: int, data_dir: Path | None) -> ImageSet:
    """Open one split, preparing the TFDS data set below `data_dir` if need be.

    Args:
      split: `train` or `test`.
      side: Height and width in pixels; at 32 the 28×28 real pixels stay as they are.
      data_dir: Folder of TFDS data sets.

    Returns:
      The images, in the order of their records.

    Raises:
      UsageError: if no folder is given.
      DataError: if the prepared files are damaged.
    """
    if data_dir is None:
        raise UsageError(
            "fashion_mnist is prepared in a folder of TFDS data sets: give data_dir."
        )
    import tensorflow_datasets as tfds  # takes 0.5 s, which other data sets need not

    folder = prepare(data_dir)
    decoders = {"image": tfds.decode.SkipDecoding()}
    try:
        builder = tfds.builder_from_directory(folder)
        source = builder.as_data_source(split, decoders=decoders)
        examples = [(e["id"], int(e["label"]), e["image"]) for e in source]
        classes = tuple(builder.info.features["label"].names)
        if content_checksum(examples, classes) != CONTENT[split]:
            raise ValueError("its images, ids or classes are not those of the package")
    # What TFDS, protobuf and array_record raise on damaged files has no common type.
    except Exception as error:
        raise DataError(
            f"{folder} is damaged ({error}). Delete this folder: it is prepared again "
            "on the next run."
        ) from error
    return ImageSet(
        name="fashion_mnist",
        split=split,
        keys=tuple(key.decode() for key, _, _ in examples),
        labels=np.array([label for _, label, _ in examples], np.int32),
        classes=classes,
        side=side,
        border=_BORDER,
        origin=str(folder),
        read=lambda row: source[row]["image"],
    )


def content_checksum(
    examples: Iterable[tuple[bytes, int, bytes]], classes: Sequence[str]
) -> str:
    """Checksum of a split, in any order of its records.

    Args:
      examples: Id, class and encoded image of each record.
      classes: Names of the classes.
    """
    parts = sorted(
        checksum(key, f"|{label}|".encode(), image) for key, label, image in examples
    )
    return checksum("|".join((*parts, *classes)).encode())


def prepare(data_dir: Path) -> Path:
    """Prepare the embedded images as a TFDS data set, unless that is done.

    Any number of processes may do so at once: each prepares in a folder of its own,
    and the first to finish gives it the final name.

    Args:
      data_dir: Folder of TFDS data sets.

    Returns:
      The data set's folder, `conceptevo_fashion_mnist/<version>` below `data_dir`.
    """
    final = Path(data_dir).absolute() / "conceptevo_fashion_mnist" / VERSION
    if final.is_dir():
        return final
    from conceptevo_jax.data.fashion_mnist.builder import ConceptevoFashionMnist

    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".preparing-") as working:
        builder = ConceptevoFashionMnist(data_dir=working, file_format="array_record")
        # TFDS prints three progress bars and two messages into whatever runs.
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            builder.download_and_prepare(download_dir=working)
        _rename(Path(builder.data_path), final)
    return final


def _rename(finished: Path, final: Path) -> None:
    try:
        os.rename(finished, final)
    except OSError:
        if not final.is_dir():
            raise
