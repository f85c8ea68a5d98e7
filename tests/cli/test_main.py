"""Names, exit codes and messages of the command line."""

import re
import shutil
import tempfile

import pytest

from conceptevo_jax import cli
from conceptevo_jax.cli import experiment
from conceptevo_jax.cli.locate import experiments, folder, runner
from conceptevo_jax.errors import UsageError
from conceptevo_jax.training import NonFiniteLossError

pytestmark = pytest.mark.slow

EXPERIMENTS = [
    "alignment",
    "baseline_comparison",
    "benchmark",
    "demo",
    "hyperparameters",
    "important_evolutions",
    "monitor_rates",
    "reversion",
    "training_failures",
    "unified_space",
]

SMOKE = ("experiment=demo", "scale=smoke")


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",), ("help",)])
def test_help_lists_experiments_and_subcommands(call, words):
    code, out, _ = call(*words)
    assert code == 0
    for word in (
        "experiment=NAME",
        "project",
        "explore RESULT_FOLDER",
        "explore --live",
        "compare",
        "monitor",
        "ls",
        "clean",
        "dry_run=true",
    ):
        assert word in out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("demo",), "'demo'. Did you mean 'experiment=demo'? Valid: clean, compare"),
        (("lss",), "unknown command 'lss'. Did you mean 'ls'?"),
        (("scale=smoke",), f"experiment=NAME, one of {', '.join(EXPERIMENTS)}."),
        (("experiment=dmo",), "'dmo'. Did you mean 'demo'? Valid: alignment, base"),
        ((*SMOKE[:1], "scale=smok"), "scale 'smok'. Did you mean 'smoke'? Valid: demo"),
        ((*SMOKE, "method=papper"), "'papper'. Did you mean 'paper'? Valid: default"),
        ((*SMOKE, "dataset=shape"), "dataset 'shape'. Did you mean 'shapes'? Valid: c"),
        ((*SMOKE, "+run@runs.x=smok/vgg16"), "'smok/vgg16'. Did you mean 'smoke/vgg16"),
        ((*SMOKE, "sed=1"), "top level 'sed'. Did you mean 'seed'? Valid: alignment"),
        ((*SMOKE, "+sed=1"), "top level 'sed'. Did you mean 'seed'? Valid: alignment"),
        ((*SMOKE, "runs.vgg17.epochs=1"), "of runs 'vgg17'. Did you mean 'vgg16'?"),
        (
            (*SMOKE, "runs.vgg16.epoch=1"),
            "of runs.vgg16 'epoch'. Did you mean 'epochs'",
        ),
        (
            (*SMOKE, "method.stimuli.kk=1"),
            "Valid: before_relu, compute, dead, k, ties.",
        ),
        ((*SMOKE, "runs.vgg16.epochs=few"), "runs.vgg16.epochs must be a whole number"),
        ((*SMOKE, "method.stimuli.k=0"), "k must be a whole number, 1 or more, not 0."),
        ((*SMOKE, "method.projection.policy=none"), "Valid: covered, random, resp"),
        ((*SMOKE, "base=vgg"), "unknown run 'vgg'. Did you mean"),
        ((*SMOKE, "method=null"), "Config group override must be a string"),
        ((*SMOKE, "runs.vgg16.epochs"), "'runs.vgg16.epochs' is not a setting: write"),
        (("-m", *SMOKE, "sed=1"), "top level 'sed'. Did you mean 'seed'? Valid: align"),
        (("project", "space=x"), "conceptevo project space=RESULT_FOLDER run=TRAINING"),
        (("project", "spce=x", "run=y"), "option 'spce'. Did you mean 'space'?"),
        (("ls", "runs/store"), "'runs/store' is not of the form key=value."),
        (("ls", "sore=x"), "option 'sore'. Did you mean 'store'? Valid: store."),
    ],
)
def test_what_is_typed_wrong_is_named_with_what_is_valid(call, tmp_path, words, named):
    code, _, err = call(*words)
    assert code == 2
    assert named in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_result_folder_is_a_matter_of_data(call, tmp_path):
    code, _, err = call("project", f"space={tmp_path}", "run=abc")
    assert code == 3
    assert f"{tmp_path}/config.yaml is missing" in err


