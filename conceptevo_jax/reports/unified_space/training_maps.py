"""Training maps: what runs' neurons respond to, epoch by epoch, in one space."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.figures import MapConcept, MapPanel, draw_training_map
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_members
from conceptevo_jax.stimuli import neuron_patches, patch_windows
from conceptevo_jax.types import Site

Points = Mapping[str, np.ndarray]
"""Points on one common map, by snapshot name."""

COLUMNS = 5
"""Largest number of snapshots of a run on a map."""


def training_map(
    projected_runs: Sequence[ProjectedRun],
    base: ProjectedRun,
    points: Points,
    images: Images,
    named: NamedConcepts,
) -> Figure:
    """A map like Figure 2: runs in rows, epochs in columns, over the base in grey.

    Neurons have the colours of the base's concepts, and every concept is named at its
    centre, with its best neuron's strongest patch and how many neurons hold it.

    Args:
      projected_runs: One row each.
      base: The base run, drawn in grey behind them.
      points: On the common map.
      images: The images that patches are cut from.
      named: The base's concepts.
    """
    background = points[base.snapshot(base.epochs[-1])]
    if not named.names:
        return depth_map(projected_runs, base.title, background, points)
    concepts = _map_concepts(base, background, images, named)
    rows = [_titled_panels(run, points, named) for run in projected_runs]
    title = (
        f"{_subject(projected_runs, base.title)} Each dot is a neuron in the colour of "
        "its concept; numbers: how many hold it. Grey: the base. Top-1 accuracies."
    )
    return draw_training_map(rows, background, concepts, title=title)


def depth_map(
    projected_runs: Sequence[ProjectedRun],
    base_title: str,
    background: np.ndarray,
    points: Points,
) -> Figure:
    """The same if no concepts of the base are known: colours show depth.

    Args:
      projected_runs: One row each.
      base_title: Title of the base in the figure.
      background: Points of the base's neurons `[n 2]`.
      points: On the common map.
    """
    rows = [_titled_panels(run, points, None) for run in projected_runs]
    title = (
        f"{_subject(projected_runs, base_title)} Each dot is a neuron, coloured by how "
        "deep in its network it lies. Grey: the base. Top-1 accuracies."
    )
    return draw_training_map(rows, background, title=title)


def _subject(projected_runs: Sequence[ProjectedRun], base_title: str) -> str:
    count = len(projected_runs)
    runs = "one training run" if count == 1 else f"{count} training runs"
    return f"Concepts of {runs} in the space of {base_title}."


def _map_concepts(
    base: ProjectedRun, background: np.ndarray, images: Images, named: NamedConcepts
) -> list[MapConcept]:
    """The concepts, each at the median of its base neurons, with its exemplar."""
    stimuli, pixels = base.stimuli(base.epochs[-1]), images.pool_pixels
    windows = patch_windows(stimuli, side=pixels.side, input_size=base.run.model.size)
    members = run_members(base, named.concepts)[-1]
    concepts = []
    for number, name in enumerate(named.names):
        patches = (
            neuron_patches(
                stimuli,
                windows,
                int(named.concepts.exemplar[number]),
                pixels.pixels,
                count=1,
            )
            if named.is_named(number)
            else []
        )
        concepts.append(
            MapConcept(
                name=name,
                center=np.nanmedian(background[members == number], axis=0),
                patch=patches[0] if patches else None,
            )
        )
    return concepts


def drawn_epochs(epochs: Sequence[Epoch], columns: int = COLUMNS) -> list[Epoch]:
    """Some of a run's snapshots: the first, the last, and more early than late ones.

    Args:
      epochs: In order.
      columns: Largest number of them.
    """
    spread = np.linspace(0, len(epochs) - 1, min(columns, len(epochs)))
    # Rounded down, since most happens early.
    return [epochs[int(place)] for place in spread]


def _titled_panels(
    projected_run: ProjectedRun, points: Points, named: NamedConcepts | None
) -> tuple[str, list[MapPanel]]:
    """The run's title, and a panel per drawn epoch."""
    whole = [
        epoch
        for epoch in projected_run.epochs
        if (epoch == "init" or isinstance(epoch, int))
        and projected_run.snapshot(epoch) in points
    ]
    drawn = drawn_epochs(whole)
    if named is None:
        members = {e: np.full(len(projected_run.stimuli(e).dead), -1) for e in drawn}
    else:
        by_epoch = run_members(projected_run, named.concepts)
        members = dict(zip(projected_run.epochs, by_epoch, strict=True))
    panels = [_panel(projected_run, epoch, points, members[epoch]) for epoch in drawn]
    return projected_run.title, panels


def _panel(
    projected_run: ProjectedRun, epoch: Epoch, points: Points, members: np.ndarray
) -> MapPanel:
    row, stimuli = projected_run.run.row(epoch), projected_run.stimuli(epoch)
    accuracies = [row.train_top1, row.test_top1, row.train_top5, row.test_top5]
    return MapPanel(
        epoch=epoch_label(epoch),
        facts=f"train {row.train_top1:.2f}, test {row.test_top1:.2f}",
        points=points[projected_run.snapshot(epoch)],
        depth=_site_depth(projected_run.run.model.sites),
        members=members,
        dead=int(stimuli.dead.sum()),
        diverged=bool(stimuli.nonfinite.any() or not np.isfinite(accuracies).all()),
    )


def _site_depth(sites: Sequence[Site]) -> np.ndarray:
    """Per neuron, how deep its site lies: 0 for the first, 1 for the last."""
    channels = [site.channels for site in sites]
    return np.repeat(np.linspace(0, 1, len(sites)), channels)
