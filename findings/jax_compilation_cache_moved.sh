#!/usr/bin/env bash
# JAX: a compilation cache that is copied or moved to another folder is never hit.
#
# A good guess: entries are named by what is compiled, so that a cache made once can be
# copied into a container or to a cluster's nodes, wherever it lies there.
# Seen with jax 0.10.2 on a CPU: the cache's own path is part of each entry's key, since
# by default a folder for XLA's autotuning of GPUs below it is among the options that are
# hashed, also where there is no GPU. The copy is read, nothing in it matches, everything
# is compiled and stored a second time, without a word. jax 0.12.0.1 leaves it out.
#
# What to do: keep the path, or set JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES=none both when
# the cache is made and when it is used.
# Output seen:
#   jax 0.10.2
#   made in one folder, used in a copy: 1 entry, then 2
#   the same without XLA's caches: 1 entry, then 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2
cat > "$folder/program.py" <<'PY'
import jax


@jax.jit
def product(x):
    return x @ x


product(jax.numpy.ones((4, 4)))
PY
export JAX_PLATFORMS=cpu JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
use() { JAX_COMPILATION_CACHE_DIR=$1 "$folder/venv/bin/python" "$folder/program.py"; }
entries() { find "$1" -name 'jit_product-*-cache' | wc -l; }
echo "jax $("$folder/venv/bin/python" -c 'import jax; print(jax.__version__)')"
use "$folder/made"
cp -r "$folder/made" "$folder/copy"
before=$(entries "$folder/copy")
use "$folder/copy"
after=$(entries "$folder/copy")
echo "made in one folder, used in a copy: $before entry, then $after"
export JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES=none
use "$folder/plain"
cp -r "$folder/plain" "$folder/plain_copy"
plain_before=$(entries "$folder/plain_copy")
use "$folder/plain_copy"
plain_after=$(entries "$folder/plain_copy")
echo "the same without XLA's caches: $plain_before entry, then $plain_after"
test "$before $after $plain_before $plain_after" = "1 2 1 1"
