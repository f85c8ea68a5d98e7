"""Train the runs of an experiment and observe their snapshots, several at a time.

On CPU runs are trained in processes of one core each: independent one-core processes
train 1.7 times as many images as one process on two cores. On an accelerator, and with
joined processes, runs are trained one after the other. A finished stage is found in the
store and not run again.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.config import (
    Config,
    DatasetConfig,
    DatasetFacts,
    MethodConfig,
    ModelConfig,
    OptimizerConfig,
    RegularisationConfig,
    RunConfig,
    SearchConfig,
    schema_values,
)
from conceptevo_jax.devices import first_decides, is_asked_to_end
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.models import Model, build_model
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.monitor_reports import read_reports, reports_name
from conceptevo_jax.pipeline.monitoring import Watch, make_monitor
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.pipeline.trained_run import TrainedRun, TrainingIdentity
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store, content_key
from conceptevo_jax.training import (
    AskedToEndError,
    Optimizer,
    Regularisation,
    Row,
    TimeLeft,
    TimeUpError,
    Training,
    read_table,
    train,
)
from conceptevo_jax.training.loop import OnEpoch, OnStep
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Observation, Snapshot


@dataclasses.dataclass(frozen=True, kw_only=True)
class Until:
    """End a training after it has learnt and then collapsed, by test accuracy."""

    learns: float
    collapses: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """One training run and its observation, as plain data for another process.

    Attributes:
      name: The run's name.
      run: Its settings.
      dataset: Its images.
      search: How stimuli are found, or None to observe nothing.
      projection_images: Images that a neuron is projected from; None for its stimuli.
      epochs: Which snapshots to observe; None for all.
      sample: Number of pool images whose responses are kept.
      until: When to stop early, or None.
      monitor: Whether the monitor also measures every snapshot.
      space: Content key of the monitor's space, or None for none.
    """

    name: str
    run: RunConfig
    dataset: DatasetConfig
    search: SearchConfig | None = None
    projection_images: int | None = None
    epochs: tuple[Epoch, ...] | None = None
    sample: int = 1000
    until: Until | None = None
    monitor: bool = False
    space: str | None = None

    @classmethod
    def from_config(
        cls,
        config: Config,
        name: str,
        *,
        epochs: tuple[Epoch, ...] | None,
        sample: int | None = None,
        method: MethodConfig | None = None,
    ) -> "Job":
        """Train a run of a configuration, and observe it as a method requires.

        Args:
          config: The whole configuration.
          name: Name of the run.
          epochs: Which snapshots to observe; None for all.
          sample: Number of pool images whose responses are kept; None for the data
            set's `sample_images`.
          method: None for the method in use.
        """
        observation_method = config.method if method is None else method
        return cls(
            name=name,
            run=config.runs[name],
            dataset=config.dataset,
            search=observation_method.stimuli,
            projection_images=observation_method.projection.stimuli,
            epochs=epochs,
            sample=config.dataset.sample_images if sample is None else sample,
        )


def model_of(run: RunConfig, classes: int) -> Model:
    """Build the model of a run.

    Args:
      run: The run.
      classes: Number of classes of the images.
    """
    return build_model(run.model.name, preset=run.model.preset, classes=classes)


def training_of(run: RunConfig) -> Training:
    """The training settings of a run's configuration."""
    settings = schema_values(
        run,
        optimizer=Optimizer(**schema_values(run.optimizer)),
        regularisation=Regularisation(**schema_values(run.regularisation)),
    )
    for name in ("title", "model", "milestones", "least_steps"):
        del settings[name]
    return Training(**settings)


def is_finished(store: Store, images: Images, job: Job) -> bool:
    """Whether the store holds everything that `execute` would write.

    Args:
      store: The store of finished stages.
      images: The images of `job.dataset`.
      job: The job.
    """
    model, settings = model_of(job.run, len(images.classes)), training_of(job.run)
    key = content_key("train", *_made_from(images, job, model, settings))
    if not store.has("train", key):
        return False
    folder = store.path("train", key)
    reports = _reports_file(folder, images, job)
    if reports is not None:
        run = TrainedRun.from_folder(folder, _identity(images, job, model), reports)
        if not run.is_watched_to_the_end:
            return False
    if job.search is None:
        return True
    observer = _observer(store, images, job, model, key)
    return all(observer.has(epoch) for epoch in _observed_epochs(job, settings))


