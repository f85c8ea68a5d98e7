"""Tools compared with the neuron embedding: gensim, and one pair at a time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.embedding import co_activations
from conceptevo_jax.types import Stimuli


def shuffled_lists(
    stimuli: Stimuli, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " _"]]:
    """The neurons of each image that has two or more, in random order.

    Args:
      stimuli: Decide which neurons share an image.
      rng: Decides the orders.
    """
    lists = co_activations(stimuli)
    firsts = np.unique(lists.images, return_index=True)[1]
    for image_neurons in np.split(np.asarray(lists.neurons), firsts[1:]):
        yield rng.permutation(image_neurons)


class Gensim:
    """Word2Vec on the same lists; a call trains it once over all of them.

    As its documentation advises for speed: a file in `LineSentence` format, and a
    thread per core. Negatives are drawn uniformly, as in Eq. 1, and no word is left
    out or sampled down.
    """

    def __init__(self, stimuli: Stimuli, repeats: int, workers: int, seed: int) -> None:
        from gensim.models import Word2Vec  # not every user has it

        rng = np.random.default_rng(seed)
        self.neurons = len(stimuli.count)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
            for _ in range(repeats):
                for sentence in shuffled_lists(stimuli, rng):
                    file.write(" ".join(map(str, sentence.tolist())) + "\n")
        self.path = Path(file.name)
        self.model = Word2Vec(
            vector_size=DIM,
            window=1,
            sg=1,
            negative=NEGATIVES,
            ns_exponent=0.0,
            sample=0,
            min_count=1,
            alpha=RATE,
            min_alpha=RATE,
            workers=workers,
            seed=seed,
        )
        self.model.build_vocab(corpus_file=file.name)

    def __call__(self) -> tuple[()]:
        """Train on every list of every repeat once."""
        self.model.train(
            corpus_file=str(self.path),
            total_words=self.model.corpus_total_words,
            total_examples=self.model.corpus_count,
            epochs=1,
        )
        return ()

    def vectors(self) -> Float[np.ndarray, "n d"]:
        """Of neurons that are in some list; zeros for others."""
        vectors = np.zeros((self.neurons, DIM), np.float32)
        for neuron in range(self.neurons):
            if str(neuron) in self.model.wv:
                vectors[neuron] = self.model.wv[str(neuron)]
        return vectors

    def __enter__(self) -> "Gensim":
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the sentences."""
        self.path.unlink()


def update_pairwise(
    vectors: Float[np.ndarray, "n d"],
    pairs: Int[np.ndarray, "p 2"],
    rng: np.random.Generator,
) -> None:
    """Move vectors, in place, down the gradient of one pair after the other.

    Both neurons of a pair by what they were before; negatives stay where they are.

    Args:
      vectors: Of all neurons; changed in place.
      pairs: Neurons, in the order of their updates.
      rng: Draws the negatives.
    """
    for n, m in pairs.tolist():
        first, second = vectors[n].copy(), vectors[m].copy()
        pull = 1 / (1 + np.exp(first @ second))
        for row, center, context in ((n, first, second), (m, second, first)):
            negatives = vectors[rng.integers(len(vectors), size=NEGATIVES)]
            push = 1 / (1 + np.exp(-(negatives @ center)))
            vectors[row] = center + RATE * (pull * context - push @ negatives)


def neighbor_pairs(
    stimuli: Stimuli, repeats: int, rng: np.random.Generator
) -> Int[np.ndarray, "p 2"]:
    """All pairs of several repeats.

    Args:
      stimuli: Decide which neurons share an image.
      repeats: How many times every list is shuffled.
      rng: Decides the orders.
    """
    paths = [path for _ in range(repeats) for path in shuffled_lists(stimuli, rng)]
    return np.concatenate([np.stack([p[:-1], p[1:]], axis=1) for p in paths])


DIM, RATE, NEGATIVES = 30, 0.05, 3
"""d, learning rate and R, as in the paper."""
