"""Observe the snapshots of a run: stimuli, and responses to held-out images.

This takes one sweep over the pool and one over the held-out test images, compiled once
per run. All snapshots that are not stored yet share them, in groups that fit in memory;
the store keeps each observation separately.
"""

import functools
import time
from collections.abc import Iterator, Sequence
from typing import Any

from conceptevo_jax.activations import Footprint, Sweep, run_in_groups
from conceptevo_jax.config import Config, schema_values
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.stimuli import (
    Observe,
    Search,
    find_stimuli,
    respond,
    top_images_needed,
)
from conceptevo_jax.store import Store, content_key
from conceptevo_jax.training import TimeLeft
from conceptevo_jax.types import Observation, Responses, Snapshot


class Observer:
    """Observes snapshots of one run; its sweeps are compiled when first needed.

    Args:
      store: The store of observations.
      images: Pool and held-out test images.
      model: The run's model.
      run_key: Content key of the run.
      search: How stimuli are found.
      projection_images: Images that a neuron is projected from, at most a tenth of the
        pool; None, or fewer than k, for its stimuli.
      sample: Number of pool images whose responses are kept.
    """

    def __init__(
        self,
        store: Store,
        images: Images,
        model: Model,
        run_key: str,
        search: Search,
        projection_images: int | None,
        sample: int,
    ) -> None:
        self.store, self.images, self.model = store, images, model
        self.run_key, self.search, self.sample = run_key, search, sample
        self.projection_images = projection_images
        self.num_images = top_images_needed(
            search.k, projection_images, len(images.pool)
        )

    @classmethod
    def from_config(
        cls,
        config: Config,
        store: Store,
        images: Images,
        model: Model,
        run_key: str,
    ) -> "Observer":
        """Observes a run as the configuration's method requires.

        Args:
          config: The whole configuration.
          store: The store of observations.
          images: The pool and the held-out test images.
          model: The run's model.
          run_key: Content key of the run.
        """
        method = config.method
        return cls(
            store,
            images,
            model,
            run_key,
            Search(**schema_values(method.stimuli)),
            method.projection.stimuli,
            config.dataset.sample_images,
        )

    def __call__(self, snapshot: Snapshot) -> tuple[Observation, str]:
        """The snapshot's observation and its content key."""
        return next(self.observe_all([snapshot]))

    def observe_all(
        self, snapshots: Sequence[Snapshot], time_left: TimeLeft | None = None
    ) -> Iterator[tuple[Observation, str]]:
        """The snapshots' observations and content keys, in order.

        Those that are not stored are observed together, in groups.

        Args:
          snapshots: Snapshots of the run.
          time_left: Seconds left, within which a group should end if possible.
        """
        missing_snapshots = [
            snapshot for snapshot in snapshots if not self.has(snapshot.epoch)
        ]
        new_observations = self._look(missing_snapshots, time_left)
        for snapshot in snapshots:
            config, inputs = self._made_from(snapshot.epoch)
            yield self.store.record(
                "observe",
                Observation,
                functools.partial(_up_to, snapshot, new_observations),
                config=config,
                inputs=inputs,
                about=snapshot.name,
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
        config = {
            "search": self.search,
            "found": self.num_images,
            "sample": self.sample,
        }
        return config, inputs

    def _look(
        self, snapshots: Sequence[Snapshot], time_left: TimeLeft | None
    ) -> Iterator[tuple[Snapshot, Observation]]:
        """Observe the snapshots, in order, when they are requested."""
        if not snapshots:
            return
        pace: list[float] = []

        def work(group: list[Variables]) -> list[Observation]:
            start = time.perf_counter()
            observations = self._observe(group)
            pace.append((time.perf_counter() - start) / len(group))
            return observations

        def at_most() -> int:
            if time_left is None:
                return len(snapshots)
            return int(time_left() / pace[-1]) if pace else 1

        loads = [snapshot.load for snapshot in snapshots]
        observations = run_in_groups(loads, work, self._footprint, at_most)
        yield from zip(snapshots, observations, strict=True)

    def _observe(self, group: list[Variables]) -> list[Observation]:
        find, judge = self._sweeps
        top_images = find.sweep_together(group, self.images.pool_pixels)
        responses = judge.sweep_together(group, self.images.judgement_pixels)
        return [
            Observation(
                found=stimuli, k=self.search.k, sample=sample, judgement=judgement
            )
            for (stimuli, sample), judgement in zip(top_images, responses, strict=True)
        ]

    def _footprint(self) -> Footprint:
        """Memory of the two sweeps, which run one after the other."""
        find, judge = self._sweeps
        shapes = self.model.shapes()
        footprints = (
            find.footprint(shapes, self.images.pool_pixels),
            judge.footprint(shapes, self.images.judgement_pixels),
        )
        return Footprint(*map(max, *footprints))

    @functools.cached_property
    def _sweeps(self) -> tuple[Observe, Sweep[Responses]]:
        model, judgement = self.model, self.images.judgement
        find = find_stimuli(
            model,
            self.images.pool,
            self.search,
            projection_images=self.projection_images,
            sample=self.sample,
        )
        # The same reader, so that it is traced once.
        judge = respond(find.reader, model.sites, len(judgement), judgement.pool_id)
        return find, judge


def _up_to(
    snapshot: Snapshot, new_observations: Iterator[tuple[Snapshot, Observation]]
) -> Observation:
    """The snapshot's observation; another process has stored those before it."""
    return next(
        observation for shot, observation in new_observations if shot is snapshot
    )