def execute(
    store: Store,
    images: Images,
    job: Job,
    on_step: OnStep | None = None,
    time_left: TimeLeft | None = None,
    *,
    observe: bool = True,
) -> TrainedRun:
    """Train and observe one run in this process, skipping what is stored.

    Args:
      store: The store of finished stages.
      images: The images of `job.dataset`.
      job: The job.
      on_step: Called with steps done and total steps, including observation.
      time_left: Called before every epoch and observation to decide whether to
        continue.
      observe: False ends after the training.

    Raises:
      TimeUpError: when the time is up; finished work is kept.
    """
    model, settings = model_of(job.run, len(images.classes)), training_of(job.run)
    observed = _observed_epochs(job, settings)
    steps = settings.epochs * (len(images.train) // settings.batch_size)
    total = steps + len(observed) * _SWEEP_STEPS
    report = _Report(on_step, total)
    folder, key = _train(store, images, job, model, settings, report, time_left)
    run = _read_back(store, images, job, model, folder)
    observations: dict[Epoch, Observation] = {}
    keys: dict[Epoch, str] = {}
    if observe and job.search is not None:
        observer = _observer(store, images, job, model, key)
        observed_snapshots = [
            s for s in run.snapshots if job.epochs is None or s.epoch in job.epochs
        ]
        observed_pairs = observer.observe_all(observed_snapshots, time_left)
        for snapshot in observed_snapshots:
            require_time(time_left, f"observing {snapshot.name}")
            observations[snapshot.epoch], keys[snapshot.epoch] = next(observed_pairs)
            steps += _SWEEP_STEPS
            report(steps, total)
    return dataclasses.replace(run, observations=observations, keys=keys)


def _read_back(
    store: Store, images: Images, job: Job, model: Model, folder: Path
) -> TrainedRun:
    """A finished training, with the monitor's reports on every epoch if it is on."""
    reports = _reports_file(folder, images, job)
    run = TrainedRun.from_folder(folder, _identity(images, job, model), reports)
    if reports is None or run.is_watched_to_the_end:
        return run
    _watch(store, images, job, model, folder).read_again(run)
    return dataclasses.replace(run, reports=read_reports(reports))


def _identity(images: Images, job: Job, model: Model) -> TrainingIdentity:
    return TrainingIdentity(
        name=job.name, model=model, train_images_id=images.train.images_id
    )


def _reports_file(folder: Path, images: Images, job: Job) -> Path | None:
    """The file of a training for the monitor's reports, if it is on."""
    if not job.monitor:
        return None
    return folder / reports_name(job.space or images.pool.pool_id)


def _watch(store: Store, images: Images, job: Job, model: Model, folder: Path) -> Watch:
    reports = _reports_file(folder, images, job)
    assert reports is not None
    monitor = make_monitor(store, images.pool_pixels, model, job.space)
    return Watch(monitor, folder, _identity(images, job, model), reports)


def require_time(time_left: TimeLeft | None, noun: str) -> None:
    """Stop before a stage if the time is up.

    Args:
      time_left: Returns the seconds left; None without a limit.
      noun: Name of the stage that would begin now.

    Raises:
      TimeUpError: naming the next stage.
    """
    if is_asked_to_end():
        raise AskedToEndError(
            f"ended by SIGTERM before {noun}. Run the same command again to resume."
        )
    if time_left is not None and first_decides(lambda: time_left() <= 0):
        raise TimeUpError(
            f"the time is up before {noun}. Run the same command again to resume."
        )


_SWEEP_STEPS = 20
"""Number of training steps that a sweep counts for in the progress bar."""


class _Report:
    def __init__(self, on_step: OnStep | None, total: int) -> None:
        self.on_step, self.total = on_step, total

    def __call__(self, done: int, total: int) -> None:
        if self.on_step is not None:
            self.on_step(done, self.total)


def _observed_epochs(job: Job, settings: Training) -> Sequence[Epoch]:
    if job.search is None:
        return ()
    if job.epochs is not None:
        return job.epochs
    early = [f"step{step}" for step in settings.early_steps]
    return ["init", *early, *range(settings.epochs)]


def _train(
    store: Store,
    images: Images,
    job: Job,
    model: Model,
    settings: Training,
    report: OnStep,
    time_left: TimeLeft | None,
) -> tuple[Path, str]:
    def make(folder: Path) -> None:
        calls: list[OnEpoch] = []
        if job.monitor:
            calls.append(_watch(store, images, job, model, folder))
        if job.until is not None:
            calls.append(_stop(job.until, folder))
        train(
            job.name,
            model,
            images.train,
            images.test,
            settings,
            folder,
            on_epoch=calls,
            on_step=report,
            time_left=time_left,
        )

    config, inputs = _made_from(images, job, model, settings)
    return store.folder(
        "train",
        make,
        config=config,
        inputs=inputs,
        about=f"{job.name}: {job.run.title}, seed {settings.seed}",
        together=True,
    )


def _made_from(
    images: Images, job: Job, model: Model, settings: Training
) -> tuple[dict[str, Any], dict[str, str]]:
    """Everything that a training depends on: its settings, and keys of its inputs."""
    config = {**_architecture(model), "training": settings, "until": job.until}
    return config, {"train": images.train.images_id, "test": images.test.images_id}


def _architecture(model: Model) -> dict[str, Any]:
    return {"model": model.name, "preset": model.preset, "classes": model.classes}


def _stop(until: Until, folder: Path) -> OnEpoch:
    def check(snapshot: Snapshot, row: Row) -> bool:
        best = max(earlier.test_top1 for earlier in read_table(folder / TABLE))
        return best >= until.learns and row.test_top1 <= until.collapses

    return check


def _observer(
    store: Store, images: Images, job: Job, model: Model, key: str
) -> Observer:
    assert job.search is not None
    search = Search(**schema_values(job.search))
    return Observer(
        store, images, model, key, search, job.projection_images, job.sample
    )


def job_from_json(value: dict[str, Any]) -> Job:
    """Rebuild a job that was sent to another process as JSON."""
    run = value["run"]
    parts = {
        "model": ModelConfig(**run["model"]),
        "optimizer": OptimizerConfig(**run["optimizer"]),
        "regularisation": RegularisationConfig(**run["regularisation"]),
    }
    search, until = value["search"], value["until"]
    epochs, facts = value["epochs"], value["dataset"]["facts"]
    return Job(
        name=value["name"],
        run=RunConfig(**{**run, **parts}),
        dataset=DatasetConfig(**{**value["dataset"], "facts": DatasetFacts(**facts)}),
        search=None if search is None else SearchConfig(**search),
        projection_images=value["projection_images"],
        epochs=None if epochs is None else tuple(epochs),
        sample=value["sample"],
        until=None if until is None else Until(**until),
        monitor=value["monitor"],
        space=value["space"],
    )
