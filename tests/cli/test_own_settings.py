"""A new experiment is two files, and declares settings of its own in one of them."""

import json
import pickle
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from conceptevo_jax import cli
from conceptevo_jax.cli.locate import folder
from conceptevo_jax.cli.project import config_of
from conceptevo_jax.cli.schema import PackageSettings, schema
from conceptevo_jax.errors import UsageError

pytestmark = pytest.mark.slow

HEAD = '''"""How many responses are small."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MISSING, Config, Settings
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.session import Outcome

'''

SETTINGS = '''
@dataclass
class SparsitySettings(Settings, key="sparsity"):
    """Responses below `threshold` of the largest are small, at the sites `sites`."""

    threshold: float = 0.1
    sites: list[str] = field(default_factory=list)
    title: str = "small"
'''

EXPERIMENT = f"""{HEAD}{SETTINGS}

def jobs(config):
    return []


def plan(config):
    settings = SparsitySettings.of(config)
    about = f"{{settings.title}}: below {{settings.threshold:g}} at {{settings.sites}}"
    return [Step(stage="count", about=about, seconds=None, bytes=None)]


def run(config, session):
    further = {{"threshold": SparsitySettings.of(config).threshold}}
    return Outcome(base=None, claims=[], further=further, look_next=[])
"""

CONFIG = "# @package _global_\nname: sparsity\nsparsity: {threshold: 0.5}\n"

PLAN = ("experiment=sparsity", "scale=smoke", "dry_run=true")


@pytest.fixture
def checkout(tmp_path_factory, monkeypatch):
    """A checkout's `configs` and `experiments` with the two files of the example."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("configs", "experiments"):
        without_compiled = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder(name), root / name, ignore=without_compiled)
    (root / "experiments/sparsity.py").write_text(EXPERIMENT)
    (root / "configs/experiment/sparsity.yaml").write_text(CONFIG)
    package = root / "conceptevo_jax"
    monkeypatch.setattr(cli.locate.conceptevo_jax, "__file__", f"{package}/__init__.py")
    return root


@pytest.mark.parametrize(
    ("words", "planned"),
    [
        ((), "small: below 0.5 at []"),
        (("sparsity.threshold=2",), "small: below 2 at []"),
        (("sparsity.sites=[conv1,fc]",), "small: below 0.5 at ['conv1', 'fc']"),
        # Where the schema holds text, a value is the text that was typed.
        (("sparsity.title=2026_11 (it's)",), "2026_11 (it's): below 0.5 at []"),
    ],
)
def test_settings_come_from_the_file_and_from_words(checkout, call, words, planned):
    code, out, err = call(*PLAN, *words)
    assert (code, err) == (0, "")
    assert planned in out


@pytest.mark.parametrize(
    ("word", "refusal"),
    [
        (
            "sparsity.threshold=much",
            "sparsity.threshold=much: sparsity.threshold must be a number, such as 0.5",
        ),
        ("sparsity.sites=conv1", "sparsity.sites must be a list, such as [1,2]"),
        (
            "sparsity.treshold=1",
            "unknown setting of sparsity 'treshold'. Did you mean 'threshold'?",
        ),
        (
            "+sparsity.treshold=1",
            "unknown setting of sparsity 'treshold'. Did you mean 'threshold'?",
        ),
        (
            "sparsty.threshold=1",
            "unknown setting of the top level 'sparsty'. Did you mean 'sparsity'?",
        ),
    ],
)
def test_wrong_words_are_refused_in_one_line(checkout, call, word, refusal):
    code, _, err = call(*PLAN, word)
    assert code == 2
    assert refusal in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "sparsity: {threshold: much}",
            "experiment/sparsity.yaml: sparsity.threshold must be a number, such as "
            "0.5. Correct that file.",
        ),
        (
            "sparsity: {treshold: 1}",
            "experiment/sparsity.yaml: unknown setting of sparsity 'treshold'. Did you "
            "mean 'threshold'? Valid: sites, threshold, title. Correct that file.",
        ),
        (
            "sparsty: {threshold: 1}",
            "experiment/sparsity.yaml: unknown setting of the top level 'sparsty'. Did "
            "you mean 'sparsity'?",
        ),
    ],
)
def test_wrong_files_are_refused_in_one_line(checkout, call, text, refusal):
    path = checkout / "configs/experiment/sparsity.yaml"
    path.write_text(f"# @package _global_\nname: sparsity\n{text}\n")
    code, _, err = call(*PLAN)
    assert code == 2
    assert refusal in err
    assert err.count("\n") == 1


def test_no_other_experiment_has_them(checkout, call):
    code, _, err = call("experiment=demo", "scale=smoke", "sparsity.threshold=1")
    assert code == 2
    assert "unknown setting of the top level 'sparsity'" in err
    assert schema("demo") is PackageSettings
    assert schema("sparsity") is not PackageSettings


def test_a_result_keeps_them_and_is_read_again(checkout, call, tmp_path):
    words = ("experiment=sparsity", "scale=smoke", "run_dir=out", "dataset.side=32")
    code, _, err = call(*words, "sparsity.threshold=3")
    assert (code, err) == (0, "")
    assert json.loads((tmp_path / "out/results.json").read_text())["threshold"] == 3
    written = yaml.safe_load((tmp_path / "out/config.yaml").read_text())
    assert written["sparsity"] == {"threshold": 3.0, "sites": [], "title": "small"}
    assert config_of(tmp_path / "out").sparsity.threshold == 3
    # Another value is another call, with a folder beside.
    _, out, _ = call(*words, "sparsity.threshold=4", "dry_run=true")
    assert re.search("would go to out-[0-9a-f]{12};", out)


def test_it_is_swept_but_not_together_with_others(checkout, call):
    code, out, _ = call("-m", *PLAN, "sparsity.threshold=1,2")
    assert code == 0
    assert "below 1 at" in out
    assert "below 2 at" in out
    code, _, err = call("-m", "experiment=demo,sparsity", *PLAN[1:])
    assert code == 2
    assert "'sparsity' has settings that no other experiment has" in err


def test_a_configuration_of_another_name_is_of_the_experiment_it_names(
    checkout, call, tmp_path
):
    (tmp_path / "cfg/experiment").mkdir(parents=True)
    (tmp_path / "cfg/experiment/rare.yaml").write_text(CONFIG.replace("0.5", "0.7"))
    code, out, err = call("--config-dir=cfg", "experiment=rare", *PLAN[1:])
    assert (code, err) == (0, "")
    assert "below 0.7 at" in out


UNPICKLING = """
import pickle, sys

