"""The stages of an experiment with estimated time and disk space, without running them.

Costs of models are counted by XLA from their shapes; time is that count divided by an
assumed speed, so it is an estimate and labelled as such. Narrow networks are meant for
processor cores, full-size ones for an accelerator.
"""

import dataclasses
import functools
from collections.abc import Sequence

import jax

from conceptevo_jax.config import Config, DatasetConfig, RunConfig
from conceptevo_jax.models import Model, build_model
from conceptevo_jax.pipeline.images import dataset_facts, heldout_sizes
from conceptevo_jax.pipeline.runs import Job, model_of, training_of
from conceptevo_jax.training import disk_bytes
from conceptevo_jax.types import neuron_count

CORE_GFLOPS = {"inception_v3": 16.0, "convnext_tiny": 28.0}
"""Speed on one core for many small layers, as measured at demo scale."""

PLAIN_CORE_GFLOPS = 36.0
"""Speed on one core for all other models; measured on VGG16 and VGG19."""

LOOK_PASSES = 1.7
"""Cost of observing an image, in forward passes, as measured at demo scale."""

GPU_GFLOPS = 150_000.0
"""Assumed speed of full-size networks on one H100: 30 % of its peak in TF32, 495
TFLOP/s. Not measured."""

DECODE_SECONDS = 2e-4
"""Time to read and decode one image of 32×32 pixels on one core."""

START_SECONDS = 12.0
"""Time to import and compile, per process."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One planned stage.

    Attributes:
      stage: Name of the stage.
      about: The run it is for.
      seconds: Estimated time on one core, or on one GPU for full-size networks; None
        if unknown.
      bytes: Estimated size of its files, or None.
    """

    stage: str
    about: str
    seconds: float | None
    bytes: int | None


SPACE_STEPS = (
    Step(stage="space", about="of the base's last epoch", seconds=None, bytes=None),
    Step(stage="project", about="and measure alignment", seconds=None, bytes=None),
    Step(stage="lay out", about="and draw", seconds=None, bytes=None),
)
"""The stages after training in experiments with a space."""


NEURON_BYTES, NEURON_SECONDS = 450, 5e-5
"""Cost of a neuron's place in one snapshot in the explorer, as measured."""


def plan_explorer(config: Config, jobs: Sequence[Job]) -> list[Step]:
    """Estimate the explorer's page, if one is configured.

    Args:
      config: The whole configuration.
      jobs: The jobs, which are observed.
    """
    if not config.explorer.page:
        return []
    places = sum(_neuron_places(job) for job in jobs if job.search is not None)
    return [
        Step(
            stage="explorer",
            about=f"one page, {places:,} places of neurons",
            seconds=places * NEURON_SECONDS,
            bytes=places * NEURON_BYTES,
        )
    ]


def _neuron_places(job: Job) -> int:
    """Number of neurons times their observed snapshots."""
    model = model_of(job.run, dataset_facts(job.dataset).classes)
    return neuron_count(model.sites) * _snapshot_count(job)


def _snapshot_count(job: Job) -> int:
    if job.search is None:
        return 0
    if job.epochs is not None:
        return len(job.epochs)
    return job.run.epochs + len(job.run.early_steps) + 1


@functools.cache
def _forward_gflop(name: str, preset: str, classes: int) -> float:
    """Cost of one image in evaluation mode, in 10⁹ operations, counted by XLA."""
    model = build_model(name, preset=preset, classes=classes)
    pixels = jax.ShapeDtypeStruct((1, model.size, model.size, 3), "uint8")
    lowered = jax.jit(model.logits).lower(model.shapes(), pixels)
    cost = lowered.cost_analysis() or {}
    return float(cost.get("flops", 0.0)) / 1e9


def model_gflop(model: Model) -> float:
    """Cost of one image in evaluation mode, in 10⁹ operations."""
    return _forward_gflop(model.name, model.preset, model.classes)


def is_for_gpu(run: RunConfig) -> bool:
    """Whether a run's network has full size."""
    return run.model.preset == "full"


def assumed_gflops(run: RunConfig) -> float:
    """Speed at which a run's network is assumed to be evaluated, in GFLOP/s."""
    if is_for_gpu(run):
        return GPU_GFLOPS
    return CORE_GFLOPS.get(run.model.name, PLAIN_CORE_GFLOPS)


def plan_images(settings: DatasetConfig) -> Step:
    """Estimate time and disk space of decoding the images, if they are kept."""
    facts = dataset_facts(settings)
    train = settings.train_images or facts.train
    images = train + (settings.test_images or facts.test)
    if (settings.pool_images or train) < train:
        images += settings.pool_images or 0
    images += sum(heldout_sizes(settings, facts.test))
    kept_images = images if settings.keep_decoded else 0
    decoding = "decoded and kept" if settings.keep_decoded else "decoded on demand"
    return Step(
        stage="images",
        about=f"{settings.name}: {images:,} images of {settings.side} pixels, "
        f"{decoding}",
        seconds=kept_images * (settings.side / 32) ** 2 * DECODE_SECONDS,
        bytes=kept_images * 3 * settings.side**2,
    )


def plan_job(job: Job) -> Step:
    """Estimate a job: training with its evaluations, then its snapshots' observation.

    Sizes come from the configuration; no data is touched.
    """
    run, data = job.run, job.dataset
    facts = dataset_facts(data)
    train, test = data.train_images or facts.train, data.test_images or facts.test
    judgement = heldout_sizes(data, facts.test)[1]
    pool = (data.pool_images or train) + judgement
    model = model_of(run, facts.classes)
    settings = training_of(run)
    snapshots = settings.epochs + len(settings.early_steps) + 1
    observed_snapshots = _snapshot_count(job)
    images = 3 * train * settings.epochs
    images += snapshots * (test + min(settings.eval_images, train))
    passes = images + LOOK_PASSES * observed_snapshots * pool
    neurons = neuron_count(model.sites)
    averaged = settings.regularisation.ema > 0
    early = len(settings.early_steps)
    size = disk_bytes(model, settings.epochs, early, averaged=averaged)
    size += observed_snapshots * neurons * 4 * (job.sample + judgement)
    return Step(
        stage="train and observe" if observed_snapshots else "train",
        about=f"{job.name}: {run.title}, {settings.epochs} epochs, seed {run.seed}",
        seconds=START_SECONDS + passes * model_gflop(model) / assumed_gflops(run),
        bytes=size,
    )


def longest_first(jobs: Sequence[Job]) -> list[Job]:
    """The order in which, by estimate, no core waits long for the last job."""
    return sorted(jobs, key=lambda job: -(plan_job(job).seconds or 0))


def duration(seconds: float | None) -> str:
    """A readable duration; `-` for none."""
    if seconds is None:
        return "-"
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def total_seconds(steps: Sequence[Step], workers: int) -> float:
    """Time of all steps on a number of cores: at least the longest single step.

    Args:
      steps: The planned steps.
      workers: Number of cores.
    """
    times = [step.seconds or 0.0 for step in steps]
    return max(sum(times) / workers, max(times, default=0.0))
