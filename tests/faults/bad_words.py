"""What is typed wrong: commands, flags, options, quotes, and empty words."""

import os
from pathlib import Path

from mistakes import Mistake, data, usage

DEMO = ("experiment=demo", "scale=smoke", "dry_run=true")
THEIRS = ("--config-dir=theirs", "experiment=new", "scale=smoke", "dry_run=true")
NEW = "theirs/experiment/new.yaml"
HEAD = "# @package _global_\nname: demo\n"


def unreadable(word: str) -> Mistake:
    """A word that is no setting at all."""
    return usage(*DEMO, word, says=(f"{word!r} is not a setting", "write key=value"))


HYDRA = (
    usage("scale=smoke", says=("say which experiment", "one of alignment")),
    usage("Experiment=demo", says=("config group 'Experiment'", "'experiment'?")),
    usage("experiment=demo scale=smoke", says=("'demo scale=smoke'", "demo")),
    unreadable("dry_run"),
    unreadable(""),
    unreadable(" "),
    unreadable("=3"),
    unreadable("seed =3"),
    unreadable("seed：3"),
    unreadable("&"),
    unreadable("photos"),
    usage("-x", says=("-x", "without dashes")),
    usage("--dry-run", *DEMO, says=("--dry-run", "without dashes")),
    usage(*DEMO, "--seed=3", says=("--seed=3", "without dashes")),
    usage(*DEMO, "--cfg", says=("--cfg", "expected one argument")),
    usage("--cfg", "everything", *DEMO, says=("everything", "job")),
    usage("--info=nothing", *DEMO, says=("nothing", "defaults")),
    usage("-m", "scale=smoke", says=("say which experiment", "experiment=NAME")),
    usage("--config-path=/etc", *DEMO, says=("--config-path cannot", "--config-dir")),
    usage("experiment=../demo", says=("'experiment=../demo' names a file",)),
    usage(*DEMO, "hydra.searchpath=[/etc]", says=("hydra.searchpath", "--config-dir")),
    usage(*DEMO, "+hydra.callbacks.x=1", says=("+hydra.callbacks.x=1", "callbacks")),
)

COMMANDS = (
    usage("", says=("unknown command ''", "Valid: clean")),
    usage(" ", says=("unknown command ' '", "Valid: clean")),
    usage("demo", "scale=smoke", says=("unknown command 'demo'", "Valid: clean")),
    usage("Explore", "runs/one", says=("'Explore'", "Did you mean 'explore'")),
    usage("experiment", "demo", says=("unknown command 'experiment'", "Valid: clean")),
    usage("explore", says=("say which", "conceptevo explore RESULT_FOLDER")),
    usage("explore", "", says=("is empty", "name one")),
    usage("explore", "runs/one", "runs/two", says=("'runs/two' is not of the form",)),
    usage("explore", "runs/one", "--tabels", says=("'--tabels'", "'--tables'")),
    usage("explore", "runs/one", "-q", says=("unknown flag '-q'", "--tables")),
    usage("explore", "runs/one", "ot=x", says=("'ot'", "Did you mean 'out'")),
    usage("explore", "runs/one", "out=", says=("is empty", "name one")),
    usage("explore", "runs/one", "out=a", "out=b", says=("= is given twice", "out=b")),
    usage("explore", "~nobody-here/x", says=("~nobody-here", "Write the whole path")),
    data("explore", "a\nb", says=("a b holds no scene", "give the result folder")),
    data("explore", "a\x1b[2Jb", says=(r"a\x1b[2Jb holds no scene", "give the result")),
    usage("explore", "--live", says=("say which", "TRAINING")),
    usage("explore", "--live", "", says=("TRAINING is empty", "name one")),
    usage("explore", "--live", "x", "interval=0", says=("interval", "above 0")),
    usage("explore", "--live", "x", "interval=nan", says=("interval", "above 0")),
    usage("explore", "--live", "x", "wait=maybe", says=("wait 'maybe'", "false, true")),
    usage("explore", "--live", "x", "--tables", says=("'--tables'", "--no-patches")),
    usage("compare", says=("say which two", "compare A B")),
    usage("compare", "runs/one", says=("say which two", "compare A B")),
    usage("compare", "", "", says=("is empty", "name one")),
    usage("project", says=("say which", "space=RESULT_FOLDER run=TRAINING")),
    usage("project", "a", "b", says=("'a' is not of the form", "run, space")),
    usage("project", "space=runs/one", says=("say which", "run=TRAINING")),
    usage("project", "space=", "run=x", says=("is empty", "name one")),
    usage("project", "spce=x", "run=y", says=("'spce'", "Did you mean 'space'")),
    usage("monitor", says=("say which", "monitor TRAINING")),
    usage("monitor", "", says=("TRAINING is empty", "name one")),
    usage("monitor", "x", "interval=-1", says=("interval", "above 0")),
    usage("monitor", "x", "--wait", says=("'--wait'", "wait")),
    usage("monitor", "x", "store=", says=("is empty", "name one")),
    usage("study", says=("say what", "study build")),
    usage("study", "bild", says=("'bild'", "Did you mean 'build'")),
    usage("study", "build", says=("say of which result", "study build RESULT")),
    usage("study", "build", "", says=("is empty", "name one")),
    usage("study", "build", "runs/one", "each=-1", says=("each=-1", "each=9")),
    usage("study", "build", "runs/one", "each=0", says=("each=0",)),
    usage("study", "build", "runs/one", "each=10", says=("each=10 does not fit",)),
    usage("study", "build", "runs/one", "each=²", says=("each=²", "each=9")),
    usage("study", "build", "runs/one", "forms=0", says=("forms=1 or more",)),
    usage("study", "build", "runs/one", "link=a.b", says=("a.b is not a web address",)),
    usage("study", "build", "runs/one", "consent=", says=("is empty",)),
    usage("study", "build", "runs/one", "again", says=("'again' is not", "consent")),
    usage("study", "analyse", says=("say which", "ANSWERS.json")),
    usage("study", "analyse", "runs/one", says=("say which", "ANSWERS.json")),
    usage("study", "analyse", "", "", says=("is empty", "name one")),
    usage("prepare", says=("say which", "prepare NAME")),
    usage("prepare", "", says=("no data set ''", "catalog")),
    usage("prepare", "imagnette", says=("'imagnette'", "similar names: imagenette")),
    usage("prepare", "cifar10", "data_dri=x", says=("'data_dri'", "'data_dir'")),
    usage("ls", "runs/store", says=("'runs/store' is not of the form", "store")),
    usage("ls", "sore=x", says=("'sore'", "Did you mean 'store'")),
    usage("ls", "store=", says=("is empty", "name one")),
    usage("ls", "store=~nobody-here", says=("~nobody-here", "Write the whole path")),
    usage("clean", "yes=perhaps", says=("yes 'perhaps'", "false, true")),
    usage("clean", "--yes", says=("'--yes' is not of the form", "stage, store, yes")),
    usage("clean", "yes=true", "stage=trian", says=("'trian'", "'train'")),
    usage("clean", "yes=true", "key=0123", says=("unknown key '0123'", "Valid: ")),
    usage("clean", "yes=true", "key=", says=("unknown key ''", "Valid: ")),
    usage("clean", "yes=true", "yes=true", says=("yes= is given twice", "leave out")),
)


