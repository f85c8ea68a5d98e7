"""Observe the snapshots of a run: stimuli, and responses to held-out images.

One sweep over the pool and one over the judgement images per snapshot, compiled once
per run and kept in the store.
"""

import dataclasses
from typing import Any

from conceptevo_jax.activations import read_peaks
from conceptevo_jax.models import Model
from conceptevo_jax.stages.images import Images
from conceptevo_jax.stimuli import Search, find_stimuli, respond
from conceptevo_jax.store import Store, content_key
from conceptevo_jax.types import Epoch, Observation, Snapshot


def images_found(k: int, projecting: int | None, pool: int) -> int:
    """How many of its strongest images are found of a neuron.

    Args:
      k: Stimuli per neuron.
      projecting: Images that it is projected by, at most a tenth of the pool; None, or
        fewer than k, for its stimuli.
      pool: Images in the pool.
    """
    return max(k, min(projecting or 0, pool // 10))


class Observer:
    """Observes snapshots of one run; its sweeps are compiled when first needed.

    Args:
      store: Where observations are kept.
      images: Pool and judgement images.
      model: The run's model.
      run_key: Content key of the run.
      search: How stimuli are found.
      projecting: Images that a neuron is projected by, at most a tenth of the pool;
        None, or fewer than k, for its stimuli.
      sample: Number of pool images whose responses are kept.
    """

    def __init__(
        self,
        store: Store,
        images: Images,
        model: Model,
        run_key: str,
        search: Search,
        projecting: int | None,
        sample: int,
    ) -> None:
        self.store, self.images, self.model = store, images, model
        self.run_key, self.search, self.sample = run_key, search, sample
        self.found = images_found(search.k, projecting, len(images.pool))
        self.sweeps: tuple | None = None

    def __call__(self, shot: Snapshot) -> tuple[Observation, str]:
        """The snapshot's observation and its content key."""
        config, inputs = self._made_from(shot.epoch)
        return self.store.record(
            "observe",
            Observation,
            lambda: self._look(shot),
            config=config,
            inputs=inputs,
            about=shot.name,
        )

    def has(self, epoch: Epoch) -> bool:
        """Whether the snapshot's observation is stored."""
        key = content_key("observe", *self._made_from(epoch))
        return self.store.has("observe", key)

    def _made_from(self, epoch: Epoch) -> tuple[dict[str, Any], dict[str, str]]:
        inputs = {
            "snapshot": content_key(self.run_key, epoch),
            "pool": self.images.pool.pool_id,
            "judgement": self.images.judgement.pool_id,
        }
        config = {"search": self.search, "found": self.found, "sample": self.sample}
        return config, inputs

    def _look(self, shot: Snapshot) -> Observation:
        if self.sweeps is None:
            self.sweeps = self._compile()
        find, judge = self.sweeps
        variables = shot.load()
        found, sample = find(variables, self.images.pool_pixels)
        judgement = judge(variables, self.images.judgement_pixels)
        return Observation(
            found=found, k=self.search.k, sample=sample, judgement=judgement
        )

    def _compile(self) -> tuple:
        model, judgement = self.model, self.images.judgement
        search = dataclasses.replace(self.search, k=self.found)
        find = find_stimuli(model, self.images.pool, search, sample=self.sample)
        reader = read_peaks(model, before_relu=self.search.before_relu)
        judge = respond(reader, model.sites, len(judgement), judgement.pool_id)
        return find, judge
