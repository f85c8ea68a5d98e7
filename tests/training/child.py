"""Trains the toy in a process of its own: `python child.py FOLDER [STEP]`.

After step number STEP it says so and waits to be killed. One of several processes
trains with the others.
"""

import os
import signal
import sys
from pathlib import Path

import jax
from conftest import toy_images, toy_model, toy_settings

from conceptevo_jax.devices import call_in_turn, start_processes
from conceptevo_jax.training import train


def wait_after(step: int):
    def on_step(done: int, total: int) -> None:
        if done == step:
            print("waiting", flush=True)
            signal.pause()

    return on_step


def main(folder: str, step: str = "0") -> None:
    if "JAX_NUM_PROCESSES" in os.environ:
        start_processes()
    where = Path(folder)
    images = call_in_turn(lambda: toy_images(where / "images"))
    train(
        "toy-run",
        toy_model(),
        *images,
        toy_settings(),
        where,
        on_step=wait_after(int(step)),
    )
    print(jax.process_count(), "processes", jax.device_count(), "devices", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
