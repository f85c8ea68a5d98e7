"""Figures of evolutions that matter for a class, as patches, and of the class."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from conceptevo_jax.analysis.alignment.similarity import shared_stimuli, stimulus_rows
from conceptevo_jax.analysis.dynamics.concepts import class_counts
from conceptevo_jax.analysis.statistics.intervals import share_intervals
from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.figures import (
    EvolutionGroup,
    EvolvingNeuron,
    Strip,
    draw_evolutions,
    draw_images,
    save_figure,
)
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.reports.importance.settings import ImportanceSettings
from conceptevo_jax.reports.importance.tables import top_neurons
from conceptevo_jax.stimuli import Sheet, patch_sheet, patch_windows
from conceptevo_jax.types import Importance, Stimuli, neuron_ids, neurons_among

_TILE = 48
"""Side of a patch on the sheets, in pixels."""

_SAME_STIMULI = 0.5
"""Jaccard index of two neurons' stimuli above which they count as repeats."""

_CONTRAST = 2
"""Unimportant evolutions that are drawn below the important ones."""

_IMAGES, _COLUMNS = 60, 12
"""Images of a class in its figure, and the number per row."""


def draw_importance(
    session: Session, run_importance: RunImportance, observed_run: TrainedRun
) -> list[Path]:
    """Draw the run's most important evolutions, and the class they matter for.

    Args:
      session: Images, settings and folder.
      run_importance: The run's evolutions and their importances.
      observed_run: The run with its milestones observed.

    Returns:
      The PNG files.
    """
    images, settings = session.images, ImportanceSettings.of(session.config)
    name, folder = run_importance.run.name, session.folder / "figures"
    importances = run_importance.featured_importances
    evolutions = evolutions_figure(
        images,
        observed_run,
        run_importance.evolutions,
        importances,
        settings,
        session.config.seed,
    )
    label, class_rows = run_importance.featured_label, importances[0].images
    class_images = class_figure(images, label, class_rows)
    return [
        save_figure(evolutions, folder / f"evolutions_{name}")[0],
        save_figure(class_images, folder / f"class_of_{name}")[0],
    ]


def evolutions_figure(
    images: Images,
    run: TrainedRun,
    evolutions: Sequence[Evolution],
    importances: Sequence[Importance],
    settings: ImportanceSettings,
    seed: int,
) -> Figure:
    """Figures 3 and 6: the most important neurons of each evolution for one class.

    If neurons share most of their stimuli, as in blocks of one residual stream, only
    the most important one is shown.

    Args:
      images: The pool that patches are drawn from.
      run: The run, observed at every milestone.
      evolutions: Its evolutions, in order.
      importances: Their importances for one class.
      settings: Numbers of neurons and patches.
      seed: Orders equally important neurons.
    """
    name = images.classes[importances[0].label]
    epochs = [evolutions[0].before.epoch, *(e.after.epoch for e in evolutions)]
    accuracies = [evolutions[0].accuracies[0], *(e.accuracies[1] for e in evolutions)]
    top_by_evolution = _distinct_neurons_by_evolution(
        run, evolutions, importances, settings.top, seed, reverse=False
    )
    contrast_by_evolution = _distinct_neurons_by_evolution(
        run, evolutions, importances, _CONTRAST, seed, reverse=True
    )
    rows = _neuron_rows(
        images,
        run,
        epochs,
        importances,
        [*top_by_evolution, *contrast_by_evolution],
        settings.patches,
    )
    headed_neurons = [
        (f"{rank} important from {evolution.span_label}", number, neurons)
        for number, evolution in enumerate(evolutions)
        for rank, neurons in (
            ("most", top_by_evolution[number]),
            ("least", contrast_by_evolution[number]),
        )
    ]
    return draw_evolutions(
        [
            (epoch_label(epoch), f"training accuracy {accuracy:.2f}")
            for epoch, accuracy in zip(epochs, accuracies, strict=True)
        ],
        [
            EvolutionGroup(
                heading=heading,
                score_index=number,
                neurons=[rows[neuron] for neuron in neurons],
            )
            for heading, number, neurons in headed_neurons
        ],
        patches=settings.patches,
        title=(
            f"{evolutions[0].title}: evolutions that matter for the class “{name}”",
            "Each neuron's strongest patches at each snapshot. Above the arrows: the "
            f"share of {len(importances[0].images)} images of the class for which the "
            "evolution raises the class logit, with the 95 % interval of a neuron not "
            "selected for its importance. Framed: most stimuli become of the class.",
        ),
    )


