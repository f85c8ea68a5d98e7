"""Evolutions that matter for a class, as patches, and the class itself."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.analysis.alignment.similarity import shared_stimuli, stimulus_rows
from conceptevo_jax.analysis.statistics.intervals import share_intervals
from conceptevo_jax.config import ImportanceConfig
from conceptevo_jax.figures import (
    EvolutionGroup,
    EvolvingNeuron,
    Strip,
    draw_evolutions,
    draw_images,
)
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.tables import top_neurons
from conceptevo_jax.stimuli import Sheet, patch_sheet, patch_windows
from conceptevo_jax.types import (
    Epoch,
    Importance,
    Stimuli,
    neuron_ids,
    neurons_among,
)

_TILE = 48
"""Side of a patch on the sheets, in pixels."""

_REPEATS = 0.5
"""Jaccard index of two neurons' stimuli above which one repeats the other."""

_IMAGES, _COLUMNS = 60, 12
"""Images of a class that are shown, and how many on a line."""


def evolutions_figure(
    images: Images,
    run: TrainedRun,
    evolutions: Sequence[Evolution],
    found: Sequence[Importance],
    settings: ImportanceConfig,
    seed: int,
) -> Figure:
    """Figures 3 and 6: the most important neurons of each evolution for one class.

    Of neurons that mostly share their stimuli, as blocks of one residual stream do, the
    most important is shown.

    Args:
      images: The pool that patches are drawn from.
      run: Observed at every milestone.
      evolutions: Of the run, in order.
      found: Their importances for one class.
      settings: How many neurons and patches.
      seed: Decides between equals.
    """
    stimuli = [run.observations[one.after.epoch].stimuli for one in evolutions]
    top = [
        distinct_neurons(
            top_neurons(one, len(one.score), seed), one, after, settings.top
        )
        for one, after in zip(found, stimuli, strict=True)
    ]
    epochs = [evolutions[0].before.epoch, *(one.after.epoch for one in evolutions)]
    rows = _rows(images, run, epochs, found, top, settings.patches)
    accuracies = [evolutions[0].accuracies[0], *(e.accuracies[1] for e in evolutions)]
    groups = [
        EvolutionGroup(
            heading=f"most important from {_named(one.before.epoch)} to "
            f"{_named(one.after.epoch)}",
            chosen_by=at,
            neurons=[rows[neuron] for neuron in top[at]],
        )
        for at, one in enumerate(evolutions)
    ]
    name = images.classes[found[0].label]
    return draw_evolutions(
        [
            (_named(epoch), f"training accuracy {accuracy:.2f}")
            for epoch, accuracy in zip(epochs, accuracies, strict=True)
        ],
        groups,
        patches=settings.patches,
        title=(
            f"{evolutions[0].title}: evolutions that matter for the class “{name}”",
            "Each neuron's strongest patches at each snapshot. Above the arrows: the "
            f"share of {len(found[0].images)} images of the class that the evolution "
            "speaks for, with the 95 % interval of one neuron that nothing selected.",
        ),
    )


def _rows(
    images: Images,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    found: Sequence[Importance],
    top: Sequence[Sequence[int]],
    patches: int,
) -> dict[int, EvolvingNeuron]:
    """A row for every neuron that is shown: its patches, and its importances."""
    shown = sorted({neuron for neurons in top for neuron in neurons})
    sheets = [_sheet(images, run, epoch, found[0], shown, patches) for epoch in epochs]
    ids = neuron_ids("", found[0].sites)
    ends = [share_intervals(one.score, len(one.images)) for one in found]
    return {
        neuron: EvolvingNeuron(
            name=ids[neuron].removeprefix("/"),
            strips=[Strip(pixels=s.strip(at), used=int(s.used[at])) for s in sheets],
            scores=[
                (float(one.score[neuron]), float(end[neuron, 0]), float(end[neuron, 1]))
                for one, end in zip(found, ends, strict=True)
            ],
        )
        for at, neuron in enumerate(shown)
    }


def distinct_neurons(
    ranked: Sequence[int], importance: Importance, stimuli: Stimuli, count: int
) -> list[int]:
    """The first neurons of a ranking of which none repeats an earlier one's stimuli.

    Args:
      ranked: Neurons of the importance.
      importance: Of some sites.
      stimuli: Of all sites of the same model.
      count: How many to take at most.
    """
    rows, where = stimulus_rows(stimuli), neurons_among(importance.sites, stimuli.sites)
    chosen: list[int] = []
    for neuron in ranked:
        own, others = rows[where[[neuron]]], rows[where[chosen]]
        known = chosen and own.nnz and shared_stimuli(own, others).max() > _REPEATS
        if not known:
            chosen.append(neuron)
        if len(chosen) == count:
            break
    return chosen


def _named(epoch: Epoch) -> str:
    if isinstance(epoch, int):
        return f"epoch {epoch}"
    return epoch.replace("step", "step ").replace("init", "untrained")


def _sheet(
    images: Images,
    run: TrainedRun,
    epoch: Epoch,
    importance: Importance,
    neurons: Sequence[int],
    patches: int,
) -> Sheet:
    """Patches at one snapshot; neurons are counted over the importance's sites."""
    stimuli, pixels = run.observations[epoch].stimuli, images.pool_pixels
    windows = patch_windows(stimuli, side=pixels.side, input_size=run.model.size)
    chosen = neurons_among(importance.sites, stimuli.sites)[list(neurons)]
    return patch_sheet(
        stimuli, windows, chosen, pixels.pixels, count=patches, size=_TILE
    )


def class_figure(images: Images, label: int, rows: np.ndarray) -> Figure:
    """Images of a class as they are: what its neurons have to go by.

    The paper looked at those of the bow tie to understand why its evolutions lead to
    hands, necks and faces.
    """
    name = images.classes[label]
    shown = rows[:_IMAGES]
    return draw_images(
        list(np.asarray(images.train.pixels[shown])),
        columns=_COLUMNS,
        title=(f"Training images of the class “{name}”",),
    )