@pytest.mark.parametrize("text", ["name: demo\nfoo: 3\n", "name: [demo\n", "- 1\n"])
def test_a_damaged_configuration_is_named(call, tmp_path, text):
    (tmp_path / "config.yaml").write_text(text)
    code, _, err = call("project", f"space={tmp_path}", "run=abc")
    assert code == 3
    assert f"{tmp_path}/config.yaml" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (NonFiniteLossError("vgg16: the loss was not finite at step 3"), 2),
    ],
)
def test_an_interruption_and_a_divergence_have_codes(call, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(experiment, "execute", fail)
    found, _, err = call(*SMOKE)
    assert found == code
    assert (str(error) or "interrupted; finished stages are kept") in err


def test_a_bug_is_not_hidden(call, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(experiment, "execute", fail)
    with pytest.raises(ZeroDivisionError):
        call(*SMOKE)


def test_a_dry_run_tells_stages_time_and_disk_and_touches_nothing(
    call, tmp_path, monkeypatch
):
    def refuse(*arguments):
        raise AssertionError("a dry run must not touch data")

    monkeypatch.setattr("conceptevo_jax.pipeline.session.prepare_images", refuse)
    code, out, _ = call(*SMOKE, "dry_run=true")
    assert code == 0
    words = ("base: VGG19", "vgg16_large_lr seed 2", "MB", "importance", "explorer")
    for word in words:
        assert word in out
    assert "runs/demo-smoke; nothing was done" in out
    assert list(tmp_path.iterdir()) == []


def test_hydras_own_flags_pass(call):
    code, out, _ = call("--cfg", "job", *SMOKE)
    assert code == 0
    assert "scale_name: smoke" in out


def test_several_settings_get_a_folder_each(call):
    code, out, _ = call("-m", *SMOKE, "seed=1,2", "dry_run=true")
    assert code == 0
    folders = re.findall(r"runs/(demo-smoke-[0-9a-f]{12}); ", out.replace("\n", ""))
    assert len(set(folders)) == 2
    code, _, err = call("-m", *SMOKE, "base=vgg16,vgg", "dry_run=true")
    assert code == 2
    assert "unknown run 'vgg'" in err


def test_plans_of_several_settings_in_one_place_tell_where_each_would_go(
    call, tmp_path
):
    """The second would see the first's folder, and get its own beside."""
    call_of = ("-m", *SMOKE, "run_dir=here/it", "seed=1,2,1", "dry_run=true")
    code, out, _ = call(*call_of)
    assert code == 0
    first, second, third = re.findall(r"would go to here/(\S+); ", out)
    assert (first, third) == ("it", "it")
    assert re.fullmatch("it-[0-9a-f]{12}", second)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_of_plans_needs_no_plain_name_of_a_folder(call, tmp_path, monkeypatch):
    folder = tmp_path / "t (x), =y"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert call("-m", *SMOKE, "seed=1,2", "dry_run=True")[0] == 0
    assert list(tmp_path.iterdir()) == [folder]


def test_configurations_of_others_are_proposed_as_well(call, tmp_path):
    (tmp_path / "cfg/run/own").mkdir(parents=True)
    (tmp_path / "cfg/run/own/mine.yaml").write_text("epochs: 1\n")
    words = ("--config-dir=cfg", *SMOKE, "run@runs.vgg16=own/mne", "dry_run=true")
    code, _, err = call(*words)
    assert code == 2
    assert "unknown run 'own/mne'. Did you mean 'own/mine'?" in err


def test_what_a_plan_tells_of_a_folder_is_on_one_line(call):
    code, out, _ = call(*SMOKE, "run_dir=two\nlines", "dry_run=true")
    assert code == 0
    assert "Results would go to two\\nlines; nothing was done." in out


def test_experiments_lie_beside_the_package_in_a_checkout():
    assert (folder("configs") / "config.yaml").is_file()
    assert experiments() == EXPERIMENTS
    written = {path.stem for path in (folder("configs") / "experiment").iterdir()}
    assert written == set(EXPERIMENTS)
    assert callable(runner("demo").run)
    with pytest.raises(UsageError, match=r"experiment 'dmo'. Did you mean 'demo'\?"):
        runner("dmo")


def test_an_installed_package_brings_its_own(tmp_path, monkeypatch):
    package = tmp_path / "conceptevo_jax"
    shutil.copytree(folder("experiments"), package / "experiments")
    monkeypatch.setattr(cli.locate.conceptevo_jax, "__file__", f"{package}/__init__.py")
    assert folder("experiments") == package / "experiments"
    assert runner("demo").__file__ == f"{package}/experiments/demo.py"
    assert folder("configs") == tmp_path / "configs"


def test_when_the_time_is_up_it_says_so_and_leaves_its_own_code(call):
    code, _, err = call(*SMOKE, "time_limit=0")
    assert code == 4
    assert "the time is up before images" in err
    assert "same command again" in err
