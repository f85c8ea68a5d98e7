"""Random numbers by purpose: no two purposes share a stream.

With equal seeds NumPy draws equal numbers for any purpose, and it treats `[0, 3]`
and `[0, 3, 0]` as equal: the images of class 3 and its first resample would be drawn
in the same order. So the purpose and the count of numbers are part of the seed.
"""

import hashlib

import numpy as np


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """The generator of one purpose, the same on every machine.

    Args:
      seed: The user's seed.
      purpose: A description of the draw that no other call uses.
      *numbers: Which of the draws of that purpose: a class, a repeat.

    Example:
      >>> order = stream(0, "test images of a class", 3).permutation(100)
    """
    name_words = (purpose, *(str(int(number)) for number in (seed, *numbers)))
    digest = hashlib.blake2b("\0".join(name_words).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
