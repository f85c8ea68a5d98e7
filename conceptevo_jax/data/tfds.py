"""Any TensorFlow data set that is prepared on this machine: `tfds:<name>`.

Reading needs no TensorFlow: the data set must have been prepared in the format
`array_record`, as `conceptevo prepare` does. Nothing is ever downloaded here.

An image's id is its content; its name is its file name if the data set has one,
otherwise its position in the split, which TFDS fixes. Ids, labels and names of classes
are read once, see `conceptevo_jax.data.tfds_index`.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.data.content import content_of, number_duplicates
from conceptevo_jax.data.decoding import DEFAULT_FORMATS, MAX_PIXELS, DecodingSettings
from conceptevo_jax.data.image_set import ImageSet
from conceptevo_jax.data.tfds_index import SplitIndex, index_split
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.places import typed_place

_TEST_SPLITS = ("test", "validation")


def load(
    split: str,
    *,
    source: str,
    side: int,
    data_dir: Path | None = None,
    cache: Path | None = None,
    train_split: str = "train",
    test_split: str | None = None,
    image: str | None = None,
    label: str | None = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
    max_pixels: int = MAX_PIXELS,
    value_range: int | None = None,
) -> ImageSet:
    """Open one split.

    Args:
      split: `train` or `test`.
      source: Name of the data set: `cifar10`, `imagenette/320px-v2`, `name:1.0.0`.
      side: Height and width in pixels to which every image is resized.
      data_dir: Folder of TFDS data sets; TFDS's own default if None.
      cache: Folder of cached ids and labels; read anew each time if None.
      train_split: The training split, in TFDS's notation: `train[:90%]`.
      test_split: The test split; `test`, or else `validation`, if None.
      image: Name of the image's feature, if there are several.
      label: Name of the label's feature, if there are several.
      formats: Names of image formats that are opened, of `data.decoding.FORMATS`.
      max_pixels: Height times width of the largest image that is decoded.
      value_range: Largest value of images of more than 8 bits; 65535 if None.

    Raises:
      DataError: if the data set, split or labels are missing, or its format is another.
      UsageError: if no TFDS data set has that name, a feature has to be named, a
        format is unknown, or a number is not a whole number from 1.
    """
    decoding = DecodingSettings(
        formats=formats, max_pixels=max_pixels, value_range=value_range
    )
    builder = _builder(source, data_dir)
    tfds_split = _present_split(builder, source, split, train_split, test_split)
    picture, kind = _feature_names(builder, source, image, label)
    records = _encoded_records(builder, tfds_split, picture)
    index = index_split(builder, records, tfds_split, (picture, kind), cache)
    _require_labels(index, builder, source, split, tfds_split)
    return ImageSet(
        name=source,
        split=split,
        keys=number_duplicates(decoding.ids(map(content_of, index.keys))),
        names=index.names,
        labels=index.labels,
        classes=index.classes,
        side=side,
        border=0,
        origin=str(builder.data_path),
        read=lambda row: records[row][picture],
        decoding=decoding,
    )


def _encoded_records(builder: Any, tfds_split: str, picture: str) -> Any:
    """The records of a split, whose images are not decoded."""
    import tensorflow_datasets as tfds

    decoders = {picture: tfds.decode.SkipDecoding()}
    return builder.as_data_source(tfds_split, decoders=decoders)


def _present_split(
    builder: Any, source: str, split: str, train_split: str, test_split: str | None
) -> str:
    """The TFDS split that serves as `split`; an error if there is none."""
    tfds_split = train_split if split == "train" else test_split or _test_split(builder)
    _require_split(builder, source, tfds_split)
    return tfds_split


def _require_labels(
    index: SplitIndex, builder: Any, source: str, split: str, tfds_split: str
) -> None:
    """Refuse a split with images that have no label."""
    if len(index.labels) and index.labels.min() < 0:
        raise DataError(
            f"{source}: the split {tfds_split} has no labels. Choose another by "
            f"dataset.options.{split}_split=…; there are: {_splits(builder)}."
        )


def _feature_names(
    builder: Any, source: str, image: str | None, label: str | None
) -> tuple[str, str]:
    """Names of the image's and the label's feature."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    picture = _feature(features, tfds.features.Image, image, source, "image")
    return picture, _feature(features, tfds.features.ClassLabel, label, source, "label")


