"""The wheel brings everything along, and works where there is no checkout."""

import zipfile
from pathlib import Path

import pytest

from conceptevo_jax.store import Store


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


@pytest.mark.parametrize(
    "name",
    [
        "conceptevo_jax/configs/config.yaml",
        "conceptevo_jax/configs/experiment/demo.yaml",
        "conceptevo_jax/configs/run/demo/vgg16.yaml",
        "conceptevo_jax/experiments/demo.py",
        "conceptevo_jax/data/fashion_mnist/images.npz",
        "conceptevo_jax/data/fashion_mnist/NOTICE",
        "conceptevo_jax/explorer/template.html",
        "conceptevo_jax/study/kit/questionnaire.html",
        "conceptevo_jax/py.typed",
    ],
)
def test_the_wheel_holds_what_a_run_needs(names, name):
    assert name in names


def test_the_wheel_holds_its_licences(names):
    ends = ["licenses/LICENSE", "licenses/conceptevo_jax/data/fashion_mnist/NOTICE"]
    for end in ends:
        assert sum(name.endswith(f".dist-info/{end}") for name in names) == 1


def test_only_the_package_lands_in_site_packages(names):
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "conceptevo_jax"
    }
    assert len(top) == 2


def test_nothing_compiled_or_written_by_runs_is_packed(names):
    for name in names:
        assert not name.endswith((".pyc", ".tmp")), name
        assert "__pycache__" not in name, name
        assert "/runs/" not in name, name


def test_the_page_is_packed_without_its_sources(names):
    own = [name for name in names if name.startswith("conceptevo_jax/explorer/")]
    assert {Path(name).suffix for name in own} == {".py", ".html"}
    assert not [name for name in own if "/web/" in name]


def test_every_file_is_packed_once(names):
    assert len(names) == len(set(names))


def test_the_installed_command_uses_its_own_configurations(demo):
    told = [entry.about for entry in Store(demo.store).entries()]
    assert (
        "vgg16_no_dropout: VGG16 without dropout (as the wheel has it), seed 1" in told
    )


def test_the_installed_command_uses_its_own_experiments(installed, demo):
    compiled = installed / "conceptevo_jax" / "experiments" / "__pycache__"
    assert [path.name.split(".")[0] for path in compiled.iterdir()] == ["demo"]


def test_a_run_leaves_its_results_and_store_and_nothing_else(demo):
    tops = {"/".join(path.split("/")[:2]) for path in demo.left}
    assert tops == {"runs", "runs/demo-smoke", "runs/store"}
    assert not [path for path in demo.left if path.endswith((".tmp", ".partial"))]
