"""A result folder belongs to one call: what differs goes beside, and says so."""

import json

import pytest

from conceptevo_jax.config import Config, DatasetConfig, MethodConfig
from conceptevo_jax.errors import DataError
from conceptevo_jax.pipeline.result_folder import (
    CALL_FILE,
    claim_folder,
    default_folder,
    find_folder,
    keyed_folder,
    require_settings,
)
from conceptevo_jax.store import write_sealed


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(method="default", **changes):
    settings = {"name": "demo", "scale_name": "smoke", "preset": "tiny"}
    method = MethodConfig(name=method)
    return Config(**{**settings, "method": method, **changes})


def test_results_lie_below_the_current_folder_unless_told_otherwise(here):
    assert default_folder(config()) == here / "runs" / "demo-smoke"
    assert default_folder(config(run_dir="mine")) == here / "mine"
    away = str(here / "elsewhere" / "x")
    assert str(default_folder(config(run_dir=away))) == away


def test_methods_have_folders_of_their_own():
    assert default_folder(config(method="paper")).name == "demo-smoke-paper"


def test_the_same_call_finds_its_folder_again(here):
    first = claim_folder(config(), "images")
    assert first.folder == here / "runs" / "demo-smoke"
    assert first.note is None
    (first.folder / "results.json").write_text("{}")
    assert claim_folder(config(), "images") == first
    how = {"workers": 1, "time_limit": 9.0, "distributed": True}
    assert claim_folder(config(**how), "images") == first


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 1}, "seed is 0 there"),
        ({"monitor": True}, "monitor is False there"),
        ({"dataset": DatasetConfig(name="folder:x")}, r"dataset\.name is .* there"),
        ({"dataset": DatasetConfig(name="a", side=8, seed=3)}, r"dataset\.\w+ is"),
    ],
)
def test_other_settings_go_beside_and_say_so(changes, named):
    first = claim_folder(config(), "images").folder
    (first / "results.json").write_text("mine")
    other = claim_folder(config(**changes), "images")
    assert other.folder != first
    assert other.folder.name.startswith("demo-smoke-")
    assert other.folder.name in other.note
    with pytest.raises(AssertionError, match=named):
        raise AssertionError(other.note)
    assert [path.name for path in other.folder.iterdir()] == [CALL_FILE]
    assert claim_folder(config(**changes), "images") == other
    assert (first / "results.json").read_text() == "mine"


def test_other_images_under_the_same_settings_go_beside():
    first = claim_folder(config(), "these").folder
    others = [claim_folder(config(), images) for images in ("those", "more")]
    assert len({first, *(other.folder for other in others)}) == 3
    assert all("results of other images" in other.note for other in others)
    assert claim_folder(config(), "those") == others[0]
    assert claim_folder(config(), "these").folder == first


def test_what_is_no_result_is_left_alone(here):
    holiday = here / "mine" / "holiday.jpg"
    holiday.parent.mkdir()
    assert claim_folder(config(run_dir="mine"), "images").folder == holiday.parent
    (holiday.parent / CALL_FILE).unlink()
    holiday.write_text("a photograph")
    other = claim_folder(config(run_dir="mine"), "images")
    assert other.folder.parent == here
    assert "holds unrelated files" in other.note
    assert [path.name for path in holiday.parent.iterdir()] == ["holiday.jpg"]


def test_a_file_in_the_way_is_named(here):
    (here / "mine").write_text("a file")
    with pytest.raises(DataError, match="mine is a file: choose another run_dir"):
        claim_folder(config(run_dir="mine"), "images")


def test_a_dry_run_writes_nothing(here):
    assert find_folder(config(), None).folder == here / "runs" / "demo-smoke"
    assert list(here.iterdir()) == []


def test_jobs_of_different_sweeps_never_share_a_folder():
    sweeps = [{"seed": 1}, {"seed": 2}, {"monitor": True}, {"preset": "small"}]
    folders = {keyed_folder(config(**changes)) for changes in sweeps}
    assert len(folders) == len(sweeps)


def test_settings_that_are_not_those_of_the_results_are_refused():
    folder = claim_folder(config(seed=3), "images").folder
    require_settings(folder, config(seed=3, workers=2))
    with pytest.raises(DataError, match=r"config\.yaml is not the conf.*\(seed\)"):
        require_settings(folder, config(seed=4))
    call = json.loads((folder / CALL_FILE).read_text())
    call["settings"]["seed"] = 4
    (folder / CALL_FILE).write_text(json.dumps(call))
    with pytest.raises(DataError, match=r"call\.json cannot be used"):
        require_settings(folder, config(seed=4))


@pytest.mark.parametrize("link", ["figures", "explorer/data", "notes.txt"])
def test_a_folder_out_of_which_a_link_leads_is_not_written_to(here, link):
    folder = claim_folder(config(), "images").folder
    (here / "own").mkdir()
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(here / "own")
    with pytest.raises(DataError, match=f"{folder / link} leads to {here / 'own'}"):
        claim_folder(config(), "images")
    (folder / link).unlink()
    (folder / link).symlink_to(folder / "results.json")
    assert claim_folder(config(), "images").folder == folder


@pytest.mark.parametrize("told", [{}, {"settings": 1, "images": ""}, {"settings": {}}])
def test_what_tells_of_no_call_is_named(here, told):
    folder = claim_folder(config(), "images").folder
    write_sealed(folder / CALL_FILE, told)
    with pytest.raises(DataError, match=r"call\.json has no settings and images"):
        find_folder(config(), "images")
