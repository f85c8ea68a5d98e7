"""A small result with a space, a map and a scene; made of two tiny trainings."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf
from rich.console import Console

from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.config import (
    EmbeddingConfig,
    MethodConfig,
    ProjectionConfig,
    SearchConfig,
)
from conceptevo_jax.pipeline.joint_layout import JointLayout, vectors_on_map
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs import Job, execute
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace, place_runs
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.concepts.measure import NamedConcepts, find_concepts
from conceptevo_jax.reports.explorer_page.describe_scene import describe_scene
from conceptevo_jax.reports.explorer_page.page import write_explorer
from conceptevo_jax.types import Layout

EPOCHS = 2
METHOD = MethodConfig(
    name="default",
    stimuli=SearchConfig(k=5),
    embedding=EmbeddingConfig(dim=6, repeats=5),
    projection=ProjectionConfig(policy="responsive", solver="closed_form"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explored:
    """The result's session, what it was described by, and its folder."""

    session: Session
    space: RunsInSpace
    joint_layout: JointLayout
    named: NamedConcepts
    folder: Path

    @property
    def base(self) -> ProjectedRun:
        """The base run."""
        return self.space.base

    @property
    def run(self) -> ProjectedRun:
        """The compared run."""
        return self.space.runs["vgg16"]

    @property
    def layout(self) -> Layout:
        """The map."""
        return self.joint_layout.layout

    @property
    def points(self) -> Mapping[str, np.ndarray]:
        """Where the base and the run's last snapshot lie."""
        return self.joint_layout.points


def make_explored(folder, make_dataset, make_run) -> Explored:
    runs = {
        name: make_run(title=f"Tiny {name}", epochs=EPOCHS, early_steps=[1], seed=seed)
        for seed, name in enumerate(("base", "vgg16"), 3)
    }
    config = PackageSettings(
        name="unified_space",
        scale_name="smoke",
        preset="tiny",
        run_dir=str(folder / "result"),
        dataset=make_dataset(),
        method=METHOD,
        runs=runs,
        base="base",
    )
    session = Session(config, Console(quiet=True))
    store, images = session.store, session.images
    trained = {}
    for name, settings in runs.items():
        job = Job(
            name=name,
            run=settings,
            dataset=config.dataset,
            search=METHOD.stimuli,
            epochs=(EPOCHS - 1,) if name == "base" else None,
            sample=25,
        )
        trained[name] = execute(store, images, job)
    space = place_runs(session, trained["base"], {"vgg16": trained["vgg16"]})
    joint_layout = _lay_out_ends(space)
    session.save_space(space.base_space.space, joint_layout.layout)
    OmegaConf.save(OmegaConf.structured(config), session.folder / "config.yaml")
    named = find_concepts(images, space.base)
    write_explorer(session, describe_scene(session, space, joint_layout, named))
    return Explored(
        session=session,
        space=space,
        joint_layout=joint_layout,
        named=named,
        folder=session.folder,
    )


def _lay_out_ends(space: RunsInSpace) -> JointLayout:
    """The base and the run's last snapshot at two of their coordinates in the space."""
    vectors = vectors_on_map(space, {"vgg16": [EPOCHS - 1]})
    points = {name: rows[:, :2].copy() for name, rows in vectors.items()}
    layout = Layout(
        points=np.concatenate(list(points.values())),
        vectors=np.concatenate(list(vectors.values())),
        stability=0.5,
        seed=0,
    )
    return JointLayout(layout=layout, points=points)
