"""Figure 9: concepts over training by ConceptEvo, NeuroCartography and ACE, measured.

    conceptevo experiment=baseline_comparison            (minutes on two cores)
    conceptevo experiment=baseline_comparison seeds=3    (judges the claims)
    conceptevo experiment=baseline_comparison scale=smoke

A well-trained VGG16 at its milestones of accuracy, seen from the space of another
network (ConceptEvo), by vectors fitted to each snapshot (NeuroCartography), and by
image segments at the final layer (ACE). The paper judges by eye how well a concept
stays in its place; here it is measured, for all methods alike, beside whether
neighbours belong together: a map that never changes does not drift, and means nothing.
Besides, the concepts that ACE and NeuroCartography find at the last milestone, and how
much the representation itself changes (linear CKA and SVCCA).
"""

import dataclasses
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.analysis.alignment.response_rows import standardise
from conceptevo_jax.analysis.alignment.selectivity import selected_concepts
from conceptevo_jax.analysis.dynamics.movement import linear_cka
from conceptevo_jax.baselines.neurocartography import (
    Groups,
    activated_cells,
    group_neurons,
)
from conceptevo_jax.baselines.svcca import svcca
from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import (
    ConceptPanel,
    DriftDots,
    draw_concept_maps,
    draw_concepts,
    draw_drift,
    save_figure,
)
from conceptevo_jax.pipeline.outcome import finite, write_csv
from conceptevo_jax.pipeline.plan import SPACE, Step, plan_explorer
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.unified import space_jobs, unify
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.baseline_comparison.ace_report import (
    ClassConcepts,
    concept_patches,
    concept_rows,
    find_concepts,
    follow_segments,
)
from conceptevo_jax.reports.baseline_comparison.claims import (
    MEASURES,
    SPACES,
    Drifted,
    drift_claims,
    drift_rows,
    measure_all,
)
from conceptevo_jax.reports.baseline_comparison.measure import (
    Representation,
    observe_widely,
    represent_controls,
    represent_neurons,
    represent_segments,
)
from conceptevo_jax.reports.explorer_page.page import explore_unified
from conceptevo_jax.reports.importance.evolutions import class_of, milestones_of
from conceptevo_jax.types import Epoch, Observation, neuron_ids

RIVALS = ("neurocartography", "neurocartography_figure_9", "ace")
"""What ConceptEvo is claimed to drift less than."""

FIGURE = ("neurocartography_figure_9", "ace")
"""Rows of the paper's figure below ConceptEvo's."""

CONCEPTS, PATCHES = 6, 12
"""Concepts of ACE that are drawn, and patches of each."""


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base and the run that is compared."""
    if config.baselines.run not in config.runs:
        raise unknown_name("run in baselines", config.baselines.run, config.runs)
    chosen = config.baselines.run
    return [
        dataclasses.replace(job, epochs=_observed(config))
        if job.name == chosen
        else job
        for job in space_jobs(config)
    ]


def _named(config: Config) -> list[str]:
    """The snapshots that the configuration names: here, or as the run's milestones."""
    last = config.runs[config.baselines.run].milestones[-3:]
    return config.baselines.epochs or [str(epoch) for epoch in last]


def _observed(config: Config) -> tuple[Epoch, ...] | None:
    named = [int(name) if name.isdecimal() else name for name in _named(config)]
    return ("init", *named) if named else None


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE, *plan_explorer(config, jobs(config))]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    for name in config.baselines.classes:
        class_of(name, session.images)
    trained = session.train(jobs(config), meanwhile=warm_up)
    subject = trained[config.baselines.run]
    epochs = milestones_of(_named(config), subject).epochs
    seen = [subject.observations[epoch] for epoch in epochs]
    found = unify(session, trained)
    placed = next(one for one in found.compared if one.run.name == subject.name).placed
    labels = [_classes_of(session, one) for one in seen]
    wide = observe_widely(session, subject, epochs)
    neurons = represent_neurons(session, wide, epochs, labels, placed)
    segments = follow_segments(session)
    ace = represent_segments(session, subject, epochs, segments)
    methods = [*neurons, ace, *represent_controls(session, neurons[0])]
    classes = {"neurons": len(session.images.classes), "segments": len(segments.names)}
    with session.stage("measure"):
        drifted = measure_all(methods, classes=classes, seed=config.seed)
    names = [f"{subject.name}@{epoch}" for epoch in epochs]
    shown = _best_agreeing(seen[-1], labels[-1], session.images.classes)
    wanted = config.baselines.classes or [session.images.classes[shown]]
    with session.stage("ACE"):
        concepts, missing = find_concepts(session, subject, epochs[-1], wanted)
    for why in missing:
        session.console.print(f"Left out: {why}")
    with session.stage("groups"):
        groups = _groups(session, wide, epochs[-1])
    tables = session.folder / "tables"
    write_csv(tables / "drift.csv", drift_rows(drifted, names))
    write_csv(tables / "representation.csv", _change_rows(seen, names))
    if rows := concept_rows(concepts):
        write_csv(tables / "ace_concepts.csv", rows)
    if rows := _group_rows(groups, subject, epochs[-1]):
        write_csv(tables / "neurocartography_groups.csv", rows)
    with session.stage("figures"):
        look = _draw(session, drifted, names, shown, segments.names, concepts)
    page = explore_unified(session, found)
    return Outcome(
        base=found.made.space.base,
        claims=drift_claims(drifted, RIVALS),
        further={
            "snapshots": names,
            "highlighted": session.images.classes[shown],
            "left_out": missing,
            "notes": [note for one in concepts for note in one.notes],
        },
        look_next=[*look, tables / "drift.csv", *page],
    )


