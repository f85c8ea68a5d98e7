"""Configurations of others set what the schema knows, and run nothing."""

import re

import pytest
from omegaconf import OmegaConf

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.config_files import (
    MAX_VALUES,
    read_settings,
    require_settings_alone,
)
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import folder
from conceptevo_jax.cli.project import config_of
from conceptevo_jax.errors import DataError, UsageError

THEIRS = ("experiment=theirs", "scale=smoke")
HEAD = "# @package _global_\nname: demo\n"
MARK = "{_target_: os.mkdir, path: EXECUTED}"


@pytest.fixture
def add(tmp_path):
    """Write a file below a folder of configurations; gives the folder's flag."""

    def write(text, name="experiment/theirs.yaml"):
        path = tmp_path / "configs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return f"--config-dir={tmp_path / 'configs'}"

    return write


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--multirun",),
        ("--cfg", "job"),
        ("--cfg=all", "--resolve"),
        ("--info=all",),
    ],
)
def test_code_of_a_file_is_run_by_no_way_to_call_it(call, add, tmp_path, flags):
    flag = add(f"{HEAD}hydra:\n  callbacks:\n    x: {MARK}\n")
    code, _, err = call(flag, *flags, *THEIRS, "dry_run=true")
    assert code == 2
    assert "theirs.yaml sets 'hydra': a configuration file can only set" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "EXECUTED").exists()


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (f"runs: {{a: {MARK}}}", "sets '_target_'"),
        (f"runs: &a {{a: {MARK}}}\nmethods: *a", "sets '_target_'"),
        ('"\\x5ftarget_": os.mkdir', "sets '_target_'"),
        ("<<: {hydra: {searchpath: [/]}}", "sets 'hydra'"),
        ("hydra: {job: {env_set: {A: b}}}", "sets 'hydra'"),
        ("hydra: {run: {dir: /tmp/there}}", "sets 'hydra'"),
        ("# @package hydra.callbacks\na: 1", "says '# @package hydra.callbacks'"),
        ("\n#@package _global_.hydra\na: 1", "says '#@package _global_.hydra'"),
        ("defaults: [override /hydra/launcher: joblib]", "in its defaults"),
        ("defaults: [{/hydra/callbacks: theirs}]", "in its defaults"),
        ("defaults: [/dataset@hydra.callbacks: shapes]", "in its defaults"),
        ("defaults: [{/dataset@hydra.callbacks: shapes}]", "in its defaults"),
        ("defaults: [../../other/theirs]", "names '../../other/theirs' in its"),
        ("defaults: [{/run@runs.a: [../x]}]", "names '../x' in its defaults"),
        ("defaults: [//etc/theirs]", "names '//etc/theirs' in its defaults"),
        ("defaults: [/run@runs.a: '${oc.env:HOME}']", "calls a resolver in"),
        ("base: ${oc.env:HOME}", r"calls a resolver in '${oc.env:HOME}'"),
        ("base: ${oc.${base}:HOME}", "calls a resolver"),
        ('base: "\\x24{oc.env:HOME}"', "calls a resolver"),
        ("base: ${hydra:runtime.cwd}", "calls a resolver"),
        ("${oc.env:HOME}: 1", "calls a resolver"),
        ("a: &a [*a]", f"expands to more than {MAX_VALUES} values"),
        ("a: [", "is not a readable YAML file"),
        ("a: 1\n---\nb: 2", "is not a readable YAML file"),
        ("a: " + "[" * 700 + "]" * 700, "nests its values too deeply"),
    ],
    ids=range(25),
)
def test_what_is_no_setting_is_named(add, text, flaw):
    flag = add(text)
    with pytest.raises(UsageError) as refusal:
        require_settings_alone([flag, *THEIRS])
    assert flaw in str(refusal.value)
    assert "theirs.yaml" in str(refusal.value)


def test_aliases_count_as_often_as_they_stand(tmp_path):
    path = tmp_path / "config.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 5)]
    path.write_text("\n".join(lines[:3]))
    assert read_settings(path, tmp_path) == "\n".join(lines[:3])
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match="expands to more than 100000 values"):
        read_settings(path, tmp_path)


def test_files_below_hydra_and_links_elsewhere_are_refused(add, tmp_path):
    flag = add(MARK, "hydra/callbacks/theirs.yaml")
    with pytest.raises(UsageError, match=r"theirs\.yaml is a file of Hydra's settings"):
        require_settings_alone([flag, "experiment=demo"])
    (tmp_path / "configs" / "hydra").rename(tmp_path / "moved")
    require_settings_alone([flag, "experiment=demo"])
    (tmp_path / "configs" / "experiment").symlink_to(tmp_path / "moved")
    with pytest.raises(
        UsageError, match=r"configs/experiment leads to .*moved, out of"
    ):
        require_settings_alone([flag, "experiment=demo"])
    with pytest.raises(UsageError, match=r"--config-dir=.*nowhere is not a folder"):
        require_settings_alone(["--config-dir=nowhere", "experiment=demo"])