def _distinct_neurons_by_evolution(
    run: TrainedRun,
    evolutions: Sequence[Evolution],
    importances: Sequence[Importance],
    count: int,
    seed: int,
    *,
    reverse: bool,
) -> list[list[int]]:
    """Per evolution, the most or the least important neurons without repeats."""
    neurons_by_evolution = []
    for evolution, importance in zip(evolutions, importances, strict=True):
        ranked_neurons = top_neurons(importance, len(importance.score), seed)
        if reverse:
            ranked_neurons = ranked_neurons[::-1]
        stimuli = run.observations[evolution.after.epoch].stimuli
        neurons_by_evolution.append(
            distinct_neurons(ranked_neurons, importance, stimuli, count)
        )
    return neurons_by_evolution


def _neuron_rows(
    images: Images,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    importances: Sequence[Importance],
    neurons_by_evolution: Sequence[Sequence[int]],
    patches: int,
) -> dict[int, EvolvingNeuron]:
    """A row for every neuron of the figure: its patches, and its importances."""
    neurons = sorted({neuron for neurons in neurons_by_evolution for neuron in neurons})
    sheets = [
        _sheet(images, run, epoch, importances[0], neurons, patches) for epoch in epochs
    ]
    shares = [
        _class_shares(images, run, epoch, importances[0], neurons) for epoch in epochs
    ]
    ids = neuron_ids("", importances[0].sites)
    intervals = [
        share_intervals(importance.score, len(importance.images))
        for importance in importances
    ]
    return {
        neuron: EvolvingNeuron(
            name=ids[neuron].removeprefix("/"),
            becomes=[
                bool(after[row] > 0.5 >= before[row])
                for before, after in itertools.pairwise(shares)
            ],
            strips=[Strip(pixels=s.strip(row), used=int(s.used[row])) for s in sheets],
            scores=[
                (
                    float(importance.score[neuron]),
                    float(interval[neuron, 0]),
                    float(interval[neuron, 1]),
                )
                for importance, interval in zip(importances, intervals, strict=True)
            ],
        )
        for row, neuron in enumerate(neurons)
    }


def _class_shares(
    images: Images,
    run: TrainedRun,
    epoch: Epoch,
    importance: Importance,
    neurons: Sequence[int],
) -> Float[np.ndarray, " n"]:
    """The share of each neuron's stimuli that are of the importance's class."""
    stimuli = run.observations[epoch].stimuli
    positions = neurons_among(importance.sites, stimuli.sites)[list(neurons)]
    counts = class_counts(stimuli, images.pool.labels)[positions]
    return counts[:, importance.label] / np.maximum(counts.sum(axis=1), 1)


def distinct_neurons(
    ranked: Sequence[int], importance: Importance, stimuli: Stimuli, count: int
) -> list[int]:
    """The first neurons of a ranking of which none repeats an earlier one's stimuli.

    Args:
      ranked: Neurons of the importance.
      importance: Of some sites.
      stimuli: Of all sites of the same model.
      count: Largest number of neurons.
    """
    rows = stimulus_rows(stimuli)
    positions = neurons_among(importance.sites, stimuli.sites)
    distinct_so_far: list[int] = []
    for neuron in ranked:
        row, distinct_rows = rows[positions[[neuron]]], rows[positions[distinct_so_far]]
        # A dead neuron has no stimuli, so it repeats none.
        repeats = (
            len(distinct_so_far) > 0
            and row.nnz > 0
            and shared_stimuli(row, distinct_rows).max() > _SAME_STIMULI
        )
        if not repeats:
            distinct_so_far.append(neuron)
        if len(distinct_so_far) == count:
            break
    return distinct_so_far


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
    positions = neurons_among(importance.sites, stimuli.sites)[list(neurons)]
    return patch_sheet(
        stimuli, windows, positions, pixels.pixels, count=patches, size=_TILE
    )


def class_figure(images: Images, label: int, rows: np.ndarray) -> Figure:
    """Whole images of a class, to explain what its neurons respond to.

    The paper looked at images of bow ties to understand why their evolutions lead to
    hands, necks and faces.

    Args:
      images: Training images, and names of the classes.
      label: The class.
      rows: Its training images `[i]`; the first are drawn.
    """
    name = images.classes[label]
    return draw_images(
        list(np.asarray(images.train.pixels[rows[:_IMAGES]])),
        columns=_COLUMNS,
        title=(f"Training images of the class “{name}”",),
    )
