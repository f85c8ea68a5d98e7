"""Whatever is damaged of what is read again is named, or changes nothing.

Bits are flipped, files cut, emptied and deleted, and sectors of 512 bytes are zeroed,
in every kind of file of a store, a result folder and a data set; then it is read as an
experiment reads it. `DAMAGES=600 make test ARGS="-k test_damage"` tries more.
"""

import gc
import os
import shutil
from collections import Counter
from functools import partial

import numpy as np
import pytest

from conceptevo_jax.cli.project import config_of
from conceptevo_jax.data import load_images, load_pool, open_decoded
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import load_scene
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.monitor_reports import read_reports
from conceptevo_jax.store import Store, checksum, load_record, seal
from conceptevo_jax.store.records import require_key
from conceptevo_jax.training import read_run, read_table, snapshots
from conceptevo_jax.training.checksums import tree_checksum
from conceptevo_jax.types import Embedding, Layout, Observation, Space

DAMAGES = int(os.environ.get("DAMAGES", "160"))
RECORDS = {"observe": Observation, "space": BaseSpace, "project": Embedding}
REPORT = {"epoch": 0, "status": "healthy", "reasons": [], "measures": {"live": 0.5}}


# Of a damaged checkpoint Orbax drops the reads that it had begun. They complain when
# they are collected: here, and not in the middle of another test.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected():
    yield
    gc.collect()


@pytest.fixture(scope="module")
def world(explored, tmp_path_factory):
    """A store, a result folder, a prepared data set: copies that may be damaged."""
    root = tmp_path_factory.mktemp("world")
    shutil.copytree(explored.session.store.root, root / "store")
    shutil.copytree(explored.folder, root / "result")
    shutil.rmtree(root / "store" / ".compiled", ignore_errors=True)
    for folder in (root / "store").glob("train-*"):
        line = str(seal(REPORT)).replace("'", '"')
        (folder / "monitor-pool.jsonl").write_text(f"{line}\n")
    load_images("fashion_mnist", "test", data_dir=root / "tfds")
    return root


def fingerprint(value):
    """Of any record, pool or table, as far as a reader can tell it from another."""
    if isinstance(value, np.ndarray):
        return checksum(f"{value.dtype}{value.shape}".encode(), value.tobytes())
    if hasattr(value, "__dataclass_fields__"):
        names = value.__dataclass_fields__
        return {name: fingerprint(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): fingerprint(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fingerprint(part) for part in value]
    return repr(value)


def read_training(folder):
    about = read_run(folder)
    model = build_model(
        about["model"], preset=about["preset"], classes=about["classes"]
    )
    rows = [repr(row) for row in read_table(folder / "epochs.csv")]
    shots = snapshots(folder, "run", model)
    weights = {str(shot.epoch): tree_checksum(shot.load()) for shot in shots}
    # Where they are gone the monitor looks again, to the same reports.
    reports = read_reports(folder / "monitor-pool.jsonl") or [REPORT]
    return [about, rows, list(weights), weights, reports]


def read_stage(folder):
    """A finished stage, as experiments read it."""
    stage, _, key = folder.name.rpartition("-")
    Store(folder.parent).entries()
    require_key(folder, key)
    if stage in RECORDS:
        return fingerprint(load_record(folder, RECORDS[stage]))
    if stage == "images":
        return fingerprint([open_decoded(folder), load_pool(folder / "pool.json")])
    assert stage == "train"
    return read_training(folder)


def read_result(folder):
    parts = [
        load_record(folder / "space", Space),
        load_record(folder / "layout", Layout),
    ]
    saved = load_scene(folder / "scene")
    sheets = [path.read_bytes() for path in saved.sheets]
    return fingerprint([*parts, saved.scene, sheets, config_of(folder)])


def read_data_set(folder):
    images = load_images("fashion_mnist", "test", data_dir=folder)
    return [images.keys, images.labels.tolist(), images.classes, images.image(3).sum()]


def reader_of(root, path):
    """What reads a file, as a call, or None where nothing does."""
    part = path.relative_to(root).parts
    if part[0] == "tfds":
        return partial(read_data_set, root / "tfds")
    if part[0] == "result":
        return partial(read_result, root / "result")
    if part[1] in (".locks", "indexed", "tfds"):
        return None
    if part[1] == "store.json":
        stage = next((root / "store").glob("observe-*"))
        return partial(read_stage, stage)
    return partial(read_stage, root / "store" / part[1])


UNREAD = {
    "explorer.html": "a page: written, never read",
    "commit_success.txt": "Orbax's own mark",
}


def files_by_kind(root):
    """Every file that is read again, by what kind of file it is."""
    kinds = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if path.name in UNREAD or reader_of(root, path) is None:
            continue
        part = path.relative_to(root).parts
        stage = part[1].rpartition("-")[0] if part[0] == "store" else part[1]
        within = "orbax" if stage == "train" and len(part) > 3 else path.name
        kinds.setdefault((part[0], stage, within), []).append(path)
    return kinds


def flip(content, rng):
    at = int(rng.integers(len(content)))
    return (
        content[:at]
        + bytes([content[at] ^ 1 << int(rng.integers(8))])
        + content[at + 1 :]
    )


def cut(content, rng):
    return content[: int(rng.integers(len(content)))]


def zero_sector(content, rng):
    start = 512 * int(rng.integers(-(-len(content) // 512)))
    end = min(start + 512, len(content))
    return content[:start] + bytes(end - start) + content[end:]


def empty(content, rng):
    return b""


def delete(content, rng):
    return None


HARMS = (flip, cut, zero_sector, empty, delete)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damage_is_named_or_changes_nothing(world, explored):
    rng = np.random.default_rng(2)
    kinds = files_by_kind(world)
    intact = {}
    silent, outcomes = [], Counter()
    order = [*kinds]
    for number in range(DAMAGES):
        kind = order[number % len(order)]
        path = kinds[kind][int(rng.integers(len(kinds[kind])))]
        read = reader_of(world, path)
        if repr(read) not in intact:
            intact[repr(read)] = read()
        harm = HARMS[(number // len(order) + number) % len(HARMS)]
        whole = path.read_bytes()
        damaged = harm(whole, rng) if whole else None
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        try:
            same = read() == intact[repr(read)]
            outcomes["harmless" if same else "SILENT"] += 1
            if not same:
                silent.append((harm.__name__, str(path.relative_to(world))))
        except DataError:
            outcomes["named"] += 1
        finally:
            path.write_bytes(whole)
    print(f"{DAMAGES} damages in {len(kinds)} kinds of files: {dict(outcomes)}")
    assert silent == []
    assert outcomes["named"] > DAMAGES / 2
