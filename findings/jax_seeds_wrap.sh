#!/usr/bin/env bash
# JAX: seeds 2^32 apart are ONE seed, and negative ones are large ones.
#
# A good guess: jax.random.key takes 64 bits of a seed, or refuses what it cannot take.
# Seen with jax 0.10.2 in its default of 32 bits: key(2**32) is key(0) and key(-1) is
# key(2**32 - 1), without a word. Runs whose seeds were hashes or times of 64 bits can
# coincide; "-1 for random" is an ordinary seed.
#
# What to do: refuse seeds below 0 or from 2^32 on.
# Output seen:
#   jax 0.10.2
#   key(2**32) is key(0): True
#   key(-1) is key(2**32 - 1): True
#   key(2**32 - 1) is key(0): False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2
JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'PY'
import jax
import numpy as np

print("jax", jax.__version__)


def words(seed):
    return np.asarray(jax.random.key_data(jax.random.key(seed)))


for text, first, second, same in (
    ("key(2**32) is key(0)", 2**32, 0, True),
    ("key(-1) is key(2**32 - 1)", -1, 2**32 - 1, True),
    ("key(2**32 - 1) is key(0)", 2**32 - 1, 0, False),
):
    equal = bool((words(first) == words(second)).all())
    print(f"{text}: {equal}")
    assert equal == same, "this has changed"
PY
