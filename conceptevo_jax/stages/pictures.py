"""From projected runs to figures: what is shown, and what it is called."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Int
from matplotlib.figure import Figure

from conceptevo_jax.analysis import tight_neighbourhoods
from conceptevo_jax.figures import (
    Circle,
    Curve,
    Example,
    MapPanel,
    draw_curves,
    draw_shared_space,
    draw_training_map,
)
from conceptevo_jax.stages.images import Images
from conceptevo_jax.stages.projected import Projected
from conceptevo_jax.types import Epoch, Observation, Site

Points = Mapping[str, np.ndarray]
"""Points on one common map, by snapshot name."""


def shown_epochs(projected: Projected, columns: int = 6) -> list[Epoch]:
    """`init` and whole epochs, evenly spread, the first and the last among them."""
    whole = [epoch for epoch in projected.epochs if isinstance(epoch, int)]
    spread = np.linspace(0, len(whole) - 1, min(columns - 1, len(whole)))
    return ["init", *(whole[i] for i in spread.round().astype(int))]


def site_depth(sites: Sequence[Site]) -> np.ndarray:
    """Per neuron, how deep its site lies: 0 for the first, 1 for the last."""
    channels = [site.channels for site in sites]
    return np.repeat(np.linspace(0, 1, len(sites)), channels)


def training_map(
    projected: Sequence[Projected], base: str, base_title: str, points: Points
) -> Figure:
    """A first Figure 2: runs in rows, epochs in columns, over the base in grey."""
    rows = [
        (one.title, [_panel(one, epoch, points) for epoch in shown_epochs(one)])
        for one in projected
    ]
    title = (
        f"Concepts of {len(rows)} training runs in the space of {base_title}: "
        "one dot a neuron; grey, the base's neurons. Accuracies train/test."
    )
    return draw_training_map(rows, points[base], title=title)


def _panel(one: Projected, epoch: Epoch, points: Points) -> MapPanel:
    row = one.run.row(epoch)
    facts = (
        f"top-1 {row.train_top1:.2f}/{row.test_top1:.2f}"
        f"\ntop-5 {row.train_top5:.2f}/{row.test_top5:.2f}"
    )
    return MapPanel(
        epoch="untrained" if epoch == "init" else f"epoch {epoch}",
        facts=facts,
        points=points[f"{one.run.name}@{epoch}"],
        depth=site_depth(one.run.model.sites),
        dead=int(one.stimuli(epoch).dead.sum()),
    )


def shared_space(
    images: Images, models: Sequence[tuple[Projected, Epoch]], points: Points
) -> Figure:
    """A first Figure 1: models in one space, neighbourhoods chosen by rule."""
    maps = [points[f"{one.run.name}@{epoch}"] for one, epoch in models]
    seen = [one.run.observations[epoch] for one, epoch in models]
    found = tight_neighbourhoods(maps, [s.judgement for s in seen])
    circles = [
        Circle(label="ABC"[i], center=disc.center, radius=disc.radius)
        for i, disc in enumerate(found)
    ]
    rows = []
    for which, (one, epoch) in enumerate(models):
        examples = [
            example
            for circle, disc in zip(circles, found, strict=True)
            for example in _examples(
                circle.label, disc.members[which][:2], seen[which], images
            )
        ]
        depth = site_depth(one.run.model.sites)
        name = f"{one.title}, epoch {epoch}"
        rows.append((name, maps[which], depth, examples))
    title = (
        "Two models in one space; a dot is a neuron, darker ones lie nearer the input, "
        "grey ones belong to the other model.\nCircled: the neighbourhoods whose "
        "neurons, of both models, respond most alike to held-out images, and the "
        "stimuli of two neurons in each."
    )
    return draw_shared_space(rows, circles, title=title)


def _examples(
    label: str, members: Int[np.ndarray, " n"], seen: Observation, images: Images
) -> list[Example]:
    sites = seen.stimuli.sites
    names = [f"{site.name}/{c}" for site in sites for c in range(site.channels)]
    shown = []
    for neuron in members:
        rows = seen.stimuli.image_ids[neuron]
        pictures = [images.pool_pixels.pixels[row] for row in rows[rows >= 0][:3]]
        shown.append(Example(circle=label, neuron=names[neuron], images=pictures))
    return shown


def run_curves(projected: Sequence[Projected]) -> Figure:
    """Accuracy, dead share, coverage and alignment of every run over its epochs."""
    measures: dict[str, Callable[[Projected, Epoch], float]] = {
        "top-1 test accuracy": lambda one, e: one.run.row(e).test_top1,
        "share of dead neurons": lambda one, e: float(one.stimuli(e).dead.mean()),
        "share of stimuli that the base has too": lambda one, e: one.shared(e),
        "held-out alignment (AUC)": _auc,
    }
    panels = [
        (name, [_curve(one, value) for one in projected])
        for name, value in measures.items()
    ]
    return draw_curves(panels, title="The runs, snapshot by snapshot")


def _curve(one: Projected, value: Callable[[Projected, Epoch], float]) -> Curve:
    return Curve(
        name=one.title,
        epochs=np.array([one.at(epoch) for epoch in one.epochs], float),
        values=np.array([value(one, epoch) for epoch in one.epochs], float),
    )


def _auc(one: Projected, epoch: Epoch) -> float:
    score = one.alignments[epoch].correlation.overall.auc
    return float("nan") if score is None else score
