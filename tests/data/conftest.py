"""Image sets for the tests of the data layer."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.data import ImageSet
from conceptevo_jax.data.fashion_mnist import prepare


class NoTensorFlow:
    """An import finder like another one, but TensorFlow is never found."""

    def __init__(self, finder: Any) -> None:
        self.finder = finder

    def find_spec(self, name: str, *where: Any) -> Any:
        barred = name.partition(".")[0] == "tensorflow"
        return None if barred else self.finder.find_spec(name, *where)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded data set, prepared where TensorFlow is barred."""
    folder = tmp_path_factory.mktemp("data_dir")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "meta_path", [NoTensorFlow(f) for f in sys.meta_path])
        prepare(folder)
    return folder


@pytest.fixture
def png() -> Callable[[np.ndarray], bytes]:
    def encode(pixels: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def image_set() -> Callable[..., ImageSet]:
    """Builds an image set over given images, or random ones."""

    def build(
        count: int = 24,
        *,
        keys: list[str] | None = None,
        labels: list[int] | None = None,
        images: list | None = None,
        side: int = 4,
        border: int = 0,
        **further: Any,
    ) -> ImageSet:
        keys = keys or [f"planted/train/{i:04d}" for i in range(count)]
        labels = [i % 3 for i in range(len(keys))] if labels is None else labels
        random = np.random.default_rng(0)
        if images is None:
            images = list(random.integers(0, 256, (len(keys), side, side, 3), np.uint8))
        return ImageSet(
            name="planted",
            split="train",
            keys=tuple(keys),
            labels=np.array(labels, np.int32),
            classes=("a", "b", "c"),
            side=side,
            border=border,
            origin="/data/planted",
            read=lambda row: images[row],
            **further,
        )

    return build
