"""The same work for any number of devices and processes.

`python work.py OUT` does it in a process of its own, or in one of several.
"""

import os
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from planted import he_normal

from conceptevo_jax.activations import Peaks
from conceptevo_jax.analysis.importance.scores import (
    ScoringSettings,
    measure_importance,
)
from conceptevo_jax.data import decode_images, load_images, select_pool
from conceptevo_jax.devices import call_in_turn, is_first, start_processes
from conceptevo_jax.models import build_model
from conceptevo_jax.projection import base_space
from conceptevo_jax.stimuli import Search, find_stimuli, observe
from conceptevo_jax.types import Site, Snapshot

IMAGES, K = 53, 4
COARSE = Site(name="coarse", channels=12, rectified=False, receptive_field=1, stride=1)


def coarse(variables, pixels):
    """Neurons of few different responses, so that most ranks are ties."""
    total = pixels.astype(jnp.int32).sum(axis=(1, 2, 3))
    values = total[:, None] % jnp.arange(1, 13, dtype=jnp.int32)[None]
    return Peaks(values.astype(jnp.float32) * variables["scale"], values)


def work(folder: Path) -> dict[str, np.ndarray]:
    """Stimuli, with and without ties, responses, a space, and importances."""
    shapes = call_in_turn(
        lambda: load_images("shapes", "train", data_dir=folder, train_images=80)
    )
    pool = select_pool(shapes, size=IMAGES, seed=2)
    at = folder / f"decoded{jax.process_index()}"
    pixels = decode_images(shapes, pool.rows, at)
    model = build_model("vgg16", preset="tiny", classes=10)
    snapshots = [he_normal(model, seed) for seed in (0, 1)]
    find = find_stimuli(model, pool, Search(k=K), projection_images=None, sample=20)
    (stimuli, sample), other = find.sweep_all(
        [lambda one=one: one for one in snapshots], pixels
    )
    tied = observe(
        coarse, (COARSE,), np.full((1, 2), 12), pool, Search(k=K), sample=np.arange(5)
    )({"scale": jnp.float32(1)}, pixels)[0]
    space, *_ = base_space(model, snapshots[0], stimuli, sample, pixels)
    measure = measure_importance(model, ScoringSettings(batch_size=2, checked=2))
    ends = [
        Snapshot(run="run", epoch=epoch, load=lambda one=one: one)
        for epoch, one in enumerate(snapshots)
    ]
    rows = np.arange(21)
    found = measure(*ends, pixels.pixels[rows], rows, 3)
    return {
        "image_ids": stimuli.image_ids,
        "other image_ids": other[0].image_ids,
        "tied": tied.tied,
        "tied image_ids": tied.image_ids,
        "dead": stimuli.dead,
        "peaks": stimuli.peaks,
        "sample": sample.peaks,
        "neurons": space.neurons.vectors,
        "images": space.images.vectors,
        "sensitivity": found.sensitivity,
        "score": found.score,
        "changed": found.changed,
        "difference": np.array(found.difference),
    }


def main(out: str) -> None:
    if "JAX_NUM_PROCESSES" in os.environ:
        start_processes()
    found = work(Path(out))
    if is_first():
        np.savez(Path(out) / "found.npz", **found)
    print(jax.process_count(), "processes", jax.device_count(), "devices")


if __name__ == "__main__":
    main(*sys.argv[1:])
