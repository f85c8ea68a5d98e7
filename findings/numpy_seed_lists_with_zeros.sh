#!/usr/bin/env bash
# NumPy: a list of seeds and the same list with zeros at its end give ONE stream.
#
# A good guess: default_rng([seed, class]) and default_rng([seed, class, repeat]) are
# different generators, for every repeat. Seen with numpy 2.4.6: at repeat 0 they are
# the same, since SeedSequence fills its pool with zeros. So the images of class 3 and
# the first resample of that class are drawn in one order.
#
# What to do: let the purpose, or the number of numbers, enter the seed.
# Output seen:
#   numpy 2.4.6
#   [0, 3] and [0, 3, 0]: same stream
#   [0, 3] and [0, 3, 0, 0]: same stream
#   [0, 3] and [0, 3, 1]: other streams
#   [0] and [0, 0]: same stream
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np

print("numpy", np.__version__)
expected = {((0, 3), (0, 3, 0)): True, ((0, 3), (0, 3, 0, 0)): True,
            ((0, 3), (0, 3, 1)): False, ((0,), (0, 0)): True}
for (first, second), same in expected.items():
    draws = [np.random.default_rng(list(s)).permutation(1000) for s in (first, second)]
    equal = bool((draws[0] == draws[1]).all())
    told = "same stream" if equal else "other streams"
    print(f"{list(first)} and {list(second)}: {told}")
    assert equal == same, "this has changed"
PY
