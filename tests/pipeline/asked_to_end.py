"""Trains with others until a scheduler asks: `python asked_to_end.py STORE`."""

import os
import signal
import sys
from pathlib import Path

import jax
from tiny import tiny_dataset, tiny_job

from conceptevo_jax.devices import start_processes
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.runs import execute
from conceptevo_jax.store import Store
from conceptevo_jax.training import AskedToEndError


def ask(done: int, total: int) -> None:
    """As a scheduler does: by a signal, here to one of them."""
    if done == 1 and jax.process_index() == 1:
        os.kill(os.getpid(), signal.SIGTERM)


def main(root: str) -> None:
    start_processes()
    store = Store(Path(root))
    # More than can be trained before the others hear of it.
    job = tiny_job(dataset=tiny_dataset(), epochs=2000)
    try:
        execute(store, prepare_images(store, job.dataset), job, ask)
    except AskedToEndError as error:
        print(error)


if __name__ == "__main__":
    main(*sys.argv[1:])
