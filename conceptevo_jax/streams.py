"""Random numbers by purpose: no two purposes share a stream.

Equal seeds give equal numbers, whatever they are drawn for: two orders drawn from
`[seed, 3]`, of images here and of neurons there, would be one order. So the purpose
enters the seed. Everything is hashed to 128 bits; the numbers are the same on every
machine.
"""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """The generator of one purpose.

    Args:
      seed: What a user chose.
      purpose: What is drawn, in words; no other call has the same ones.
      *numbers: Which of the many draws of that purpose: a class, a repeat.

    Example:
      >>> order = stream(0, "test images of a class", 3).permutation(100)
    """
    return np.random.default_rng(int.from_bytes(_digest(seed, purpose, numbers)))


def stream_key(seed: int, purpose: str) -> Key[Array, ""]:
    """The same for JAX: a key of its threefry generator."""
    words = np.frombuffer(_digest(seed, purpose, ())[:8], ">u4").astype(np.uint32)
    return jax.random.wrap_key_data(jnp.asarray(words), impl="threefry2x32")


def _digest(seed: int, purpose: str, numbers: tuple[int, ...]) -> bytes:
    words = [purpose, *(str(int(number)) for number in (seed, *numbers))]
    return hashlib.blake2b("\0".join(words).encode(), digest_size=16).digest()
