"""Random numbers by purpose: no two purposes share a stream.

NumPy gives equal seeds equal numbers, whatever they are drawn for, and takes `[0, 3]`
and `[0, 3, 0]` for equal: the images of class 3 and its first resample would be drawn
in one order. So the purpose and how many numbers there are enter the seed.
"""

import hashlib

import numpy as np


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """The generator of one purpose, the same on every machine.

    Args:
      seed: What a user chose.
      purpose: What is drawn, in words; no other call has the same ones.
      *numbers: Which of the many draws of that purpose: a class, a repeat.

    Example:
      >>> order = stream(0, "test images of a class", 3).permutation(100)
    """
    words = (purpose, *(str(int(number)) for number in (seed, *numbers)))
    digest = hashlib.blake2b("\0".join(words).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
