"""The evolutions of a run that matter for each class: measured, tabled and drawn.

What `important_evolutions` is made of, and a part of the demo.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.importance.scores import class_correlation
from conceptevo_jax.analysis.statistics.intervals import known_mean, mean_interval
from conceptevo_jax.config import Config
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.outcome import Claim, finite, write_csv
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.figures import class_figure, evolutions_figure
from conceptevo_jax.reports.importance.measure import (
    Evolution,
    Measures,
    chosen_classes,
    evolutions_of,
    mean_halves,
    shown_class,
)
from conceptevo_jax.reports.importance.tables import (
    evolution_row,
    top_neurons,
    top_rows,
)
from conceptevo_jax.types import Epoch, Importance, neurons_among, record

TABLED = 20
"""Neurons per class and evolution in `top_evolutions.csv`."""

LEADING = 10
"""Neurons per class by which it is judged what evolutions lead to."""

EXACT = {"transpose": 3e-2, "jvp": 1e-4}
"""Largest difference from forward differences, as a share of the largest sensitivity,
by method: the sweep leaves ties behind the next pooling to autodiff, `jvp` none."""


@record
class Important:
    """One run's evolutions and how much they matter.

    Attributes:
      run: The run.
      evolutions: In order.
      found: Per evolution, the importances of all measured classes.
      label: The class to show.
      drawn: The classes that were to be measured; claims rest on them alone.
    """

    run: TrainedRun
    evolutions: Sequence[Evolution]
    found: Sequence[Sequence[Importance]]
    label: int
    drawn: Sequence[int]

    def pairs(self) -> Iterator[tuple[Evolution, Sequence[Importance]]]:
        """Each evolution with the importances of all measured classes."""
        return zip(self.evolutions, self.found, strict=True)

    @property
    def shown(self) -> list[Importance]:
        """Per evolution, the importance for the class to show."""
        return [
            next(one for one in importances if one.label == self.label)
            for importances in self.found
        ]

    @property
    def epochs(self) -> list[Epoch]:
        """The milestones."""
        last = [one.after.epoch for one in self.evolutions]
        return [self.evolutions[0].before.epoch, *last]


@record
class Report:
    """What is told of the evolutions of several runs.

    Attributes:
      found: The runs' evolutions themselves.
      claims: Three per evolution.
      further: For `results.json`: the class shown of each run, and a row per evolution
        and class.
      figures: PNG files; of each run the evolutions and the class they matter for.
      tables: CSV files.
    """

    found: list[Important]
    claims: list[Claim]
    further: dict[str, Any]
    figures: list[Path]
    tables: list[Path]


def report_important(session: Session, runs: Sequence[TrainedRun]) -> Report:
    """Measure the evolutions of several runs, and write their tables and figures."""
    found = [find_important(session, run) for run in runs]
    observed = session.train([_observe(session.config, one) for one in found])
    summary, top, claims, figures = [], [], [], []
    for one in found:
        seen = observed[one.run.name]
        rows = important_rows(session, one)
        summary += rows[0]
        top += rows[1]
        claims += important_claims(session, one, seen)
        figures += session.timed(
            "figures", draw_important, session, one, seen, of=one.run.name
        )
    names, folder = session.images.classes, session.folder / "tables"
    shown = {one.run.name: names[one.label] for one in found}
    return Report(
        found=found,
        claims=claims,
        further={"shown": shown, "evolutions": summary},
        figures=figures,
        tables=[
            write_csv(folder / "top_evolutions.csv", top),
            write_csv(folder / "evolutions.csv", summary),
        ],
    )


def _observe(config: Config, one: Important) -> Job:
    """Observe a run's milestones, which its accuracy has chosen."""
    return Job(
        name=one.run.name,
        run=config.runs[one.run.name],
        dataset=config.dataset,
        search=config.method.stimuli,
        projecting=config.method.projection.stimuli,
        epochs=tuple(one.epochs),
        sample=config.dataset.sample_images,
    )


def find_important(session: Session, run: TrainedRun) -> Important:
    """Measure all evolutions of a run for every chosen class, or find them stored."""
    config, measures = session.config, Measures(session, run)
    evolutions = evolutions_of(config, run)
    names = session.images.classes
    labels = chosen_classes(config, len(names))
    wanted = config.importance.images
    found = [
        [
            session.timed(
                "importance",
                measures.importance,
                one,
                label,
                wanted,
                of=one.named(names[label]),
            )[0]
            for label in labels
        ]
        for one in evolutions
    ]
    label = shown_class(config, session.images, run.name, found)
    if label not in labels:  # named, and not among those drawn
        for one, importances in zip(evolutions, found, strict=True):
            more = session.timed(
                "importance",
                measures.importance,
                one,
                label,
                wanted,
                of=one.named(names[label]),
            )
            importances.append(more[0])
    return Important(
        run=run, evolutions=evolutions, found=found, label=label, drawn=labels
    )


