"""Trains and observes a tiny job with other processes: `python together.py STORE`."""

import sys
from pathlib import Path

from tiny import tiny_dataset, tiny_job

from conceptevo_jax.config import DatasetFacts, SearchConfig
from conceptevo_jax.devices import start_processes
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.runs import Job, execute
from conceptevo_jax.store import Store


def watched_job() -> Job:
    """With images enough for the monitor."""
    dataset = tiny_dataset(
        options={"train_images": 200, "test_images": 40},
        facts=DatasetFacts(train=200, test=40, classes=10),
    )
    return tiny_job(dataset=dataset, search=SearchConfig(k=3), monitor=True)


def main(root: str) -> None:
    start_processes()
    store, job = Store(Path(root)), watched_job()
    run = execute(store, prepare_images(store, job.dataset), job)
    print(sorted(map(str, run.observations)), store.reused)


if __name__ == "__main__":
    main(*sys.argv[1:])
