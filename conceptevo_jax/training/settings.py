"""The settings of a training, and checks of them."""

import dataclasses

import jax

from conceptevo_jax.data import DecodedImages, require_decoded
from conceptevo_jax.errors import (
    UsageError,
    require_count,
    require_seed,
    require_type,
    unknown_name,
)
from conceptevo_jax.models import Model
from conceptevo_jax.training.optimizers import Optimizer, direction
from conceptevo_jax.training.regularisation import PLAIN_REGULARISATION, Regularisation

ON_NONFINITE = ("stop", "continue")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """One training run, apart from its model and data.

    Attributes:
      epochs: Number of epochs.
      batch_size: Images per step, over all devices.
      optimizer: See `Optimizer`.
      seed: Seed of weights, batches and dropout.
      early_steps: Steps after which to take a snapshot, besides those per epoch.
      on_nonfinite: `stop` raises at the first non-finite loss, `continue` ignores it.
      eval_images: Size of the sample of training images that is evaluated.
      regularisation: See `Regularisation`.
      compute: Type of training steps, `float32` or `bfloat16`; see
        `Model.in_dtype`. Evaluation and observation of snapshots always compute in
        float32.

    Example:
      >>> optimizer = ce.Optimizer(learning_rate=0.01)
      >>> training = ce.Training(epochs=1, batch_size=50, optimizer=optimizer, seed=0)
    """

    epochs: int
    batch_size: int
    optimizer: Optimizer
    seed: int
    early_steps: tuple[int, ...] = ()
    on_nonfinite: str = "stop"
    eval_images: int = 1000
    regularisation: Regularisation = PLAIN_REGULARISATION
    compute: str = "float32"


def require_meaningful(settings: Training) -> None:
    """Refuse settings that are invalid for any model and images.

    Args:
      settings: Settings of a training.

    Raises:
      UsageError: naming the setting, and valid values.
    """
    require_seed(settings.seed)
    require_count("epochs", settings.epochs, minimum=0)
    require_count("batch_size", settings.batch_size)
    require_count("eval_images", settings.eval_images)
    for step in settings.early_steps:
        require_count("each of early_steps", step)
    direction(settings.optimizer)
    if settings.on_nonfinite not in ON_NONFINITE:
        raise unknown_name("on_nonfinite", settings.on_nonfinite, ON_NONFINITE)


def require_trainable(
    model: Model,
    train_images: DecodedImages,
    test_images: DecodedImages,
    settings: Training,
) -> None:
    """Refuse settings that are invalid, or do not fit the model, images or devices.

    Args:
      model: The model to train.
      train_images: Training images.
      test_images: Test images.
      settings: Settings of the training.

    Raises:
      UsageError: naming the setting or argument, and valid values.
    """
    require_type(model, Model, "the model", "Build it by ce.build_model.")
    require_type(settings, Training, "settings", "Make them by ce.Training(…).")
    require_meaningful(settings)
    for name, images in (("data", train_images), ("test", test_images)):
        require_decoded(images, name)
        model.require_size(images.side)
        model.require_labels(images.labels)
    model.in_dtype(settings.compute)
    _require_batch_size(settings.batch_size, len(train_images))
    _require_early_steps(
        settings, settings.epochs * (len(train_images) // settings.batch_size)
    )


def _require_early_steps(settings: Training, steps: int) -> None:
    late = [step for step in settings.early_steps if not 1 <= step <= steps]
    if late:
        raise UsageError(
            f"early_steps {late} are never reached: a run of {settings.epochs} epochs "
            f"has {steps} steps, counted from 1."
        )


def _require_batch_size(batch_size: int, images: int) -> None:
    if batch_size > images:
        raise UsageError(
            f"batch_size={batch_size} does not fit {images} training images."
        )
    devices = jax.device_count()
    if batch_size % devices:
        raise UsageError(
            f"batch_size={batch_size} is not a multiple of the {devices} "
            "devices that share it."
        )
