"""Two tiny trainings side by side, observed: `python tiny_jobs.py STORE`."""

import dataclasses
import json
import sys
from pathlib import Path

from tiny import tiny_dataset, tiny_job

from conceptevo_jax.config import SearchConfig
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.runs import execute
from conceptevo_jax.pipeline.worker_pool import run_side_by_side
from conceptevo_jax.store import Store, checksum


def main(root: str) -> None:
    """Print all numbers of the trainings, and checksums of what was observed."""
    store, dataset = Store(Path(root)), tiny_dataset()
    jobs = [
        tiny_job(
            name,
            dataset=dataset,
            search=SearchConfig(k=3),
            seed=seed,
            epochs=4,
            early_steps=[2],
        )
        for seed, name in enumerate(("one", "other"))
    ]
    images = prepare_images(store, dataset)
    run_side_by_side(store, jobs, 2, lambda name, done, total: None)
    numbers = {}
    for job in jobs:
        run = execute(store, images, job)
        rows = [dataclasses.asdict(row) for row in run.rows]
        numbers[job.name] = {
            "rows": [{k: str(v) for k, v in row.items()} for row in rows],
            "peaks": {
                str(epoch): checksum(seen.stimuli.peaks.tobytes())
                for epoch, seen in run.observations.items()
            },
        }
        for row in numbers[job.name]["rows"]:
            del row["seconds"]
    print(json.dumps(numbers))


if __name__ == "__main__":
    main(*sys.argv[1:])
