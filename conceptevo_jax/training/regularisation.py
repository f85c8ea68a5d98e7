"""Regularisation in a training step."""

import dataclasses

from conceptevo_jax.errors import UsageError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Regularisation:
    """Regularisation in a training step, all off by default.

    Attributes:
      random_crop: See `augment`.
      flip: See `augment`.
      label_smoothing: Share of the target that is spread over all classes (Szegedy et
        al., 2016, Sec. 7), only in the training loss.
      ema: Decay of a moving average of weights and batch statistics, per step; 0 keeps
        no average. An average is what is evaluated and saved as snapshots.
      auxiliary_weight: Weight of each auxiliary head's cross-entropy. A module defines
        such heads by sowing their logits into the collection `auxiliary` in training
        mode.
    """

    random_crop: int = 0
    flip: bool = False
    label_smoothing: float = 0.0
    ema: float = 0.0
    auxiliary_weight: float = 0.4

    def __post_init__(self) -> None:
        if self.random_crop < 0:
            raise UsageError(f"random_crop must be >= 0, not {self.random_crop}.")
        for name in ("label_smoothing", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(
                    f"{name} must be from 0 to below 1, not {getattr(self, name)}."
                )
        if not self.auxiliary_weight >= 0:
            raise UsageError(
                f"auxiliary_weight must be >= 0, not {self.auxiliary_weight}."
            )


PLAIN_REGULARISATION = Regularisation()
"""Only the auxiliary heads."""