import conceptevo_jax

conceptevo_jax.__file__ = sys.argv[1]
node = pickle.load(sys.stdin.buffer)
print(type(node).__name__, node.sparsity.threshold)
"""


def test_a_process_of_a_launcher_finds_their_classes(checkout):
    """What Hydra's launchers send to processes refers to the schema by its name."""
    from omegaconf import OmegaConf

    for kind in (PackageSettings, schema("sparsity")):
        assert pickle.loads(pickle.dumps(kind)) is kind
    node = pickle.dumps(OmegaConf.structured(schema("sparsity")))
    place = cli.locate.conceptevo_jax.__file__
    done = subprocess.run(
        [sys.executable, "-c", UNPICKLING, place], input=node, capture_output=True
    )
    assert done.stdout.decode() == "DictConfig 0.1\n", done.stderr.decode()


@pytest.mark.parametrize(
    ("declaration", "refusal"),
    [
        (SETTINGS.replace("@dataclass\n", ""), "is not a dataclass: write @dataclass"),
        (
            SETTINGS.replace('"sparsity"', '"alignment"'),
            "'alignment' is already a setting of AlignmentSettings of "
            "conceptevo_jax.reports.alignment.settings: choose another key",
        ),
        (
            SETTINGS.replace('"sparsity"', '"seed"'),
            "'seed' is already a setting of every experiment: choose another key",
        ),
        (
            SETTINGS.replace(', key="sparsity"', ""),
            None,
        ),
        (
            SETTINGS.replace(', key="sparsity"', "").replace("threshold", "base"),
            "'base' is already a setting of every experiment: choose another key",
        ),
        (
            SETTINGS.replace("float = 0.1", "float"),
            "give every setting a type (numbers, text, lists, dictionaries or "
            "dataclasses) and a default, or MISSING if a value has to be chosen",
        ),
        (
            SETTINGS.replace("float = 0.1", "set[int] = field(default_factory=set)"),
            "cannot be read from YAML",
        ),
    ],
)
def test_what_cannot_be_declared_is_named(checkout, declaration, refusal):
    (checkout / "experiments/sparsity.py").write_text(HEAD + declaration)
    if refusal is None:
        assert schema("sparsity")(name="a").threshold == 0.1
        return
    with pytest.raises(UsageError) as refused:
        schema("sparsity")
    assert "SparsitySettings of conceptevo_experiments_sparsity" in str(refused.value)
    assert refusal in str(refused.value)
