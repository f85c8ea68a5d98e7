"""Figures of projected runs: their content and titles."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int, UInt8
from matplotlib.figure import Figure

from conceptevo_jax.analysis import Neighbourhood, tight_neighbourhoods
from conceptevo_jax.analysis.dynamics.concepts import class_counts
from conceptevo_jax.epochs import Epoch, snapshot_label
from conceptevo_jax.figures import (
    Circle,
    Curve,
    ModelMap,
    draw_curves,
    draw_shared_space,
)
from conceptevo_jax.figures.shared import PATCHES
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_members
from conceptevo_jax.reports.unified_space.training_maps import Points
from conceptevo_jax.stimuli import neuron_patches, patch_windows

_CIRCLES, _CANDIDATES, _MIN_INSIDE = 3, 40, 3
"""Circles, neighbourhoods that they are chosen from, and neurons of every model in each
of them at least."""


def shared_space(
    images: Images,
    models: Sequence[ProjectedRun],
    points: Points,
    named: NamedConcepts,
) -> Figure:
    """Figure 1: models at their last epochs, neighbourhoods chosen by rule.

    Circled are the tightest neighbourhoods with neurons of every model, one per class
    that most of their stimuli are of.

    Args:
      images: The images that patches are cut from.
      models: Runs, each at its last epoch, the base first.
      points: On the common map.
      named: The base's concepts, whose colours the neurons have.
    """
    maps = [points[model.snapshot(model.epochs[-1])] for model in models]
    held = [run_members(model, named.concepts)[-1] for model in models]
    responses = [model.run.observations[model.epochs[-1]].judgement for model in models]
    candidates = tight_neighbourhoods(
        maps, responses, count=_CANDIDATES, min_members=_MIN_INSIDE
    )
    discs = _distinct_discs(candidates, models, images)
    rows = [
        ModelMap(
            name=snapshot_label(model.title, model.epochs[-1]),
            points=maps[index],
            members=held[index],
            patches={
                name: _disc_patches(model, disc.members[index], images)
                for name, disc in discs.items()
            },
        )
        for index, model in enumerate(models)
    ]
    circles = [
        Circle(
            name=name,
            center=disc.center,
            radius=disc.radius,
            concept=_most_common(held[0][disc.members[0]]),
        )
        for name, disc in discs.items()
    ]
    title = (
        f"{len(models)} models in one space. Each dot is a neuron in the colour of its "
        "concept; grey dots belong to the other models. Circled: where the neurons of "
        "all models respond most similarly to held-out images. Patches: what neurons "
        "inside respond to most."
    )
    return draw_shared_space(rows, circles, title=title)


def _most_common(concepts: Int[np.ndarray, " _"]) -> int:
    return int(np.bincount(concepts[concepts >= 0], minlength=1).argmax())


def _distinct_discs(
    candidates: Sequence[Neighbourhood], models: Sequence[ProjectedRun], images: Images
) -> dict[str, Neighbourhood]:
    """The first neighbourhoods of different classes, by the class of their stimuli."""
    counts = [
        class_counts(model.stimuli(model.epochs[-1]), images.pool.labels)
        for model in models
    ]
    discs: dict[str, Neighbourhood] = {}
    for disc in candidates:
        inside = zip(counts, disc.members, strict=True)
        of_class = np.sum([rows[members].sum(axis=0) for rows, members in inside], 0)
        name = images.classes[int(of_class.argmax())]
        if 2 * of_class.max() >= of_class.sum() and len(discs) < _CIRCLES:
            discs.setdefault(name, disc)
    return discs


def _disc_patches(
    projected_run: ProjectedRun, members: Int[np.ndarray, " _"], images: Images
) -> list[UInt8[np.ndarray, "_ _ 3"]]:
    """Patches of different images, in turn the strongest left of each neuron."""
    stimuli = projected_run.stimuli(projected_run.epochs[-1])
    pixels, size = images.pool_pixels, projected_run.run.model.size
    windows = patch_windows(stimuli, side=pixels.side, input_size=size)
    slots = stimuli.image_ids.shape[1]
    shown_images: set[int] = set()
    patches: list[UInt8[np.ndarray, "_ _ 3"]] = []
    for slot, neuron in itertools.product(range(slots), members.tolist()):
        image = int(stimuli.image_ids[neuron, slot])
        if image < 0 or image in shown_images or len(patches) == PATCHES:
            continue
        shown_images.add(image)
        patches.append(
            neuron_patches(stimuli, windows, neuron, pixels.pixels, count=slot + 1)[-1]
        )
    return patches


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
    return draw_curves(panels, title="The runs at every snapshot", columns=2)


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
