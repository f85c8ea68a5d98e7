"""Figures of projected runs: their content and titles."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int
from matplotlib.figure import Figure

from conceptevo_jax.analysis import tight_neighbourhoods
from conceptevo_jax.epochs import Epoch, snapshot_label
from conceptevo_jax.figures import (
    Circle,
    Curve,
    Example,
    draw_curves,
    draw_shared_space,
)
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.unified_space.training_maps import Points, _site_depth
from conceptevo_jax.stimuli import neuron_patches, patch_windows
from conceptevo_jax.types import Stimuli, neuron_ids


def shared_space(
    images: Images, models: Sequence[ProjectedRun], points: Points
) -> Figure:
    """Figure 1: models at their last epochs, neighbourhoods chosen by rule.

    Args:
      images: The images that patches are cut from.
      models: Runs, each at its last epoch.
      points: On the common map.
    """
    maps = [
        points[projected_run.snapshot(projected_run.epochs[-1])]
        for projected_run in models
    ]
    observations = [
        projected_run.run.observations[projected_run.epochs[-1]]
        for projected_run in models
    ]
    discs = tight_neighbourhoods(maps, [s.judgement for s in observations])
    circles = [
        Circle(label="ABC"[i], center=disc.center, radius=disc.radius)
        for i, disc in enumerate(discs)
    ]
    rows = []
    for index, projected_run in enumerate(models):
        members = [
            (c.label, d.members[index]) for c, d in zip(circles, discs, strict=True)
        ]
        examples = _examples(projected_run, members, images)
        name = snapshot_label(projected_run.title, projected_run.epochs[-1])
        rows.append(
            (name, maps[index], _site_depth(projected_run.run.model.sites), examples)
        )
    title = (
        f"{len(models)} models in one space. Each dot is a neuron: darker dots are "
        "nearer the input, grey dots belong to the other models.\nCircled: the "
        "neighbourhoods whose neurons, of all models, respond most similarly to "
        "held-out images, with the strongest patches of two neurons in each."
    )
    return draw_shared_space(rows, circles, title=title)


def _examples(
    projected_run: ProjectedRun,
    members: Sequence[tuple[str, Int[np.ndarray, " _"]]],
    images: Images,
    neurons: int = 2,
    patches: int = 3,
) -> list[Example]:
    """The first neurons of every circle, with their strongest patches."""
    epoch, model = projected_run.epochs[-1], projected_run.run.model
    stimuli, pixels = projected_run.stimuli(epoch), images.pool_pixels
    windows = patch_windows(stimuli, side=pixels.side, input_size=model.size)
    ids = neuron_ids(projected_run.snapshot(epoch), model.sites)
    return [
        Example(
            circle=label,
            neuron=ids[neuron].partition("/")[2],
            images=neuron_patches(
                stimuli, windows, neuron, pixels.pixels, count=patches
            ),
        )
        for label, inside in members
        for neuron in _dissimilar_members(inside, stimuli, neurons)
    ]


def _dissimilar_members(
    members: Int[np.ndarray, " _"], stimuli: Stimuli, count: int
) -> list[int]:
    """The first members that share less than half of their stimuli with each other.

    Copies and channels of one residual stream would show the same images twice.
    """
    distinct_so_far: list[int] = []
    for neuron in members.tolist():
        images = set(stimuli.image_ids[neuron].tolist())
        shared = (images & set(stimuli.image_ids[c].tolist()) for c in distinct_so_far)
        if all(2 * len(common) < len(images) for common in shared):
            distinct_so_far.append(neuron)
    return distinct_so_far[:count]


def run_curves(projected_runs: Sequence[ProjectedRun]) -> Figure:
    """Accuracy, dead share, coverage and alignment of every run over its epochs."""
    measures: dict[str, Callable[[ProjectedRun, Epoch], float]] = {
        "top-1 test accuracy": lambda projected_run, e: (
            projected_run.run.row(e).test_top1
        ),
        "share of dead neurons": lambda projected_run, e: float(
            projected_run.stimuli(e).dead.mean()
        ),
        "share of stimuli shared with the base": lambda projected_run, e: (
            projected_run.share_in_base(e)
        ),
        "held-out alignment (AUC)": _auc,
    }
    panels = [
        (name, [_curve(projected_run, value) for projected_run in projected_runs])
        for name, value in measures.items()
    ]
    return draw_curves(panels, title="The runs at every snapshot")


def _curve(
    projected_run: ProjectedRun, value: Callable[[ProjectedRun, Epoch], float]
) -> Curve:
    return Curve(
        name=projected_run.title,
        progress=np.array(
            [projected_run.epochs_of_training(epoch) for epoch in projected_run.epochs],
            float,
        ),
        values=np.array(
            [value(projected_run, epoch) for epoch in projected_run.epochs], float
        ),
    )


def _auc(projected_run: ProjectedRun, epoch: Epoch) -> float:
    score = projected_run.alignments[epoch].correlation.overall.auc
    return float("nan") if score is None else score