@pytest.mark.parametrize(
    ("word", "flaw"),
    [
        ("experiment=../theirs", "names a file: give the name of a configuration"),
        ("experiment=/etc/theirs", "names a file"),
        ("experiment='/etc/theirs'", "names a file"),
        ("experiment=demo,../theirs", "names a file"),
        ("experiment=demo,/etc/theirs", "names a file"),
        ("dataset=./theirs", "names a file"),
        ("+run@runs.a=demo/../../theirs", "names a file"),
        ("experiment=${oc.env:HOME}", "names a file"),
        ("hydra/launcher=../theirs", "names a file"),
        (
            "hydra.searchpath=[/etc]",
            "search path and whole configuration cannot",
        ),
        ("+hydra.callbacks.x.y=1", "callbacks, search path"),
        ("++hydra.callbacks={a: 1}", "callbacks, search path"),
        ("+hydra/callbacks=theirs", "callbacks, search path"),
        ("hydra={a: 1}", "callbacks, search path"),
        ("dataset@hydra.callbacks=shapes", "words cannot name code for Hydra"),
        ("hydra.launcher._target_=os.mkdir", "words cannot name code for Hydra"),
        ("+runs.a={_target_: os.mkdir}", "words cannot name code for Hydra"),
        ("--config-path=/etc", "--config-path cannot be used"),
        ("--config-name=theirs", "--config-name cannot be used"),
        ("--config-na=theirs", "--config-name cannot be used"),
        ("--experimental-rerun=job.pickle", "--experimental-rerun cannot be used"),
    ],
)
def test_words_name_neither_code_nor_files(word, flaw):
    words = [word] if word.startswith("experiment") else ["experiment=demo", word]
    with pytest.raises(UsageError) as refusal:
        require_settings_alone(words)
    assert flaw in str(refusal.value)


@pytest.mark.parametrize(
    "words",
    [
        ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=0,1,2"),
        ("hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=600"),
        ("+hydra.launcher.ray.remote.num_gpus=1", "hydra/launcher=ray"),
        ("+hydra.job.env_set.CUDA_VISIBLE_DEVICES='${hydra:job.num}'",),
        ("hydra.sweep.dir=../elsewhere", "hydra.mode=MULTIRUN"),
        ("+run@runs.again=demo/vgg16", "model@runs.vgg16.model=vgg19"),
        (
            "run_dir=../elsewhere/a b",
            "dataset.folder=/photos/../it's",
            "dataset=folder",
        ),
        ("experiment=demo,unified_space", "scale=smoke,demo"),
        ("x" * 5000, "a\0b", "=", "~runs.vgg16"),
    ],
    ids=range(9),
)
def test_words_of_the_users_own_are_left_to_hydra(words):
    for flags in ([], ["-m"], ["--cfg", "job", "--package", "method"]):
        require_settings_alone([*flags, "experiment=demo", *words])


def test_all_files_of_ours_set_values_alone():
    root = folder("configs")
    paths = [path for path in root.rglob("*.yaml") if path.parent != root]
    assert len(paths) > 50
    for path in paths:
        assert read_settings(path, root)


def test_an_experiment_of_somebody_else_is_composed(call, add):
    flag = add(
        f"{HEAD}defaults:\n  - /run@runs.base: ${{scale}}/vgg19\nbase: base\n"
        "runs: {base: {title: Our own}}\n"
    )
    code, out, _ = call(flag, "--cfg", "job", *THEIRS)
    assert code == 0
    assert "title: Our own" in out


@pytest.fixture(scope="module")
def made():
    """The configuration that a result is made with, as text."""
    config = resolve(composed_config(["experiment=demo", "scale=smoke"]))
    return OmegaConf.to_yaml(OmegaConf.structured(config))


@pytest.mark.parametrize(
    ("edit", "flaw"),
    [
        ((r"base: base", r"base: ${oc.env:HOME}"), "calls a resolver in"),
        ((r"base: base", "base: " + 700 * "["), "nests its values too deeply"),
        ((r"  vgg16:", r"  ../../escaped:"), r"runs: '../../escaped' cannot be a name"),
        ((r"  name: default", r"  name: ../x"), "method.name: '../x' cannot be a name"),
        ((r"(?s).*", "7"), "config.yaml has no settings with names"),
    ],
    ids=range(5),
)
def test_a_results_configuration_sets_values_alone(tmp_path, made, edit, flaw):
    (tmp_path / "config.yaml").write_text(re.sub(*edit, made, count=1))
    with pytest.raises(DataError) as refusal:
        config_of(tmp_path)
    assert flaw in str(refusal.value)