def important_rows(
    session: Session, one: Important
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `evolutions.csv` and of `top_evolutions.csv`."""
    names, seed = session.images.classes, session.config.seed
    summary, top = [], []
    for evolution, importances in one.pairs():
        for importance in importances:
            name = names[importance.label]
            summary.append(evolution_row(evolution, importance, name))
            first = top_neurons(importance, TABLED, seed)
            top += top_rows(evolution, importance, name, first)
    return summary, top


def draw_important(
    session: Session, one: Important, observed: TrainedRun
) -> list[Path]:
    """Draw the run's most important evolutions, and the class they matter for.

    Args:
      session: Images, settings and folder.
      one: What to draw.
      observed: The run with its milestones observed.
    """
    config, images = session.config, session.images
    figure = evolutions_figure(
        images, observed, one.evolutions, one.shown, config.importance, config.seed
    )
    folder = session.folder / "figures"
    first = save_figure(figure, folder / f"evolutions_{one.run.name}")[0]
    figure = class_figure(images, one.label, one.shown[0].images)
    second = save_figure(figure, folder / f"class_of_{one.run.name}")[0]
    return [first, second]


def important_claims(
    session: Session, one: Important, observed: TrainedRun
) -> list[Claim]:
    """That sensitivities are exact, that halves agree, and what evolutions lead to."""
    claims = []
    for evolution, every in one.pairs():
        importances = [found for found in every if found.label in one.drawn]
        name = f"{one.run.name}_{evolution.number}"
        where = (
            f"{evolution.title}, {evolution.before.epoch} to {evolution.after.epoch}, "
            f"{len(importances)} classes, {len(importances[0].images)} images each"
        )
        claims += [
            _exactness_claim(
                name, where, session.config.importance.method, importances
            ),
            _halves_claim(name, where, importances),
            _class_claim(name, where, evolution, importances, observed, session),
        ]
    return claims


def _exactness_claim(
    name: str, where: str, method: str, found: Sequence[Importance]
) -> Claim:
    worst = np.max([one.difference for one in found])
    checked = sum(len(one.checked) for one in found)
    return Claim(
        id=f"sensitivities_exact_{name}",
        paper=None,
        rule="largest difference of sensitivities from forward differences in float64 "
        f"<= {EXACT[method]:g} of the largest",
        measured=finite(float(worst)),
        interval=None,
        n=checked,
        holds=bool(worst <= EXACT[method]) if np.isfinite(worst) else None,
        why=f"{where}; {checked} neurons checked"
        if np.isfinite(worst)
        else f"not run: the network does not compute in float64; {where}",
    )


def _halves_claim(name: str, where: str, found: Sequence[Importance]) -> Claim:
    halves = [mean_halves(one) for one in found]
    values = [value for value in halves if value is not None]
    interval, classes = mean_interval(values), class_correlation(found)
    unchanged = np.mean([1 - one.changed.mean() for one in found])
    return Claim(
        id=f"halves_agree_{name}",
        paper=None,
        rule="two halves of a class's images rank its neurons more alike than other "
        "classes do: rank correlation, 95 % interval over classes above theirs",
        measured=float(np.mean(values)) if values else None,
        interval=interval,
        n=len(values),
        holds=interval[0] > classes if interval and math.isfinite(classes) else None,
        why=f"{where}; different classes {classes:.2f}; {unchanged:.0%} of the neurons "
        "did not change at all",
    )


def _class_claim(
    name: str,
    where: str,
    evolution: Evolution,
    found: Sequence[Importance],
    observed: TrainedRun,
    session: Session,
) -> Claim:
    shares = np.array(
        [
            [
                _class_share(session, observed, shot.epoch, one)
                for shot in (evolution.before, evolution.after)
            ]
            for one in found
        ]
    )
    rise = shares[:, 1, 0] - shares[:, 0, 0]
    interval = mean_interval(rise.tolist())
    (before, _), (after, everyone) = known_mean(shares)
    return Claim(
        id=f"leads_to_the_class_{name}",
        paper="evolutions from abstract to class-related concepts (Figs. 3 and 6)",
        rule=f"the share of the class among the stimuli of its {LEADING} most "
        "important neurons rises, the images that ranked them left out: 95 % interval "
        "over classes above 0",
        measured=finite(float(known_mean(rise))),
        interval=interval,
        n=int(np.isfinite(rise).sum()),
        holds=interval[0] > 0 if interval else None,
        why=f"{where}; from {before:.2f} to {after:.2f}; all neurons {everyone:.2f}",
    )


def _class_share(
    session: Session, run: TrainedRun, epoch: Epoch, importance: Importance
) -> Float[np.ndarray, " 2"]:
    """Share of the class among the stimuli of its leading neurons, and of all."""
    stimuli, images = run.observations[epoch].stimuli, session.images
    share = class_share(
        stimuli.image_ids,
        images.pool_pixels.labels == importance.label,
        np.isin(images.pool.rows, importance.images),
    )[neurons_among(importance.sites, stimuli.sites)]
    leading = top_neurons(importance, LEADING, session.config.seed)
    return np.array([_mean(share[leading]), _mean(share)])


def class_share(
    image_ids: Int[np.ndarray, "n k"],
    of_class: Bool[np.ndarray, " i"],
    left_out: Bool[np.ndarray, " i"],
) -> Float[np.ndarray, " n"]:
    """Share of a class among each neuron's stimuli; NaN without any.

    Args:
      image_ids: Stimuli, unused slots -1.
      of_class: Which images of the pool are of the class.
      left_out: Which of them do not count.
    """
    used = (image_ids >= 0) & ~left_out[image_ids]
    count, own = used.sum(axis=1), (used & of_class[image_ids]).sum(axis=1)
    return np.where(count > 0, own / np.maximum(count, 1), np.nan)


def _mean(values: Float[np.ndarray, " _"]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