def configured(text: str | bytes, *says: str, place: str = NEW) -> Mistake:
    """A file of somebody's own folder of configurations."""

    def make(here: Path) -> None:
        path = here / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    make.__name__ = f"{place}: {text[-30:]!r}"
    return usage(*THEIRS, says=says, make=make)


def pipe_among_configurations(here: Path) -> None:
    (here / "theirs/experiment").mkdir(parents=True)
    os.mkfifo(here / NEW)


def configurations_elsewhere(here: Path) -> None:
    (here / "theirs").mkdir()
    (here / "theirs/experiment").symlink_to("../photos")


FILES = (
    usage("--config-dir", says=("--config-dir", "expected one argument")),
    usage("--config-dir=", *DEMO, says=("--config-dir is empty", "name one")),
    usage("--config-dir=nowhere", *DEMO, says=("nowhere is not a folder", "name one")),
    usage(
        "--config-dir=ann.json", *DEMO, says=("ann.json is not a folder", "name one")
    ),
    usage("--config-dir=~nobody-here", *DEMO, says=("~nobody-here", "whole path")),
    configured(
        HEAD, "unknown experiment 'new'", "demo", place="theirs/experiment/newer.yaml"
    ),
    configured(f"{HEAD}a: [", "new.yaml", "not a readable YAML"),
    configured(f"{HEAD}\tseed: 1", "new.yaml", "not a readable YAML"),
    configured(b"\xff\xfes\0e\0", "new.yaml", "not a readable YAML"),
    configured(b"seed: '\xe9'", "new.yaml", "not a readable YAML"),
    configured("x: " + "[" * 700 + "]" * 700, "new.yaml", "nests its values"),
    configured("x" * 200_001, "new.yaml", "200000"),
    configured(f"{HEAD}hydra: {{run: {{dir: /tmp}}}}", "new.yaml sets 'hydra'"),
    configured(f"{HEAD}runs: {{_target_: os.getcwd}}", "new.yaml sets '_target_'"),
    configured(f"{HEAD}base: ${{oc.env:HOME}}", "calls a resolver"),
    configured(f"{HEAD}defaults: [../../x]", "'../../x' in its defaults"),
    configured(f"{HEAD}sed: 1", "sed"),
    configured(f"{HEAD}seed: one", "experiment/new.yaml: seed", "whole number"),
    configured(f"{HEAD}seed: -1", "seed", "from 0 to"),
    configured(f"{HEAD}runs: [1, 2]", "experiment/new.yaml", "not a list"),
    configured(f"{HEAD}base: base", "unknown run 'base'"),
    configured("# @package _global_\nseed: 1", "name is missing"),
    configured(
        f"{HEAD}defaults:\n  - /run@runs.base: no/such", "unknown run 'no/such'"
    ),
    configured("- 1\n- 2", "new.yaml has no settings with names"),
    configured("7", "new.yaml has no settings with names"),
    configured("a: 1", "hydra.yaml is a file of Hydra's", place="theirs/hydra.yaml"),
    usage(*THEIRS, says=("new.yaml", "remove it"), make=pipe_among_configurations),
    usage(*THEIRS, says=("leads to", "out of"), make=configurations_elsewhere),
)

WORDS: tuple[Mistake, ...] = (*HYDRA, *COMMANDS, *FILES)