def sizes(
    source: str,
    *,
    data_dir: Path | None = None,
    train_split: str = "train",
    test_split: str | None = None,
    label: str | None = None,
    **_: Any,
) -> tuple[int, int, int]:
    """Number of training and test images and of classes, from the metadata alone.

    Args:
      source: Name of the data set.
      data_dir: As for `load`, like the others.
      train_split: See there.
      test_split: See there.
      label: See there.
    """
    import tensorflow_datasets as tfds

    builder = _builder(source, data_dir)
    tfds_splits = (train_split, test_split or _test_split(builder))
    for name in tfds_splits:
        _require_split(builder, source, name)
    features = builder.info.features
    kind = _feature(features, tfds.features.ClassLabel, label, source, "label")
    train, test = (builder.info.splits[name].num_examples for name in tfds_splits)
    return train, test, features[kind].num_classes


def require_known(source: str) -> str:
    """The data set's bare name, if TFDS has one of that name.

    Raises:
      UsageError: if not, with similar names.
    """
    import tensorflow_datasets as tfds

    name = source.partition("/")[0].partition(":")[0]
    builder_names = tfds.list_builders(with_community_datasets=False)
    if name not in builder_names:
        close_names = (
            ", ".join(difflib.get_close_matches(name, builder_names, 5, 0.5)) or "none"
        )
        raise UsageError(
            f"TensorFlow Datasets has no data set {name!r}; similar names: "
            f"{close_names}. All are listed at https://www.tensorflow.org/datasets/catalog."
        )
    return name


def _builder(source: str, data_dir: Path | None) -> Any:
    """The data set on disk; TFDS does not download anything."""
    import tensorflow_datasets as tfds

    from_disk = tfds.core.read_only_builder.builder_from_files
    folder = typed_place(data_dir or tfds.core.constants.DATA_DIR)
    try:
        builder = from_disk(source, data_dir=str(folder))
    except tfds.core.DatasetNotFoundError:
        require_known_or_local(source, folder)
        raise DataError(
            f"{source} is not prepared in {folder}. Run `conceptevo prepare {source}` "
            "once, where there is a network, or set dataset.data_dir to the folder "
            "that holds it."
        ) from None
    if builder.info.file_format.value != "array_record":
        raise DataError(
            f"{builder.data_path} is in the format {builder.info.file_format.value}, "
            "which only TensorFlow reads. Prepare it as array_record: `conceptevo "
            f"prepare {source} data_dir=OTHER_FOLDER`."
        )
    return builder


def require_known_or_local(source: str, folder: Path) -> None:
    """Refuse a name that neither TFDS nor the folder knows.

    Args:
      source: Name of the data set.
      folder: Where prepared data sets lie.
    """
    if not (folder / source.partition("/")[0].partition(":")[0]).is_dir():
        require_known(source)


def _splits(builder: Any) -> str:
    return ", ".join(builder.info.splits) or "none"


def _test_split(builder: Any) -> str:
    present_splits = [name for name in _TEST_SPLITS if name in builder.info.splits]
    return present_splits[0] if present_splits else _TEST_SPLITS[0]


def _require_split(builder: Any, source: str, tfds_split: str) -> None:
    """A split, or a part of one such as `train[90%:]`."""
    try:
        builder.info.splits[tfds_split]
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{source} has no split {tfds_split!r}; it has: {_splits(builder)}. Choose "
            "by dataset.options.train_split and dataset.options.test_split; a part of "
            "one is written train[90%:]."
        ) from error


def _feature(
    features: Any, kind: type, name: str | None, source: str, option: str
) -> str:
    fitting = [key for key, feature in features.items() if isinstance(feature, kind)]
    if name in fitting:
        return str(name)
    if name is None and len(fitting) == 1:
        return fitting[0]
    raise UsageError(
        f"{source}: dataset.options.{option} must name its {option}, one of: "
        f"{', '.join(fitting) or 'none, so it cannot be used here'}."
    )
