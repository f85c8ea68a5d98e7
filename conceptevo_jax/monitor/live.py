"""The monitor itself: `report = monitor.update(epoch, variables)` in any loop."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from threadpoolctl import ThreadpoolController

from conceptevo_jax.activations import read_peaks
from conceptevo_jax.data import (
    DecodedImages,
    require_decoded,
    require_same_pool,
    select_part,
)
from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_callable,
    require_callables,
    require_count,
    require_seed,
)
from conceptevo_jax.models import Model
from conceptevo_jax.monitor.epoch_report import LOST, UNKNOWN, Report
from conceptevo_jax.monitor.history import History
from conceptevo_jax.monitor.probe_measures import LARGEST_PROBE, ProbedSnapshot
from conceptevo_jax.monitor.rules import Rules
from conceptevo_jax.monitor.sinks import Sink
from conceptevo_jax.monitor.watched_sites import (
    WRAPPER_KEY,
    Apply,
    peak_reader,
    watched_sites,
)
from conceptevo_jax.projection import project_neurons
from conceptevo_jax.stimuli import Search, respond, stimuli_of_arrays
from conceptevo_jax.types import Responses, Site, Space, neuron_count


class ConceptMonitor:
    """Reports the health of a network's concepts at every epoch of a training.

    An update costs one sweep over the probe images and some work on the host. Only one
    snapshot's results are stored: memory does not grow with epochs. Updates never
    raise; problems are named in the report.

    Attributes:
      probe: The probe images, for frameworks that compute responses themselves.
      sites: The sites watched.
      rules: When alarms are raised.

    Example:
      >>> monitor = ce.ConceptMonitor.of_model(model, space, pixels, probe=50)
      >>> monitor.update("init", variables).line()
      'init: ... | selectivity ..., live share ...'
    """

    def __init__(
        self,
        space: Space | None,
        images: DecodedImages,
        apply: Apply | None,
        sites: Sequence[Site] | Mapping[str, int],
        *,
        probe: int | None = None,
        k: int = 10,
        rules: Rules | None = None,
        sinks: Sequence[Sink] = (),
        seed: int = 0,
    ) -> None:
        """Prepare; nothing is compiled yet.

        Args:
          space: The space to project neurons into; None omits the measures in a space.
          images: The pool of the space; without a space, training images.
          apply: See `Apply`; None if only `update_arrays` will be called.
          sites: The watched layers in forward order: sites, or channels by name.
          probe: Number of probe images; by default the smaller of 1,000 and an eighth
            of `images`.
          k: Stimuli per neuron.
          rules: When alarms are raised.
          sinks: Where reports go, see `monitor.sinks`.
          seed: Seed for choosing the probe images.

        Raises:
          UsageError: for no sites or a site that is named twice, a probe too small for
            k stimuli, images that are not decoded, or a number out of range.
          DataError: if the images are not the pool of the space.
        """
        require_decoded(images, "the monitor's images")
        require_seed(seed)
        require_count("k", k)
        if probe is not None:
            require_count("probe", probe)
        if space is not None:
            require_same_pool(space.pool_id, images.images_id, "the monitor's images")
        if apply is not None:
            require_callable(apply, "apply")
        self.sites = watched_sites(sites)
        size = _probe_size(probe, len(images), k)
        self.space, self.rules = space, rules or Rules()
        self.sinks = require_callables(sinks, "sinks")
        self.pool, self.probe = select_part(images, size=size, seed=seed)
        self.search = Search(k=k)
        self._reader = None if apply is None else peak_reader(apply, self.sites)
        self._require: Callable[[Any], None] | None = None
        self._sweep: Callable[..., Responses] | None = None
        self._shapes: object = None
        self._history = History()
        self._trouble: list[str] = []
        self._blas = ThreadpoolController()

    @classmethod
    def of_model(
        cls, model: Model, space: Space | None, images: DecodedImages, **settings: Any
    ) -> "ConceptMonitor":
        """A monitor of one of this package's architectures, at all of its sites.

        Variables of another model are named in the report and do not change the
        monitor.

        Args:
          model: The model that is trained.
          space: As for the class.
          images: As for the class.
          **settings: Further arguments of the class.

        Raises:
          UsageError: for images smaller than the model takes, and as for the class.
          DataError: as for the class.
        """
        require_decoded(images, "the monitor's images")
        model.require_size(images.side)
        monitor = cls(space, images, None, model.sites, **settings)
        read = read_peaks(model)
        monitor._reader = lambda wrapped, pixels: read(wrapped[WRAPPER_KEY], pixels)
        monitor._require = model.require_variables
        return monitor

    def update(self, epoch: Epoch, variables: Any) -> Report:
        """Measure a snapshot and report; never raises.

        Args:
          epoch: Its number or name.
          variables: The first argument of `apply`.
        """
        return self._update(epoch, lambda notices: self._read(variables, notices))

    def update_arrays(self, epoch: Epoch, peaks: Float[Any, "i n"]) -> Report:
        """The same from responses computed elsewhere, by any framework; never raises.

        Args:
          epoch: The snapshot's number or name.
          peaks: Spatial maximum of every neuron of all sites, in order, on every image
            of `probe`, in order.
        """

        def read(notices: list[str]) -> Responses:
            peak_array = np.asarray(peaks, np.float32)
            expected = len(self.probe), neuron_count(self.sites)
            if peak_array.shape != expected:
                raise DataError(
                    f"peaks are {peak_array.shape}, but the probe's images and the "
                    f"sites' neurons are {expected}"
                )
            return self._responses(peak_array)

        return self._update(epoch, read)

    def _update(self, epoch: Epoch, read: Callable[[list[str]], Responses]) -> Report:
        start, notices = time.perf_counter(), list(self._trouble)
        self._trouble = []
        try:
            # NumPy's other threads wait busily for a while after their work, and what
            # is compiled, the sweep and training steps, then takes a third longer.
            with self._blas.limit(limits=1, user_api="blas"):
                status, reasons, numbers = self._judge_snapshot(epoch, read, notices)
        except Exception as error:  # a monitor must not end a training
            first = str(error).strip().split("\n")[0]
            why = f"nothing could be measured: {type(error).__name__}: {first}"
            status, reasons, numbers = UNKNOWN, [why], {}
        report = Report(
            epoch=epoch,
            status=status,
            reasons=(*reasons, *notices),
            should_stop=status == LOST,
            measures=numbers,
            seconds=time.perf_counter() - start,
        )
        for sink in self.sinks:
            try:
                sink(report)
            except Exception as error:  # as above
                self._trouble.append(f"a sink failed: {type(error).__name__}: {error}")
        return report

    def _judge_snapshot(
        self,
        epoch: Epoch,
        read_responses: Callable[[list[str]], Responses],
        notices: list[str],
    ) -> tuple[str, list[str], dict[str, float | None]]:
        responses = read_responses(notices)
        if self._history.begin(epoch):
            notices.append(f"{epoch_label(epoch)} was seen before: it replaces itself")
        probed_snapshot = self._glance(responses)
        return self._history.judge(epoch, probed_snapshot, self.space, self.rules)

    def _read(self, variables: Any, notices: list[str]) -> Responses:
        if self._reader is None:
            raise UsageError("the monitor has no apply: call update_arrays")
        if self._require is not None:
            self._require(variables)
        shapes = jax.tree.map(np.shape, variables)
        if self._sweep is None or shapes != self._shapes:
            if self._sweep is not None:
                notices.append(
                    "the network's weights have other shapes: the monitor starts again"
                )
                self._history = History()
            size, name = len(self.probe), self.pool.pool_id
            self._sweep = respond(self._reader, self.sites, size, name)
            self._shapes = shapes
        return self._sweep({WRAPPER_KEY: variables}, self.probe)

    def _responses(self, peaks: np.ndarray) -> Responses:
        return Responses(peaks=peaks, sites=self.sites, images_id=self.pool.pool_id)

    def _glance(self, responses: Responses) -> ProbedSnapshot:
        stimuli = stimuli_of_arrays(
            responses.peaks,
            self.sites,
            self.pool,
            self.search,
            projection_images=None,
        )
        if self.space is None:
            return ProbedSnapshot(stimuli=stimuli, responses=responses, embedding=None)
        ids = stimuli.image_ids
        pool_stimuli = dataclasses.replace(
            stimuli,
            image_ids=np.where(ids >= 0, self.pool.rows[ids], -1).astype(np.int32),
            pool_id=self.space.pool_id,
        )
        embedding = project_neurons(pool_stimuli, self.space)
        return ProbedSnapshot(stimuli=stimuli, responses=responses, embedding=embedding)


def _probe_size(requested_size: int | None, available_images: int, k: int) -> int:
    """Number of probe images, by default a share of all images."""
    if requested_size is None:
        requested_size = min(LARGEST_PROBE, available_images // 8)
    size = min(requested_size, available_images)
    if size <= 2 * k:
        raise UsageError(
            f"a probe of {size} images is too small for k={k} stimuli a neuron: "
            f"more than {2 * k} are needed."
        )
    return size
