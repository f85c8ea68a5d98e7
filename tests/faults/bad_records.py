"""Results, stores, trainings and answers that are missing, damaged, or not theirs."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from mistakes import Make, Mistake, data, usage

from conceptevo_jax.store import write_sealed
from conceptevo_jax.store.files import unseal

AGAIN = "run the experiment again"


def gone(place: str) -> Make:
    """Somebody deleted it."""

    def make(here: Path) -> None:
        for path in here.glob(place):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return named(make, f"{place} is gone")


def written(place: str, content: bytes | str) -> Make:
    """Another program wrote it."""

    def make(here: Path) -> None:
        paths = list(here.glob(place)) or [here / place]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                content if isinstance(content, bytes) else content.encode()
            )

    return named(make, f"{place} is {content[:20]!r}")


def halved(place: str) -> Make:
    """A copy that broke off."""

    def make(here: Path) -> None:
        for path in here.glob(place):
            whole = path.read_bytes()
            path.write_bytes(whole[: len(whole) // 2])

    return named(make, f"{place} is cut")


def folder_for(place: str) -> Make:
    """A folder where a file belongs."""

    def make(here: Path) -> None:
        for path in here.glob(place):
            path.unlink()
            path.mkdir()

    return named(make, f"{place} is a folder")


def file_for(place: str) -> Make:
    """A file where a folder belongs."""

    def make(here: Path) -> None:
        for path in here.glob(place):
            shutil.rmtree(path)
            path.write_text("mine")

    return named(make, f"{place} is a file")


def linked(place: str, target: str) -> Make:
    """A link where a file or folder belongs."""

    def make(here: Path) -> None:
        path = next(here.glob(place))
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.symlink_to(target)

    return named(make, f"{place} leads to {target}")


def pipe(place: str) -> Make:
    """Something that would be waited for."""

    def make(here: Path) -> None:
        path = next(here.glob(place), here / place)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return named(make, f"{place} is a pipe")


def told(place: str, **changes: object) -> Make:
    """A sealed record that says something else."""

    def make(here: Path) -> None:
        path = next(here.glob(place))
        write_sealed(path, {**unseal(path.read_text()), **changes})

    return named(make, f"{place} says {changes}")


def replaced(place: str, old: str, new: str) -> Make:
    """A text that somebody edited."""

    def make(here: Path) -> None:
        path = next(here.glob(place))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return named(make, f"{place} says {new!r}")


def answers(**changes: object) -> Make:
    """A file of answers that somebody edited."""

    def make(here: Path) -> None:
        path = here / "ann.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return named(make, f"answers say {str(changes)[:40]}")


def named(make: Callable[[Path], None], name: str) -> Make:
    make.__name__ = name
    return make


EXPLORE = ("explore", "runs/one")
COMPARE = ("compare", "runs/one", "runs/two")
PROJECT = ("project", "space=runs/one", "run=TRAINING")
MONITOR = ("monitor", "TRAINING", "wait=false")
LIVE = ("explore", "--live", "TRAINING", "space=runs/one", "wait=false")
BUILD = ("study", "build", "runs/one")
ANALYSE = ("study", "analyse", "runs/one", "ann.json")
SCENE = "runs/one/scene"
OTHER_SCHEMA = '{"schema": 99, "type": "Scene"}'

SCENES = (
    data("explore", "nowhere", says=("nowhere holds no scene", "give the result")),
    data("explore", "photos", says=("photos holds no scene", "give the result")),
    data("explore", "ann.json", says=("ann.json", "give the result")),
    usage("explore", "runs/one/vgk", says=("unknown run 'vgk'", "Valid: base, vgg")),
    data(*EXPLORE, says=("holds no scene",), make=gone(SCENE)),
    data(*EXPLORE, says=("holds no scene",), make=file_for(SCENE)),
    data(*EXPLORE, says=("run-0", AGAIN), make=gone(f"{SCENE}/run-0")),
    data(*EXPLORE, says=("arrays.npz",), make=gone(f"{SCENE}/run-1/arrays.npz")),
    data(*EXPLORE, says=("arrays.npz",), make=halved(f"{SCENE}/run-1/arrays.npz")),
    data(*EXPLORE, says=("arrays.npz",), make=folder_for(f"{SCENE}/run-1/arrays.npz")),
    data(*EXPLORE, says=("arrays.npz",), make=pipe(f"{SCENE}/run-1/arrays.npz")),
    data(
        *EXPLORE,
        says=("arrays.npz",),
        make=linked(f"{SCENE}/run-1/arrays.npz", "/etc/hostname"),
    ),
    data(
        *EXPLORE,
        says=("arrays.npz",),
        make=linked(f"{SCENE}/run-1/arrays.npz", "arrays.npz"),
    ),
    data(
        *EXPLORE,
        says=("manifest.json",),
        make=written(f"{SCENE}/scene/manifest.json", b"\xff\xfe\0{"),
    ),
    data(
        *EXPLORE,
        says=("manifest.json",),
        make=written(f"{SCENE}/scene/manifest.json", ""),
    ),
    data(
        *EXPLORE,
        says=("manifest.json", "another version"),
        make=written(f"{SCENE}/scene/manifest.json", OTHER_SCHEMA),
    ),
    data(
        *EXPLORE,
        says=("manifest.json",),
        make=written(f"{SCENE}/scene/manifest.json", "[" * 9000 + "]" * 9000),
    ),
    data(
        *EXPLORE,
        says=("holds a Sheet",),
        make=told(f"{SCENE}/scene/manifest.json", type="Sheet"),
    ),
    data(
        *EXPLORE,
        says=("arrays.npz",),
        make=told(f"{SCENE}/run-1/manifest.json", fields={}),
    ),
    data(*EXPLORE, says=("sheet-0.webp",), make=gone(f"{SCENE}/sheet-0.webp")),
    data(*EXPLORE, says=("sheet-0.webp",), make=halved(f"{SCENE}/sheet-0.webp")),
    data(
        *EXPLORE,
        says=("sheet-0.webp",),
        make=written(f"{SCENE}/sheet-0.webp", "<html>404 Not Found</html>"),
    ),
    data(*COMPARE, says=("runs/two",), make=gone("runs/two/scene")),
    data(*COMPARE, says=("run-0",), make=halved("runs/two/scene/run-0/arrays.npz")),
    data("compare", "runs/one", "photos/a", says=("photos/a holds no scene",)),
)

SPACES = (
    data("project", "space=photos", "run=x", says=("photos/config.yaml", "missing")),
    data("project", "space=ann.json", "run=x", says=("ann.json/config.yaml",)),
    data(
        *PROJECT[:2],
        "run=000000000000",
        says=("no finished training '000000000000'", "It has: "),
    ),
    data(
        *PROJECT[:2],
        "run=observe-5c456ee74d04",
        says=("no finished training", "It has: "),
    ),
    data(*PROJECT, says=("config.yaml",), make=gone("runs/one/config.yaml")),
    data(*PROJECT, says=("config.yaml",), make=written("runs/one/config.yaml", "a: [")),
    data(
        *PROJECT, says=("config.yaml",), make=written("runs/one/config.yaml", b"\xff")
    ),
    data(
        *PROJECT,
        says=("config.yaml", "seed", "damaged or edited"),
        make=replaced("runs/one/config.yaml", "seed: 0", "seed: 7"),
    ),
    data(
        *PROJECT,
        says=("config.yaml", "seeds"),
        make=replaced("runs/one/config.yaml", "seeds: 1", "seeds: many"),
    ),
    data(
        *PROJECT,
        says=("config.yaml",),
        make=replaced("runs/one/config.yaml", "name: shapes", "name: ${oc.env:HOME}"),
    ),
    data(*PROJECT, says=("config.yaml",), make=folder_for("runs/one/config.yaml")),
    data(*PROJECT, says=("config.yaml",), make=pipe("runs/one/config.yaml")),
    data(
        *PROJECT,
        says=("config.yaml", "out of", "correct or remove it"),
        make=linked("runs/one/config.yaml", "../../ann.json"),
    ),
    data(*PROJECT, says=("call.json",), make=gone("runs/one/call.json")),
    data(*PROJECT, says=("call.json",), make=written("runs/one/call.json", "{}")),
    data(*PROJECT, says=("call.json",), make=told("runs/one/call.json", settings=3)),
    data(*PROJECT, says=("space/manifest.json",), make=gone("runs/one/space")),
    data(*PROJECT, says=("space",), make=file_for("runs/one/space")),
    data(*PROJECT, says=("space",), make=linked("runs/one/space", "../../photos")),
    data(
        *PROJECT, says=("space/arrays.npz",), make=halved("runs/one/space/arrays.npz")
    ),
    data(*PROJECT, says=("layout",), make=gone("runs/one/layout/manifest.json")),
    data(
        *PROJECT,
        says=("layout holds a Space",),
        make=told("runs/one/layout/manifest.json", type="Space"),
    ),
    data(*PROJECT, says=("store",), make=gone("runs/store")),
    data(*PROJECT, says=("store.json",), make=gone("runs/store/store.json")),
    data(*PROJECT, says=("store",), make=file_for("runs/store")),
    data(*PROJECT, says=("pool",)),
)

TRAIN = "runs/store/train-*"

TRAININGS = (
    data(
        "monitor",
        "nowhere",
        says=("nowhere is not the folder of", "It has: "),
    ),
    data("monitor", "photos", says=("photos is not the folder of", "It has: ")),
    data(
        "monitor",
        "ann.json",
        says=("ann.json is not the folder of", "It has: "),
    ),
    data("monitor", "runs/one", says=("runs/one is not the folder of a training",)),
    data(*MONITOR, says=("holds no decoded images",)),
    data(*MONITOR, says=("run.json",), make=written(f"{TRAIN}/run.json", "{")),
    data(*MONITOR, says=("run.json",), make=written(f"{TRAIN}/run.json", "")),
    data(*MONITOR, says=("run.json",), make=halved(f"{TRAIN}/run.json")),
    data(
        *MONITOR,
        says=("no name of a run",),
        make=told(f"{TRAIN}/run.json", name="../x"),
    ),
    data(*MONITOR, says=("classes",), make=told(f"{TRAIN}/run.json", classes=-1)),
    data(*MONITOR, says=("vgg99",), make=told(f"{TRAIN}/run.json", model="vgg99")),
    data(*MONITOR, says=("big",), make=told(f"{TRAIN}/run.json", preset="big")),
    data(*MONITOR, "space=runs/two", says=("runs/two/space",)),
    data(*MONITOR, "space=nowhere", says=("nowhere/space",)),
    data(*LIVE[:3], "wait=false", says=("no result folder in",)),
    data(*LIVE[:3], "space=photos", says=("photos/config.yaml is missing",)),
    data(*LIVE, says=("does not belong to the space and map",)),
    data(*LIVE, says=("scene",), make=gone(SCENE)),
    data(*LIVE, says=("run.json",), make=written(f"{TRAIN}/run.json", "null")),
)

STORES = (
    data("ls", "store=photos", says=("photos is not a store", "store.json")),
    data("ls", "store=ann.json", says=("ann.json is a file, not a store",)),
    data("ls", "store=runs", says=("runs is not a store", "store.json")),
    data("ls", says=("store.json",), make=written("runs/store/store.json", "{")),
    data("ls", says=("store.json",), make=written("runs/store/store.json", "[]")),
    data("ls", says=("store.json",), make=written("runs/store/store.json", b"\xff")),
    data(
        "ls",
        says=("store.json",),
        make=written("runs/store/store.json", '{"layout": 99}'),
    ),
    data("ls", says=("store.json",), make=folder_for("runs/store/store.json")),
    data("ls", says=("store.json",), make=pipe("runs/store/store.json")),
    data("ls", says=("store.json",), make=gone("runs/store/store.json")),
    data("clean", "yes=true", says=("store.json",), make=gone("runs/store/store.json")),
    data("clean", "yes=true", "store=photos", says=("photos is not a store",)),
    data("clean", "yes=true", "store=.", says=("is not a store",)),
    data("clean", "yes=true", "store=/", says=("/ is not a store",)),
)

STUDIES = (
    data("study", "build", "nowhere", says=("nowhere holds no study", "alignment")),
    data("study", "build", "photos", says=("photos holds no study", "alignment")),
    data("study", "build", "ann.json", says=("ann.json holds no study",)),
    data("study", "build", "runs/two", says=("runs/two holds no study",)),
    data(*BUILD, says=("study",), make=gone("runs/one/study/manifest.json")),
    data(*BUILD, says=("arrays.npz",), make=halved("runs/one/study/arrays.npz")),
    data(*BUILD, says=("study",), make=file_for("runs/one/study")),
    data(*BUILD, says=("study",), make=linked("runs/one/study", "/etc")),
    data(*BUILD, says=("study",), make=told("runs/one/study/manifest.json", fields={})),
    usage(*BUILD, "consent=photos", says=("consent=photos", "text file")),
    usage(*BUILD, "consent=photos/a/0.png", says=("consent=photos/a/0.png", "UTF-8")),
    usage(*BUILD, "out=ann.json", says=("out=ann.json is a file", "name a folder")),
    data("study", "analyse", "runs/two", "ann.json", says=("runs/two holds no study",)),
    usage(*ANALYSE[:3], "bob.json", says=("no file bob.json", "name the files")),
    usage(*ANALYSE[:3], "*.jsn", says=("no file matches *.jsn", "name the files")),
    usage(*ANALYSE[:3], "photos", says=("photos is a folder", "photos/*.json")),
    data(*ANALYSE[:3], "photos/a/0.png", says=("0.png: is not text",)),
    usage(*ANALYSE, "encoder=bert", says=("unknown encoder 'bert'", "minilm, tfidf")),
    usage(*ANALYSE, "out=ann.json", says=("ann.json is a file", "name a folder")),
    data(*ANALYSE, says=("is broken JSON",), make=halved("ann.json")),
    data(*ANALYSE, says=("is broken JSON",), make=written("ann.json", "")),
    data(*ANALYSE, says=("not an object",), make=written("ann.json", "[1]")),
    data(*ANALYSE, says=("no field 'schema'",), make=written("ann.json", "{}")),
    data(*ANALYSE, says=("cannot be read",), make=pipe("ann.json")),
    data(*ANALYSE, says=("nests",), make=written("ann.json", "[" * 9000 + "]" * 9000)),
    data(*ANALYSE, says=("'schema' 2, not 1",), make=answers(schema=2)),
    data(*ANALYSE, says=("'study' 'another'",), make=answers(study="another")),
    data(*ANALYSE, says=("'participant'", "a name"), make=answers(participant=" ")),
    data(*ANALYSE, says=("'started'", "ISO 8601"), make=answers(started="noon")),
    data(*ANALYSE, says=("at least one answer",), make=answers(answers=[])),
    data(*ANALYSE, says=("among its answers",), make=answers(answers=[1])),
    data(
        *ANALYSE,
        says=("which the study does not have",),
        make=answers(answers=[{"task": "x\ny"}]),
    ),
)

RECORDS: tuple[Mistake, ...] = (*SCENES, *SPACES, *TRAININGS, *STORES, *STUDIES)
