"""Repeats work in one process and prints what it takes: `python repeating.py WORK N`.

One JSON list per repetition: resident bytes and open handles after it.
"""

import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import conceptevo_jax as ce
from conceptevo_jax.cli import main

EACH = 25
"""Updates of a monitor that count as one repetition."""


def monitor_updates() -> Iterator[None]:
    """Updates of a monitor with a space, of other weights each time."""
    shapes = ce.load_images("shapes", "train", data_dir=None, train_images=240)
    pool = ce.select_pool(shapes, size=240, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        pixels = ce.decode_images(shapes, pool.rows, folder)
    model = ce.build_model("vgg16", preset="tiny", classes=10)
    variables = model.init(0)
    search = ce.Search(k=3)
    find = ce.find_stimuli(model, pool, search, sample=20)
    stimuli, sample = find(variables, pixels)
    space, *_ = ce.base_space(model, variables, stimuli, sample, pixels, search=search)
    monitor = ce.ConceptMonitor.of_model(model, space, pixels, probe=60, k=3)
    epoch = 0
    while True:
        for _ in range(EACH):
            report = monitor.update(epoch, model.init(epoch))
            assert report.status != "unknown", report.line()
            epoch += 1
        yield


def smoke_demos() -> Iterator[None]:
    """Smoke demos by the command line, each from the start."""
    while True:
        with tempfile.TemporaryDirectory() as folder:
            words = ["experiment=demo", "scale=smoke", f"run_dir={folder}/runs/demo"]
            assert main(words) == 0
        yield


WORK: dict[str, Callable[[], Iterator[None]]] = {
    "monitor": monitor_updates,
    "demo": smoke_demos,
}


def taken() -> list[int]:
    """Resident memory in bytes, and open handles."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return [pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))]


def repeat(work: str, count: int) -> None:
    """Do a piece of work so often, and print after each what the process holds."""
    pieces = WORK[work]()
    for _ in range(count):
        next(pieces)
        print(json.dumps(taken()), flush=True)


if __name__ == "__main__":
    repeat(sys.argv[1], int(sys.argv[2]))
