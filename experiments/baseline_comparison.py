"""Figure 9: concepts over training by ConceptEvo, NeuroCartography and ACE, measured.

    conceptevo experiment=baseline_comparison            (minutes on two cores)
    conceptevo experiment=baseline_comparison seeds=3    (judges the claims)
    conceptevo experiment=baseline_comparison scale=smoke

A well-trained VGG16 at its milestones of accuracy, represented in the space of another
network (ConceptEvo), by vectors fitted to each snapshot (NeuroCartography), and by
image segments at the final layer (ACE). The paper judges by eye how well a concept
keeps its place. Here this is measured, in the same way for all methods, together with
the purity of neighbourhoods, because a map that never changes does not drift but also
means nothing. Also reported are the concepts that ACE and NeuroCartography find at the
last milestone, and how much the representation itself changes (linear CKA and SVCCA).
"""

import dataclasses

from conceptevo_jax.config import Config
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step, plan_explorer
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.unified import space_jobs, unify
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.baseline_comparison.ace_concepts import find_concepts
from conceptevo_jax.reports.baseline_comparison.claims import drift_claims
from conceptevo_jax.reports.baseline_comparison.figures import save_figures
from conceptevo_jax.reports.baseline_comparison.fitted_vectors import observe_widely
from conceptevo_jax.reports.baseline_comparison.followed_segments import (
    follow_segments,
)
from conceptevo_jax.reports.baseline_comparison.measure import (
    concept_groups,
    measure_drifts,
    most_coherent_class,
    neuron_classes,
)
from conceptevo_jax.reports.baseline_comparison.representations import (
    represent_controls,
    represent_neurons,
    represent_segments,
)
from conceptevo_jax.reports.baseline_comparison.settings import BaselinesSettings
from conceptevo_jax.reports.baseline_comparison.tables import (
    change_rows,
    concept_rows,
    drift_rows,
    group_rows,
    write_tables,
)
from conceptevo_jax.reports.concepts.report import report_concepts
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.reports.importance.evolutions import class_of, milestones_of

RIVALS = ("neurocartography", "neurocartography_figure_9", "ace")
"""The methods that ConceptEvo is claimed to drift less than."""


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base and the run that is compared."""
    compared_run = BaselinesSettings.of(config).run
    if compared_run not in config.runs:
        raise unknown_name("run in baselines", compared_run, config.runs)
    return [
        dataclasses.replace(job, epochs=_epochs_to_observe(config))
        if job.name == compared_run
        else job
        for job in space_jobs(config)
    ]


def _snapshot_names(config: Config) -> list[str]:
    """The configured snapshots, or else the run's last three milestones."""
    settings = BaselinesSettings.of(config)
    last = config.runs[settings.run].milestones[-3:]
    return settings.epochs or [str(epoch) for epoch in last]


def _epochs_to_observe(config: Config) -> tuple[Epoch, ...] | None:
    """The untrained network and the snapshots by name; None, for all, without names."""
    names = _snapshot_names(config)
    epochs = [int(name) if name.isdecimal() else name for name in names]
    return ("init", *epochs) if epochs else None


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE_STEPS, *plan_explorer(config, jobs(config))]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The whole configuration.
      session: Images, store and folder of this call.
    """
    settings = BaselinesSettings.of(config)
    for name in settings.classes:
        class_of(name, session.images)
    trained = session.train(jobs(config), meanwhile=warm_up)
    subject = trained[settings.run]
    epochs = milestones_of(_snapshot_names(config), subject).epochs
    snapshot_ids = [SnapshotId(subject.name, epoch) for epoch in epochs]
    snapshots = [str(snapshot) for snapshot in snapshot_ids]
    observations = [subject.observations[epoch] for epoch in epochs]
    space, joint_layout = unify(session, trained)
    projected_run = space.runs[subject.name]
    labels = [neuron_classes(session, observation) for observation in observations]
    wide = observe_widely(session, subject, epochs)
    neurons = represent_neurons(session, wide, epochs, labels, projected_run.placed)
    segments = follow_segments(session)
    ace = represent_segments(session, subject, epochs, segments)
    methods = [*neurons, ace, *represent_controls(session, neurons[0])]
    classes = {"neurons": len(session.images.classes), "segments": len(segments.names)}
    with session.stage("measure"):
        drifts = measure_drifts(methods, classes=classes, seed=config.seed)
    highlighted_class = most_coherent_class(
        observations[-1], labels[-1], classes["neurons"]
    )
    names = settings.classes or [session.images.classes[highlighted_class]]
    with session.stage("ACE"):
        concepts, missing = find_concepts(session, subject, epochs[-1], names)
    for reason in missing:
        session.console.print(f"Left out: {reason}")
    with session.stage("groups"):
        groups = concept_groups(session, wide, epochs[-1])
    drift_table_path = write_tables(
        session.folder / "tables",
        drifts=drift_rows(drifts, snapshots),
        changes=change_rows(observations, snapshots),
        concepts=concept_rows(concepts),
        groups=group_rows(groups, subject, epochs[-1]),
    )
    with session.stage("figures"):
        figures = save_figures(
            session,
            drifts,
            concepts,
            snapshots=snapshot_ids,
            label=highlighted_class,
            segment_names=segments.names,
        )
    base_concepts = report_concepts(session, space)
    pages = explore(session, space, joint_layout, base_concepts.named)
    return Outcome(
        base=space.base_snapshot,
        claims=drift_claims(drifts, RIVALS),
        further={
            "snapshots": snapshots,
            "highlighted": session.images.classes[highlighted_class],
            "left_out": missing,
            "notes": [
                note for class_concepts in concepts for note in class_concepts.notes
            ],
        },
        look_next=[*figures, drift_table_path, *pages, *base_concepts.written],
    )
