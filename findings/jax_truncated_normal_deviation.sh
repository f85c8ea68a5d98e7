#!/usr/bin/env bash
# JAX and Flax: truncated_normal(.02) does not have the deviation .02.
#
# A good guess: the argument `stddev` is the deviation of what is drawn, as in
# torch.nn.init.trunc_normal_(std=.02), which cuts at -2 and 2 ABSOLUTE, a hundred
# deviations away. Seen with jax 0.10.2, flax 0.12.8: JAX cuts at two deviations and
# does not scale up again, so what is drawn has .0176, 12 % less; variance_scaling(...,
# "truncated_normal") does scale up. A network ported by its numbers starts smaller.
#
# What to do: normal(.02) for torch's trunc_normal_(std=.02).
# Output seen:
#   jax 0.10.2 flax 0.12.8
#   truncated_normal(.02): deviation 0.01758, largest 0.0400
#   variance_scaling(4e-4 * 512, fan_in, truncated_normal): deviation 0.0200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2 flax==0.12.8
JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'PY'
import flax
import flax.linen as nn
import jax
import numpy as np

print("jax", jax.__version__, "flax", flax.__version__)
draw = nn.initializers.truncated_normal(0.02)
values = np.asarray(draw(jax.random.key(0), (512, 2048)), np.float64)
print(f"truncated_normal(.02): deviation {values.std():.5f}, largest {abs(values).max():.4f}")
assert abs(values.std() - 0.0176) < 1e-4, "this has changed"
scaled = nn.initializers.variance_scaling(4e-4 * 512, "fan_in", "truncated_normal")
values = np.asarray(scaled(jax.random.key(0), (512, 2048)), np.float64)
print(f"variance_scaling(4e-4 * 512, fan_in, truncated_normal): deviation {values.std():.4f}")
assert abs(values.std() - 0.02) < 1e-4, "this has changed"
PY
