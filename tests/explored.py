"""A small result with a space, a map and a scene; made of two tiny trainings."""

import dataclasses
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf
from rich.console import Console

from conceptevo_jax.cli.schema import SettingsOfRooms
from conceptevo_jax.config import (
    EmbeddingConfig,
    MethodConfig,
    ProjectionConfig,
    SearchConfig,
)
from conceptevo_jax.pipeline.cached_space import embed_base, project_run
from conceptevo_jax.pipeline.projected_run import Projected, without_alignment
from conceptevo_jax.pipeline.runs import Job, execute
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.explorer_page.describe_scene import describe_scene
from conceptevo_jax.reports.explorer_page.page import write_explorer
from conceptevo_jax.types import Layout, Space

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
    base: Projected
    run: Projected
    space: Space
    layout: Layout
    folder: Path

    @property
    def points(self):
        """Where the base and the run's last snapshot lie."""
        n = len(self.base.stimuli(EPOCHS - 1).dead)
        last = self.run.snapshot(EPOCHS - 1)
        points = self.layout.points
        return {self.base.snapshot(EPOCHS - 1): points[:n], last: points[n:]}


def make_explored(folder, make_dataset, make_run) -> Explored:
    runs = {
        name: make_run(title=f"Tiny {name}", epochs=EPOCHS, early_steps=[1], seed=seed)
        for seed, name in enumerate(("base", "vgg16"), 3)
    }
    config = SettingsOfRooms(
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
            sample=15,
        )
        trained[name] = execute(store, images, job)
    made, key = embed_base(store, images, trained["base"], EPOCHS - 1, METHOD, 0)
    placed = {
        name: without_alignment(
            session,
            run,
            project_run(store, made.space, key, run),
            made.space.covered,
        )
        for name, run in trained.items()
    }
    base, run = placed["base"], placed["vgg16"]
    ends = [one.placed[EPOCHS - 1].vectors for one in (base, run)]
    vectors = np.concatenate(ends)
    layout = Layout(
        points=vectors[:, :2].copy(), vectors=vectors, stability=0.5, seed=0
    )
    session.save_space(made.space, layout)
    found = Explored(
        session=session,
        base=base,
        run=run,
        space=made.space,
        layout=layout,
        folder=session.folder,
    )
    OmegaConf.save(OmegaConf.structured(config), session.folder / "config.yaml")
    scene = describe_scene(session, base, [run], made.space, layout, found.points)
    write_explorer(session, scene)
    return found
