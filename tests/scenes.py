"""Scenes made by hand, a page without looks, and a reader of the page's data."""

import base64
import dataclasses
import gzip
import json
import re
import struct

import numpy as np
import pytest

from conceptevo_jax.explorer import (
    Course,
    Pictures,
    Scene,
    export,
    make_sheets,
    save_scene,
)
from conceptevo_jax.types import Site, neuron_count

TEMPLATE = (
    "<!doctype html><html><head><title>conceptevo explorer</title></head>"
    "<body><!--conceptevo:data--></body></html>"
)
SIDE = 8
POOL = 40
CLASSES = ("cat", "dog", "<img src=x onerror=alert(1)>")
SITES = tuple(
    Site(name=name, channels=c, rectified=True, receptive_field=3, stride=1)
    for name, c in (("conv1", 3), ("conv2", 2))
)

_TYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "i16": "<i2", "u32": "<u4"}


def pool_pixels() -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (POOL, SIDE, SIDE, 3), dtype=np.uint8)


def planted_course(name="vgg", *, is_base=False, seed=0, images=4) -> Course:
    """Three snapshots of five neurons: the first is dead in the last of them, the
    second never, and has a stimulus less; the third was once not finite."""
    rng = np.random.default_rng(seed)
    epochs = [3] if is_base else ["init", "step3", 0]
    e, n, k, d, v, m = len(epochs), neuron_count(SITES), 2, 3, 1, 2
    dead = np.zeros((e, n), bool)
    dead[-1, 0] = True
    nonfinite = np.zeros((e, n), bool)
    nonfinite[0, 2] = True
    ids = rng.integers(0, images, (e, n, k)).astype(np.int32)
    ids[dead] = -1
    ids[:, 1, 1] = -1
    peaks = -np.sort(-rng.lognormal(size=(e, n, k)), axis=-1).astype(np.float32)
    peaks[ids < 0] = np.nan
    corners = rng.integers(0, SIDE - 3, (e, n, k, 2)).astype(np.int16)
    corners[ids < 0] = -1
    gone = dead[..., None]
    moved = rng.random((e, n)).astype(np.float32)
    moved[0] = np.nan
    moved[dead] = np.nan
    importance = rng.random((v, m, 3, n)).astype(np.float32)
    importance[..., 3:] = np.nan
    rank = np.full((v, m, n), -1, np.int32)
    rank[..., :3] = np.argsort(np.argsort(-importance[:, :, 0, :3], axis=-1), axis=-1)
    never, dies_last = [-1] * n, [-1] * (n - 1) + [e - 1]
    lives = [[e - 1] * n, [0] * n, never, never, dies_last]
    known = [None if is_base else 0.5] * e
    return Course(
        name=name,
        title=f"The run {name}",
        architecture="vgg16",
        is_base=is_base,
        sites=SITES,
        epochs=epochs,
        progress=np.array([4.0] if is_base else [0.0, 0.3, 1.0]),
        points=np.where(gone, np.nan, rng.normal(size=(e, n, 2))).astype(np.float32),
        vectors=np.where(gone, np.nan, rng.normal(size=(e, n, d))).astype(np.float32),
        dead=dead,
        nonfinite=nonfinite,
        coverage=np.where(dead, np.nan, rng.random((e, n))).astype(np.float32),
        movement=moved,
        group=np.where(dead, -1, 0).astype(np.int16),
        lives=np.array(lives, np.int16),
        image_ids=ids,
        peaks=peaks,
        corners=corners,
        length=np.array([3, 3, 3, 5, 5]),
        table={"progress": [0.0, 1.0], "train_top1": [0.1, None], "test_top1": [0, 1]},
        measures={"entropy": known, "dead_share": [0.2] * e},
        reports=[{"epoch": 0, "progress": 1.0, "status": "lost", "reasons": ["a"]}],
        evolutions=[]
        if is_base
        else [{"before": 0, "after": 2, "classes": [0, 2], "images": 9}],
        importance=np.zeros((0, 0, 3, n), np.float32) if is_base else importance,
        rank=np.zeros((0, 0, n), np.int32) if is_base else rank,
    )


def planted_scene(names=("base", "vgg"), *, space="here", rows=(2, 3, 5, 8)) -> Scene:
    """A base and further runs, with images of a pool of 40."""
    rows = np.array(rows)
    courses = [
        planted_course(name, is_base=at == 0, seed=at, images=len(rows))
        for at, name in enumerate(names)
    ]
    # Every image is a stimulus of some neuron, as in any scene.
    used = np.resize(np.arange(len(rows)), courses[0].image_ids.shape)
    first = np.where(courses[0].image_ids < 0, -1, used).astype(np.int32)
    courses[0] = dataclasses.replace(courses[0], image_ids=first)
    return Scene(
        title="a scene",
        base=f"{names[0]}@3",
        method="default",
        stability=0.5,
        classes=CLASSES,
        groups=[{"name": "bird", "label": 2, "share": 0.5, "size": 3, "exemplar": 1}],
        centers=np.eye(3)[:1],
        radius=0.4,
        pictures=Pictures(
            rows=rows,
            labels=(rows % 3).astype(np.int32),
            names=[f"train/{row:05}" for row in rows.tolist()],
            side=SIDE,
            tile=SIDE,
        ),
        pool_id="pool",
        space_id=space,
        courses=courses,
    )


def read_container(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """A chunk's JSON value and its arrays."""
    raw = gzip.decompress(data)
    assert raw[:4] == b"CEVO"
    version, length = struct.unpack("<II", raw[4:12])
    assert version == 1
    assert (12 + length) % 8 == 0
    header = json.loads(raw[12 : 12 + length])
    arrays = {}
    for name, told in header["arrays"].items():
        assert told["offset"] % 8 == 0
        count, start = int(np.prod(told["shape"])), 12 + length + told["offset"]
        flat = np.frombuffer(raw, _TYPES[told["dtype"]], count, start)
        arrays[name] = flat.reshape(told["shape"])
    return header["meta"], arrays


def embedded(page: str, kind: str) -> dict[str, bytes]:
    """What a single file holds, by name."""
    start = f'<script type="text/plain" class="conceptevo-{kind}" data-name='
    found = re.findall(rf'{re.escape(start)}"([^"]+)">([^<]*)</script>', page)
    return {name: base64.b64decode(text) for name, text in found}


@pytest.fixture
def template(monkeypatch):
    """A page that shows nothing, in place of the built one."""
    monkeypatch.setattr(export, "read_template", lambda: TEMPLATE)
    return TEMPLATE


@pytest.fixture(scope="session")
def make_scene():
    return planted_scene


@pytest.fixture
def keep_scene(tmp_path):
    """Write a scene with its sheets below `scene/` of a result folder."""

    def keep(scene, folder=tmp_path):
        own = scene.pictures
        sheets = make_sheets(pool_pixels(), own.rows, own.tile) if own.tile else ()
        return save_scene(folder / "scene", scene, sheets)

    return keep


@pytest.fixture(scope="session")
def read_chunk():
    return read_container


@pytest.fixture(scope="session")
def parts_of():
    return embedded
