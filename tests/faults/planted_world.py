"""What lies where somebody works: results, a store, a study, photographs.

    runs/one, runs/two      results with a scene; `one` has a space, a map and a study
    runs/store              a finished training of one snapshot, and observations
    photos                  two classes of ten photographs each
    ann.json                answers to the study

Everything is planted: nothing is trained.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from answering import sheets_of, simulated, study_of
from omegaconf import OmegaConf
from PIL import Image
from planted import he_normal
from scenes import planted_scene, pool_pixels

from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.config import MethodConfig, ProjectionConfig
from conceptevo_jax.explorer import make_sheets, save_scene
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.result_folder import claim_folder
from conceptevo_jax.store import Store, save_record, write_sealed
from conceptevo_jax.study import public_ids, save_study
from conceptevo_jax.study.raters.simulated import Skill
from conceptevo_jax.training import RUN
from conceptevo_jax.training.checkpoints import Checkpoints
from conceptevo_jax.training.table import TABLE, Row, write_table
from conceptevo_jax.types import Embedding, Layout, Site, Space

CONFIG = {
    "name": "unified_space",
    "scale_name": "smoke",
    "preset": "tiny",
    "dataset": {"name": "shapes", "side": 32},
    "method": MethodConfig(
        name="default",
        projection=ProjectionConfig(policy="covered", solver="closed_form"),
    ),
}
ABOUT = {
    "name": "vgg16",
    "model": "vgg16",
    "preset": "tiny",
    "classes": 10,
    "train": "a",
    "test": "b",
    "content": {},
    "training": {},
}
ROW = Row(
    epoch="init",
    step=0,
    learning_rate=0.0,
    loss=float("nan"),
    running_top1=0.0,
    running_top5=0.0,
    train_top1=0.1,
    train_top5=0.5,
    test_top1=0.1,
    test_top5=0.5,
    nonfinite_step=None,
    seconds=1.0,
)


def plant(folder: Path) -> None:
    """Fill an empty folder."""
    _plant_space(folder / "runs" / "one")
    for name in ("one", "two"):
        _plant_scene(folder / "runs" / name)
    _plant_study(folder / "runs" / "one", folder / "ann.json")
    _plant_store(folder / "runs" / "store")
    for label, name in enumerate("ab"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(10):
            colour = (20 * number, 99 * label, 50)
            place = folder / "photos" / name / f"{number}.png"
            Image.new("RGB", (8, 8), colour).save(place)


def _plant_scene(result: Path) -> None:
    scene = planted_scene()
    pictures = scene.pictures
    sheets = make_sheets(pool_pixels(), pictures.rows, pictures.tile)
    save_scene(result / "scene", scene, sheets)


def _plant_space(result: Path) -> None:
    config = OmegaConf.to_object(
        OmegaConf.merge(OmegaConf.structured(PackageSettings), OmegaConf.create(CONFIG))
    )
    config.run_dir = str(result)
    assert claim_folder(config, "images").folder == result
    config.run_dir = None
    OmegaConf.save(OmegaConf.structured(config), result / "config.yaml")
    rng = np.random.default_rng(0)
    neurons, images = (
        Embedding(vectors=rng.normal(size=(n, 3)), coverage=np.ones(n)) for n in (5, 9)
    )
    site = Site(name="conv1", channels=5, rectified=True, receptive_field=3, stride=1)
    space = Space(
        base="base@3",
        pool_id="pool",
        method={},
        sites=(site,),
        neurons=neurons,
        images=images,
        covered=np.ones(9, bool),
        quantiles=rng.normal(size=(5, 4)),
        residual=0.1,
    )
    layout = Layout(
        points=rng.normal(size=(5, 2)), vectors=neurons.vectors, stability=0.5, seed=0
    )
    save_record(result / "space", space, stage="space")
    save_record(result / "layout", layout, stage="layout")


def _plant_study(result: Path, answers: Path) -> None:
    study = study_of(base=9)
    save_study(result, study)
    skill = Skill(skill=1.2, spread=0.0, criterion=0.5, leniency=0.0)
    given = simulated(study, skill, participants=1, each=9)
    (sheet,) = sheets_of(study, given, called=public_ids(study))
    answers.write_text(json.dumps(sheet))


def _plant_store(root: Path) -> None:
    store = Store(root)

    def train(folder: Path) -> None:
        model = build_model("vgg16", preset="tiny", classes=10)
        write_sealed(folder / RUN, ABOUT)
        checkpoints = Checkpoints(folder, model)
        checkpoints.save("init", jax.tree.map(jnp.asarray, he_normal(model)))
        checkpoints.close()
        write_table(folder / TABLE, [ROW])

    def observe(folder: Path) -> None:
        (folder / "arrays").write_bytes(bytes(100))

    store.folder("train", train, config=1, inputs={}, about="train of vgg16")
    store.folder("observe", observe, config=1, inputs={}, about="observe of vgg16")
