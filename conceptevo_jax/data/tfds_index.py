"""The index of a TFDS split, read once: content ids, names, labels, class names.

A pass over the records takes a few minutes for ImageNet; the index is stored with
sizes, times and inodes of the prepared files, and read again when these change.
Prepared files should not change: if their content differs, an error says so.
"""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32

from conceptevo_jax.data.content import RACY_NS, number_duplicates
from conceptevo_jax.errors import DataError
from conceptevo_jax.store import checksum, write_bytes
from conceptevo_jax.types import record


@record
class SplitIndex:
    """The result of a pass over the records of a split.

    Attributes:
      keys: Content ids, in the order of the records.
      names: File names, or places in the split.
      labels: Classes.
      classes: Their names.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    labels: Int32[np.ndarray, " i"]
    classes: tuple[str, ...]


def index_split(
    builder: Any,
    records: Any,
    split: str,
    features: tuple[str, str],
    cache: Path | None,
) -> SplitIndex:
    """Ids, names and labels of all records, in their order.

    Args:
      builder: Builder of the data set on disk.
      records: The split's records, images encoded.
      split: Its name, in TFDS's notation.
      features: Names of the image's and the label's feature.
      cache: Folder of the cached index; read anew each time if None.

    Raises:
      DataError: if records cannot be read, or have changed.
    """
    info, start_ns = builder.info, time.time_ns()
    if cache is None:
        return _read_index(builder, records, split, features)
    index_name = f"{builder.data_path}|{info.full_name}|{split}|{features}"
    path = cache / f"{info.name}-{checksum(index_name.encode())[:16]}.npz"
    fingerprints = _fingerprints(Path(builder.data_path))
    cached_index = _load_index(path)
    if cached_index is not None and cached_index[1] == fingerprints:
        return cached_index[0]
    index = _read_index(builder, records, split, features)
    if cached_index is not None:
        _require_unchanged(cached_index[0], index, Path(builder.data_path), split, path)
    newest_ns = max(
        max(int(time_text) for time_text in fingerprint.split()[1:3])
        for fingerprint in fingerprints
    )
    _save_index(path, index, fingerprints if newest_ns < start_ns - RACY_NS else ())
    return index


def _read_index(
    builder: Any, records: Any, split: str, features: tuple[str, str]
) -> SplitIndex:
    info, (picture, label_feature) = builder.info, features
    name_feature = next((n for n in ("file_name", "id") if n in info.features), None)
    start = f"{info.full_name}/{split}"
    content_ids, names, labels = [], [], []
    try:
        for row in range(len(records)):
            example = records[row]
            name = (
                f"{row:07d}" if name_feature is None else _text(example[name_feature])
            )
            content_ids.append(checksum(example[picture]))
            names.append(f"{start}/{name}")
            labels.append(example[label_feature])
    # What TFDS, protobuf and array_record raise on damaged files has no common type.
    except Exception as error:
        raise DataError(
            f"{builder.data_path} is damaged: record {len(names)} of {split} cannot be "
            f"read ({error}). Prepare the data set again."
        ) from error
    return SplitIndex(
        keys=number_duplicates(content_ids),
        names=tuple(names),
        labels=np.array(labels, np.int32),
        classes=tuple(info.features[label_feature].names),
    )


def _fingerprints(folder: Path) -> tuple[str, ...]:
    """Size, times and inode of every file of a prepared data set, as text."""
    fingerprints = []
    for file in sorted(folder.iterdir()):
        file_stat = file.stat()
        stat_numbers = (
            file_stat.st_size,
            file_stat.st_mtime_ns,
            file_stat.st_ctime_ns,
            file_stat.st_ino,
        )
        fingerprints.append(f"{' '.join(map(str, stat_numbers))} {file.name}")
    return tuple(fingerprints)


def _require_unchanged(
    before: SplitIndex, after: SplitIndex, folder: Path, split: str, path: Path
) -> None:
    """Refuse prepared files whose content has changed since they were first read."""
    pairs = list(zip(before.keys, after.keys, strict=False))
    changed_count = sum(a != b for a, b in pairs) + abs(
        len(before.keys) - len(after.keys)
    )
    differences = [f"{changed_count} images"] if changed_count else []
    if not np.array_equal(before.labels, after.labels):
        differences.append("labels")
    if before.classes != after.classes:
        differences.append("names of classes")
    if differences:
        raise DataError(
            f"{folder} ({split}) is not what it was when it was first read: "
            f"{', '.join(differences)} differ. Prepare it again; if it was prepared "
            f"anew on purpose, delete {path}."
        )


def _save_index(path: Path, index: SplitIndex, fingerprints: tuple[str, ...]) -> None:
    content = io.BytesIO()
    np.savez(
        content,
        labels=index.labels,
        keys=_join_texts(index.keys),
        names=_join_texts(index.names),
        classes=_join_texts(index.classes),
        looks=_join_texts(fingerprints),
    )
    write_bytes(path, content.getvalue())


def _join_texts(texts: tuple[str, ...]) -> np.ndarray:
    return np.frombuffer("\0".join(texts).encode(), np.uint8)


def _load_index(path: Path) -> tuple[SplitIndex, tuple[str, ...]] | None:
    """The index that `_save_index` wrote; None if it is missing or damaged."""
    try:
        # NumPy leaves a file that it opened itself open when it is no zip archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            texts = {
                name: tuple(arrays[name].tobytes().decode().split("\0"))
                for name in ("keys", "names", "classes", "looks")
            }
            labels = arrays["labels"]
    # NumPy and zipfile raise some ten types of error on damaged bytes.
    except Exception:
        return None
    fingerprints = texts.pop("looks")
    if not len(texts["keys"]) == len(texts["names"]) == len(labels):
        return None
    return SplitIndex(labels=labels, **texts), fingerprints


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
