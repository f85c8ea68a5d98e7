#!/usr/bin/env bash
# JAX tells joined processes of a scheduler's SIGTERM by
# `multihost_utils.reached_preemption_sync_point(step)`: all must call it at every step,
# with one count that grows. A good guess is that only the program that trains does.
# Orbax's CheckpointManager asks, too, at every save, with the number of the checkpoint,
# also where the save is forced: two managers and a loop that asks with a count of its
# own mix three counts in one protocol, whose answers then come at no step or at
# different ones. A program that asks by itself switches JAX's service off
# (`jax_enable_preemption_service`), which Orbax takes for "never".
#
# Seen with jax 0.10.2 and orbax-checkpoint 0.12.8:
#   asked at save of 7: [7]
#   asked at forced save of 3: [3]
#   with the service off: saved
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "jax==0.10.2" "orbax-checkpoint==0.12.8"
cat > "$folder/asks.py" <<'PYTHON'
import socket
import sys

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

if sys.argv[2] == "off":
    jax.config.update("jax_enable_preemption_service", False)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=1, process_id=0)

asked = []
answer = multihost_utils.reached_preemption_sync_point


def recorded(step):
    asked.append(step)
    return answer(step)


multihost_utils.reached_preemption_sync_point = recorded
manager = ocp.CheckpointManager(sys.argv[1])
tree = ocp.args.StandardSave({"w": np.zeros(2)})
if sys.argv[2] == "off":
    manager.save(7, args=tree)
    manager.wait_until_finished()
    print("with the service off:", "saved" if manager.all_steps() == [7] else "lost")
else:
    manager.save(7, args=tree)
    manager.wait_until_finished()
    print("asked at save of 7:", sorted(set(asked)))
    asked.clear()
    manager.save(3, args=tree, force=True)
    manager.wait_until_finished()
    print("asked at forced save of 3:", sorted(set(asked)))
manager.close()
PYTHON
{
  JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/asks.py" "$folder/on" on
  JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/asks.py" "$folder/off" off
} 2> "$folder/errors" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
asked at save of 7: [7]
asked at forced save of 3: [3]
with the service off: saved
SEEN
echo "as described"
