"""TFDS builder of the embedded images: `conceptevo_fashion_mnist`.

Needs no TensorFlow with `file_format="array_record"`. Once prepared, the data set can
be read by `tfds.data_source` like any other. Its name differs from TFDS's own
`fashion_mnist`, which holds all 70,000 images and downloads them.
"""

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from conceptevo_jax.data.fashion_mnist import VERSION
from conceptevo_jax.data.fashion_mnist.embed import read_embedded

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_CITATION = """@article{xiao2017fashion,
  title={Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
         Algorithms},
  author={Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  journal={arXiv preprint arXiv:1708.07747},
  year={2017}
}"""


class ConceptevoFashionMnist(tfds.core.GeneratorBasedBuilder):
    """A balanced 10,000-image subset of Fashion-MNIST (MIT licence, Zalando SE)."""

    VERSION = tfds.core.Version(VERSION)

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(28, 28, 3)),
            "label": tfds.features.ClassLabel(names=CLASSES),
            "id": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            homepage="https://github.com/zalandoresearch/fashion-mnist",
            citation=_CITATION,
        )

    def _split_generators(self, _: Any) -> dict[str, Iterator[tuple[str, Any]]]:
        return {split: self._generate_examples(split) for split in ("train", "test")}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, Any]]:
        for key, label, image in read_embedded(split):
            yield key, {"image": image, "label": label, "id": key}