def _classes_of(session: Session, seen: Observation) -> np.ndarray:
    """The class that each neuron tells from all others on held-out images, or -1."""
    shown = np.eye(len(session.images.classes), dtype=bool)
    of_images = shown[session.images.judgement.labels]
    return selected_concepts(seen.judgement.peaks, of_images)


def _best_agreeing(seen: Observation, labels: np.ndarray, classes: Sequence) -> int:
    """The class whose neurons' responses correlate best, of those with five or more.

    Where no class has so many, the one with most.
    """
    rows = standardise(seen.judgement.peaks)
    scores = []
    for label in range(len(classes)):
        own = rows[labels == label]
        n = len(own)
        everything = float((own.sum(axis=0) ** 2).sum()) - float((own**2).sum())
        scores.append(everything / (n * (n - 1)) if n >= 5 else n / 5 - 2)
    return int(np.argmax(scores))


def _change_rows(seen: Sequence[Observation], names: Sequence[str]) -> list[dict]:
    """How much the whole representation changes between every two snapshots."""
    rows = []
    for (a, first), (b, second) in combinations(zip(names, seen, strict=True), 2):
        cka = linear_cka(first.judgement, second.judgement)
        rows.append(
            {
                "before": a,
                "after": b,
                "linear_cka": cka.value,
                "linear_cka_low": cka.low,
                "linear_cka_high": cka.high,
                "svcca": finite(svcca(first.judgement.peaks, second.judgement.peaks)),
            }
        )
    return rows


def _groups(session: Session, run: TrainedRun, epoch: Epoch) -> Groups:
    """NeuroCartography's concept groups of a snapshot."""
    shot = next(s for s in run.snapshots if s.epoch == epoch)
    pixels = session.images.pool_pixels.pixels
    cells = activated_cells(
        run.model, shot.load(), lambda rows: np.asarray(pixels[rows])
    )
    return group_neurons(run.observations[epoch].stimuli, cells)


def _group_rows(groups: Groups, run: TrainedRun, epoch: Epoch) -> list[dict[str, Any]]:
    ids = neuron_ids(f"{run.name}@{epoch}", run.model.sites)
    return [
        {"site": site, "group": number, "neurons": len(members), "neuron": ids[neuron]}
        for number, (site, members) in enumerate(
            zip(groups.sites, groups.members, strict=True)
        )
        for neuron in members.tolist()
    ]


def _draw(
    session: Session,
    drifted: Sequence[Drifted],
    names: Sequence[str],
    shown: int,
    segment_classes: Sequence[str],
    concepts: Sequence[ClassConcepts],
) -> list[Path]:
    folder, title = session.folder / "figures", session.images.classes[shown]
    by_name = {one.of.name: one.of for one in drifted}
    rows = [drifted[0].of, *(by_name[name] for name in FIGURE)]
    followed = by_name["ace"].maps[0].labels
    marks = {
        "neurons": shown,
        # Objects of a Broden-style folder are none of the classes: the most frequent.
        "segments": segment_classes.index(title)
        if title in segment_classes
        else int(np.bincount(followed).argmax()),
    }
    panels = [(one.title, _panels(one, marks[one.of])) for one in rows]
    figure = draw_concept_maps(
        panels,
        names,
        title=f"Concept “{title}” over training by each method: blue, its neurons "
        f"or segments (“{segment_classes[marks['segments']]}”); ring: "
        "their centre, with its path. One map per row, of all its snapshots.",
    )
    written = [save_figure(figure, folder / "baseline_comparison")[0]]
    for space in SPACES:
        own = [one for one in drifted if space in one.drifts]
        dots = [_dots(own, space, measure) for measure in MEASURES]
        figure = draw_drift(
            dots,
            [one.of.title for one in own],
            title="Drift between every two milestones "
            + ("in each method's own space" if space == "vectors" else "on the maps")
            + "; bars: means. Low drift means something at high purity alone.",
        )
        written.append(save_figure(figure, folder / f"drift_{space}")[0])
    for one in concepts:
        strips = concept_patches(one, concepts=CONCEPTS, shown=PATCHES)
        if strips:
            figure = draw_concepts(
                strips, title=f"ACE: concepts of “{one.name}” at {names[-1]}"
            )
            name = f"ace_{one.name}".lower().replace(" ", "_").replace("/", "_")
            written.append(save_figure(figure, folder / name)[0])
    return written


def _panels(one: Representation, mark: int) -> list[ConceptPanel]:
    return [
        ConceptPanel(points=own.vectors, marked=own.labels == mark) for own in one.maps
    ]


def _dots(own: Sequence[Drifted], space: str, measure: str) -> DriftDots:
    values = [[getattr(d, measure) for d in one.drifts[space]] for one in own]
    least = None if measure == "ranks" else 0.0
    return DriftDots(
        name=MEASURES[measure], values=np.array(values), axis_minimum=least
    )
