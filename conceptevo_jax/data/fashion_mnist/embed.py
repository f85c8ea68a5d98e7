"""Makes and reads `images.npz`, the file of embedded images.

    python -m conceptevo_jax.data.fashion_mnist.embed /usr/share/datasets/fashion-mnist

makes it again from the original IDX files (Debian: `dataset-fashion-mnist`) in about a
minute; Pillow 13.0 gives the same bytes, another version at least the same pixels. Not
needed to use the images.
"""

import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from conceptevo_jax.data.stratified import stratified_rows
from conceptevo_jax.errors import DataError

EMBEDDED = Path(__file__).with_name("images.npz")

_SIZES = {"train": 8000, "test": 2000}
_SOURCES = {"train": "train", "test": "t10k"}
_SEED = 0


def read_embedded(
    split: str, path: Path = EMBEDDED
) -> Iterator[tuple[str, int, bytes]]:
    """Read the images of a split: id, class and lossless WebP bytes.

    The id holds the image's index in the original file: `fashion_mnist/train/012345`.

    Args:
      split: `train` or `test`.
      path: The file of embedded images.
    """
    with np.load(path, allow_pickle=False) as stored:
        data = stored[f"{split}_bytes"].tobytes()
        rows = [stored[f"{split}_{part}"] for part in ("index", "label", "length")]
    start = 0
    for index, label, length in zip(*(row.tolist() for row in rows), strict=True):
        yield image_key(split, index), label, data[start : start + length]
        start += length


def image_key(split: str, index: int) -> str:
    """Stable id of the image at `index` of the original file of a split.

    Args:
      split: `train` or `test`.
      index: Row of the original file.
    """
    return f"fashion_mnist/{split}/{index:06d}"


def embed(folder: Path, path: Path, *, train: int, test: int, seed: int) -> None:
    """Choose images from the IDX files in `folder`, by class, and write them to `path`.

    Args:
      folder: Holds `train-` and `t10k-images-idx3-ubyte.gz` and their labels.
      path: The file to write; equal arguments give equal bytes.
      train: Number of training images.
      test: Number of test images.
      seed: Another seed chooses other images.

    Raises:
      DataError: if a file in `folder` is missing or is not an IDX file.
    """
    arrays: dict[str, np.ndarray] = {}
    for split, size in (("train", train), ("test", test)):
        arrays |= _split_arrays(folder, split, size, seed)
    with path.open("wb") as file:
        # NumPy's stub takes further arguments for `allow_pickle`.
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _split_arrays(
    folder: Path, split: str, size: int, seed: int
) -> dict[str, np.ndarray]:
    """The chosen images of one split, encoded, with their labels and indices."""
    stem = folder / _SOURCES[split]
    images = read_idx(stem.with_name(f"{stem.name}-images-idx3-ubyte.gz"))
    labels = read_idx(stem.with_name(f"{stem.name}-labels-idx1-ubyte.gz"))
    keys = [image_key(split, index) for index in range(len(images))]
    selected_rows = np.sort(stratified_rows(keys, labels, size=size, seed=seed))
    encoded = [_webp(images[index]) for index in selected_rows]
    return {
        f"{split}_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        f"{split}_length": np.array([len(image) for image in encoded], np.uint16),
        f"{split}_label": labels[selected_rows],
        f"{split}_index": selected_rows.astype(np.uint16),
    }


def read_idx(path: Path) -> UInt8[np.ndarray, "..."]:
    """Read a gzipped IDX file of bytes, MNIST's format.

    Raises:
      DataError: if it is missing, damaged or of another type.
    """
    try:
        content = gzip.decompress(path.read_bytes())
        if content[:3] != b"\x00\x00\x08":
            raise ValueError("its first bytes are not 00 00 08")
        shape = np.frombuffer(content, ">u4", content[3], 4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(
            shape
        )
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise DataError(
            f"{path} is not a gzipped IDX file of bytes ({error}). Give the folder "
            "with the four files of Fashion-MNIST."
        ) from error


def _webp(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(buffer, "WEBP", lossless=True, quality=100, method=6)
    return buffer.getvalue()


if __name__ == "__main__":
    embed(Path(sys.argv[1]), EMBEDDED, **_SIZES, seed=_SEED)
